"""A connection's profile: what Plugsurfing asks a CPO before an integration, and what was agreed.

Rule: a profile is read strictly. A mistake in it names the file and line, or the JSON pointer, and
what was expected; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from mock_peer import profiles
from mock_peer.known import Interruption
from simulator.mistakes import Mistake, did_you_mean

Switch = Literal["reject", "drop", "warn", "note", "off"]
_SWITCHES = ("reject", "drop", "warn", "note", "off")
QUIRKS = ("published-pnc-example",)
_PATH = re.compile(r" - at `(.*)`$")
_UNKNOWN = re.compile(r"unknown field `(.*)`")


class ProfileError(Mistake):
    """A profile cannot be used: `pointer` tells where, the message what was expected (exit 2)."""

    def __init__(self, pointer: str, problem: str, place: str = "") -> None:
        super().__init__(f"{place or 'profile'}{pointer and f' {pointer}'}: {problem}")
        self.pointer = pointer
        self.problem = problem


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A CPO on the connection: its name and OCPI identity."""

    name: str
    country_code: str
    party_id: str


class Gap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A time in which the CPO could not ask for real-time authorization."""

    since: datetime
    until: datetime | None = None


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One connection's answers and agreements. Each field has a plain integration's answer."""

    peer: str = "plugsurfing"
    # What Plugsurfing asks before an integration
    main_cpo: Party | None = None
    cpos: tuple[Party, ...] = ()
    remote_start: bool = True
    # A token must be at the CPO before a remote start with it; else app users' are not pushed.
    remote_start_token_first: bool = True
    # Why authorizations or CDRs come for locations that were not shared; empty: none do.
    private_locations: str = ""
    cdr_right_after_session: bool = True
    # What was agreed, or told
    rules: dict[str, Switch] = msgspec.field(default_factory=dict)
    territory: tuple[str, ...] | None = None
    strict: bool = True
    quirks: tuple[str, ...] = ()
    interruptions: tuple[Gap, ...] = ()

    def territory_of(self, version: str) -> frozenset[str] | None:
        """The alpha-3 codes served in a version; None for no limit."""
        if self.territory is not None:
            return frozenset(self.territory)
        return profiles.find(self.peer).territory.get(version)

    @property
    def told_interruptions(self) -> tuple[Interruption, ...]:
        """The interruptions that the profile tells of."""
        return tuple(Interruption(gap.since, gap.until) for gap in self.interruptions)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def parse(plain: Any, *, base: Profile | None = None, place: str = "") -> Profile:
    """Read a profile from plain JSON; fields left out are `base`'s. Raises ProfileError."""
    if plain is None:
        plain = {}
    if not isinstance(plain, Mapping):
        raise ProfileError("", f"expected an object, not {type(plain).__name__}", place)
    merged = {**(base.to_json() if base else {}), **plain}
    try:
        profile = msgspec.convert(merged, Profile)
    except msgspec.ValidationError as error:
        raise _explained(error, merged, place) from error
    _check_words(profile, place)
    return profile


def load(path: Path) -> Profile:
    """Read a profile from a YAML or JSON file. Raises ProfileError (exit 2)."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ProfileError("", f"cannot be read: {reason}", str(path)) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f":{mark.line + 1}" if mark else ""
        raise ProfileError("", f"{error.problem or error.context}", f"{path}{at}") from error
    except YAMLError as error:
        raise ProfileError("", str(error), str(path)) from error
    try:
        return parse(_plain(tree))
    except ProfileError as error:
        line = _line_of(tree, error.pointer)
        raise ProfileError(error.pointer, error.problem, f"{path}:{line}") from error


def _explained(error: msgspec.ValidationError, plain: Any, place: str) -> ProfileError:
    message = str(error)
    found = _PATH.search(message)
    problem = _PATH.sub("", message)
    pointer = _pointer(found.group(1), plain) if found else ""
    if unknown := _UNKNOWN.search(problem):
        word = unknown.group(1)
        known = _fields_at(pointer)
        return ProfileError(
            f"{pointer}/{word}", f"no such field.{did_you_mean(word, known)}", place
        )
    return ProfileError(pointer, problem[0].lower() + problem[1:], place)


def _pointer(path: str, plain: Any) -> str:
    """Turn msgspec's path (`$.rules[...]`, `$.cpos[0].name`) into a JSON pointer."""
    steps = re.findall(r"\.([^.\[]+)|\[(\d+)\]|\[(\.\.\.)\]", path)
    pointer, here = "", plain
    for name, index, any_key in steps:
        step = name or index
        if any_key and isinstance(here, Mapping):  # a mapping's value: msgspec does not tell which
            step = next((str(k) for k, v in here.items() if v not in _SWITCHES), "")
        pointer += f"/{step}" if step else ""
        here = here.get(step) if isinstance(here, Mapping) else None
    return pointer


def _fields_at(pointer: str) -> tuple[str, ...]:
    kinds: dict[str, type[msgspec.Struct]] = {"": Profile, "interruptions": Gap}
    kind = kinds.get(pointer.split("/")[1] if pointer else "", Party)
    return kind.__struct_fields__


def _check_words(profile: Profile, place: str) -> None:
    """Judge what types cannot: names of rules, peers, quirks, countries and parties."""
    from mock_peer.rules import BY_ID

    if profile.peer not in profiles.names():
        known = profiles.names()
        raise ProfileError("/peer", f"no such peer.{did_you_mean(profile.peer, known)}", place)
    for name in profile.rules:
        if name not in BY_ID:
            raise ProfileError(f"/rules/{name}", f"no such rule.{did_you_mean(name, BY_ID)}", place)
    for index, quirk in enumerate(profile.quirks):
        if quirk not in QUIRKS:
            wrong = f"no such quirk.{did_you_mean(quirk, QUIRKS)}"
            raise ProfileError(f"/quirks/{index}", wrong, place)
    for index, country in enumerate(profile.territory or ()):
        if not re.fullmatch("[A-Z]{3}", country):
            expected = f"expected an ISO 3166-1 alpha-3 code such as DEU, not '{country}'"
            raise ProfileError(f"/territory/{index}", expected, place)
    parties = [("/main_cpo", profile.main_cpo)] if profile.main_cpo else []
    for pointer, party in [*parties, *((f"/cpos/{i}", p) for i, p in enumerate(profile.cpos))]:
        assert party is not None
        if not re.fullmatch("[A-Za-z]{2}", party.country_code):
            raise ProfileError(f"{pointer}/country_code", "expected two letters", place)
        if not re.fullmatch("[A-Za-z0-9]{3}", party.party_id):
            raise ProfileError(f"{pointer}/party_id", "expected three letters or digits", place)


def _plain(tree: Any) -> Any:
    """A YAML tree as plain values; times keep their zone."""
    if isinstance(tree, Mapping):
        return {str(name): _plain(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_plain(value) for value in tree]
    return tree


def _line_of(tree: Any, pointer: str) -> int:
    """The line, from 1, of the nearest part of a pointer that the file holds."""
    line = 1
    for step in pointer.split("/")[1:]:
        place = getattr(tree, "lc", None)
        try:
            if isinstance(tree, list):
                line = place.item(int(step))[0] + 1 if place else line
                tree = tree[int(step)]
            else:
                line = place.key(step)[0] + 1 if place else line
                tree = tree[step]
        except (KeyError, IndexError, TypeError, ValueError):
            break
    return line
