"""How a held message is changed before it goes on.

Rule: what is sent must be JSON and nothing more, for sending something wrong is the point. What was
hidden from whoever changes it stays as it was, unless something else is put there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from simulator.wire import faults_text as texts

MISSING: Final[Any] = object()
# The most places that are told of one change.
_TOLD = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """What may be changed of a message: its JSON text (of OCPP the payload), and what it has of an
    HTTP answer's `status` and of HTTP's `headers`.
    """

    text: str
    status: int | None = None
    headers: Mapping[str, str] | None = None

    @property
    def json(self) -> Any:
        """What its text says; MISSING where that is no JSON."""
        told = texts.decoded(self.text)
        return MISSING if told is None and self.text.strip() != "null" else told


@dataclass(frozen=True, slots=True)
class Edit:
    """A change: a whole new `body` (JSON, or a text of JSON), values by pointers, pointers of what
    is taken out, an HTTP status, headers by name (None takes one out); or it is lost.
    """

    body: Any = MISSING
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: tuple[str, ...] = ()
    status: int | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    drop: bool = False

    @property
    def changes(self) -> bool:
        """Whether it goes on otherwise than it is."""
        return self != Edit(drop=self.drop)


def edited(letter: Letter, shown: Letter, edit: Edit) -> tuple[Letter, list[str]]:
    """The letter changed, and the places where it differs. `shown` is what could be seen of it.

    Raises ValueError, whose text names the argument and what is wrong with it.
    """
    if edit.headers and letter.headers is None:
        raise ValueError("headers: a message of OCPP has none")
    if edit.status is not None and letter.status is None:
        raise ValueError("status: only an answer over HTTP has one")
    made = Letter(
        _text(letter, shown, edit),
        letter.status if edit.status is None else edit.status,
        _headers(letter.headers or {}, edit.headers) if edit.headers else letter.headers,
    )
    return made, list(islice(_changed(letter, made), _TOLD))


def _text(letter: Letter, shown: Letter, edit: Edit) -> str:
    """The new text: as it was written where somebody wrote it."""
    text = letter.text
    if edit.body is not MISSING:
        told = texts.encoded(edit.body) if not isinstance(edit.body, str) else edit.body
        body = Letter(told).json
        if body is MISSING:
            raise ValueError("body: that is no JSON")
        whole = _unhidden(body, shown.json, letter.json)
        text = told if whole == body else texts.encoded(whole)
    if not edit.set and not edit.remove:
        return text
    body = Letter(text).json
    if body is MISSING:
        raise ValueError("set, remove: the message is no JSON; only a whole body can replace it")
    body, astray = texts.altered(body, edit.set, edit.remove)
    if astray:
        raise ValueError(f"set, remove: there is no {', '.join(astray)} in it")
    return texts.encoded(body)


def _unhidden(new: Any, shown: Any, old: Any) -> Any:
    """What somebody wrote, with the old where it is what was shown for it."""
    if new == shown:
        return old
    if isinstance(new, dict) and isinstance(shown, dict) and isinstance(old, dict):
        return {
            key: _unhidden(value, shown[key], old[key]) if key in shown and key in old else value
            for key, value in new.items()
        }
    if isinstance(new, list) and isinstance(shown, list) and isinstance(old, list):
        pairs = list(zip(shown, old, strict=False))
        return [
            _unhidden(value, *pairs[place]) if place < len(pairs) else value
            for place, value in enumerate(new)
        ]
    return new


def _headers(old: Mapping[str, str], new: Mapping[str, str | None]) -> dict[str, str]:
    """Headers with others in the place of their namesakes."""
    named = {name.lower() for name in new}
    kept = {name: value for name, value in old.items() if name.lower() not in named}
    return kept | {name: value for name, value in new.items() if value is not None}


def _changed(old: Letter, new: Letter) -> Iterator[str]:
    """Where two letters differ: pointers into the JSON, then what HTTP has."""
    if old.text != new.text:
        before, after = old.json, new.json
        if before is MISSING:
            yield ""
        else:
            yield from differences(before, after)
    if old.status != new.status:
        yield "status"
    before, after = old.headers or {}, new.headers or {}
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield f"header {name}"


def differences(old: Any, new: Any, pointer: str = "") -> Iterator[str]:
    """JSON pointers of the places where two values differ, in the order of the first."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from differences(old.get(key, MISSING), new.get(key, MISSING), place)
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            one, other = (some[number] if number < len(some) else MISSING for some in (old, new))
            yield from differences(one, other, f"{pointer}/{number}")
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield pointer
