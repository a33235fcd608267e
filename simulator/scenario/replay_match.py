"""Recorded messages and live ones, held against each other; what the live side made is remembered.

Rule: pure. Times may differ, and so may what a side makes up: ids, tokens, the places of its URLs.
Of those it is remembered which live value stands for which recorded one, so that what is said later
speaks of the live one.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from simulator.kernel.redaction import HIDDEN
from simulator.scenario.compare import MISSING, shown

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SECOND = r"(?P<second>\d{4}-\d\d-\d\dT\d\d(?P<colon>:|%3A)\d\d(?P=colon)\d\d)"
_TIME = re.compile(rf"{_SECOND}(?P<rest>(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)")
_TIME_ASKED_FOR = re.compile(rf"(?<==){_SECOND}", re.IGNORECASE)  # in the query of a URL
_URL = re.compile(r"https?://[^/\s]+")
# Names of what one side makes up and the other repeats, whatever its form (transactions of OCPP
# 1.6, requests of a CSMS in 2.0.1; OCPI 2.2.1 tokens and credentials).
MADE_UP = frozenset(
    {"transactionId", "reservationId", "remoteStartId", "requestId", "authorization_reference",
     "authorization_id", "reservation_id", "token",
     # What is signed anew each time: ISO 15118's messages and certificates in OCPP 2.0.1.
     "ocspResult", "csr", "certificateChain", "exiRequest", "exiResponse"}
)  # fmt: skip
# A message's parts below this depth are compared as wholes.
_DEPTH = 60


class Deviation(NamedTuple):
    """A place where live and recorded message differ; MISSING where one has nothing."""

    pointer: str
    recorded: Any
    live: Any

    def in_words(self) -> str:
        """For people."""
        where = f"{self.pointer}: " if self.pointer else ""
        return f"{where}recorded {shown(self.recorded)}, now {shown(self.live)}"


@dataclass(slots=True)
class Memory:
    """Which live value stands for which recorded one. `shift` moves times by whole seconds,
    and leaves them in the form that they have; `bases` are the beginnings of URLs, recorded and
    live.
    """

    shift: timedelta | None = None
    texts: dict[str, str] = field(default_factory=dict)
    named: dict[tuple[str, Any], Any] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)

    def put(self, value: Any, name: str = "", depth: int = 0) -> Any:
        """A recorded value as it is to be said now."""
        if isinstance(value, Mapping) and depth < _DEPTH:
            return {key: self.put(each, str(key), depth + 1) for key, each in value.items()}
        if isinstance(value, list) and depth < _DEPTH:
            return [self.put(each, name, depth + 1) for each in value]
        if isinstance(value, str):
            inner = packed(name, value)
            return self._text(value, name) if inner is None else self._packed(value, inner, depth)
        if name in MADE_UP and isinstance(value, int):
            return self.named.get((name, value), value)
        return value

    def _text(self, text: str, name: str = "") -> str:
        if name in MADE_UP and (name, text) in self.named:
            return str(self.named[name, text])
        if text in self.texts:
            return self.texts[text]
        if self.shift is not None and (time := _TIME.fullmatch(text)):
            return self._moved(time) + time["rest"]
        if _URL.match(text):
            text = self._url(text)
            if self.shift is not None:
                text = _TIME_ASKED_FOR.sub(self._moved, text)
        return _UUID.sub(lambda found: self.texts.get(found.group(), found.group()), text)

    def _moved(self, time: re.Match[str]) -> str:
        """A time to the second, in its own form: no side takes every one."""
        assert self.shift is not None
        second, colon = time["second"], time["colon"]
        try:
            moved = datetime.fromisoformat(second.replace(colon, ":")) + self.shift
        except (ValueError, OverflowError):
            return second
        return moved.isoformat().replace(":", colon)

    def _packed(self, text: str, inner: Any, depth: int) -> str:
        now = self.put(inner, "", depth + 1)
        return text if now == inner else msgspec.json.encode(now).decode()

    def _url(self, url: str) -> str:
        """A URL whose beginning has another place now: the longest that is known counts."""
        known = [base for base in self.bases if is_below(url, base)]
        if not known:
            return url
        base = max(known, key=len)
        return self.bases[base] + url[len(base) :]

    def learn(self, name: str, recorded: Any, live: Any) -> None:
        """Remember that the live side says this for that; times are nobody's name."""
        if isinstance(recorded, str) and _TIME.fullmatch(recorded):
            return
        if name in MADE_UP and _scalar(recorded) and _scalar(live):
            self.named[name, recorded] = live
        if isinstance(recorded, str) and isinstance(live, str) and HIDDEN not in recorded:
            self.texts[recorded] = live
            old, new = _UUID.findall(recorded), _UUID.findall(live)
            if len(old) == len(new):
                self.texts.update(zip(old, new, strict=True))


def is_below(url: str, base: str) -> bool:
    """True for a URL that is a base or stands below it."""
    return url == base or (url.startswith(base) and url[len(base)] in "/?")


def deviations(
    recorded: Any, live: Any, memory: Memory, ignore: Iterable[str] = ()
) -> list[Deviation]:
    """Where a live message differs from the recorded one, places to be ignored left out; what was
    made up is learnt.
    """
    patterns = tuple(ignore)
    found = _walk(recorded, live, memory, "", "", 0)
    return [each for each in found if not _ignored(each.pointer, patterns)]


def _walk(
    recorded: Any, live: Any, memory: Memory, pointer: str, name: str, depth: int
) -> Iterator[Deviation]:
    if isinstance(recorded, Mapping) and isinstance(live, Mapping) and depth < _DEPTH:
        for key in {**recorded, **live}:
            place = f"{pointer}/{escaped(str(key))}"
            old, new = recorded.get(key, MISSING), live.get(key, MISSING)
            yield from _walk(old, new, memory, place, str(key), depth + 1)
    elif isinstance(recorded, list) and isinstance(live, list) and depth < _DEPTH:
        for number in range(max(len(recorded), len(live))):
            old = recorded[number] if number < len(recorded) else MISSING
            new = live[number] if number < len(live) else MISSING
            yield from _walk(old, new, memory, f"{pointer}/{number}", name, depth + 1)
    elif (old := packed(name, recorded)) is not None and (new := packed(name, live)) is not None:
        yield from _walk(old, new, memory, pointer, "", depth + 1)
    elif not _same(memory.put(recorded, name), live):
        if may_differ(name, recorded, live):
            memory.learn(name, recorded, live)
        else:
            yield Deviation(pointer, recorded, live)


def _same(recorded: Any, live: Any) -> bool:
    if isinstance(recorded, bool) or isinstance(live, bool):
        return recorded is live
    return bool(recorded == live)


def may_differ(name: str, recorded: Any, live: Any) -> bool:
    """True for what no two runs need to have in common: times, ids, URLs, what is hidden."""
    if name in MADE_UP:
        return _scalar(recorded) and _scalar(live)
    if not isinstance(recorded, str) or not isinstance(live, str):
        return False
    if recorded == HIDDEN or live == HIDDEN:
        return True
    if _UUID.fullmatch(recorded) and _UUID.fullmatch(live):
        return True
    if _TIME.fullmatch(recorded) and _TIME.fullmatch(live):
        return True
    return bool(_URL.match(recorded) and _URL.match(live))


def packed(name: str, value: Any) -> Any:
    """The JSON object in the text of a DataTransfer's `data` (OCPP 1.6, and Plug & Charge over it);
    None for anything else.
    """
    if name != "data" or not isinstance(value, str) or not value.startswith("{"):
        return None
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def holds_secret(value: Any, depth: int = 0) -> bool:
    """True for a message in which something was hidden."""
    if isinstance(value, Mapping) and depth < _DEPTH:
        return any(holds_secret(each, depth + 1) for each in value.values())
    if isinstance(value, list) and depth < _DEPTH:
        return any(holds_secret(each, depth + 1) for each in value)
    return bool(value == HIDDEN)


def escaped(key: str) -> str:
    """A key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _ignored(pointer: str, patterns: tuple[str, ...]) -> bool:
    return any(
        fnmatch.fnmatchcase(pointer, pattern) or fnmatch.fnmatchcase(pointer, f"{pattern}/*")
        for pattern in patterns
    )
