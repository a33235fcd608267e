"""A connection's profile: what Plugsurfing asks a CPO before an integration, and what was agreed.

Rule: a profile is read strictly. A mistake in it names the file and line, or the JSON pointer, and
what was expected; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from mock_peer import profiles
from mock_peer.known import Interruption
from mock_peer.strict import StrictError, convert
from simulator.mistakes import Mistake, did_you_mean

Switch = Literal["reject", "drop", "warn", "note", "off"]
QUIRKS = ("published-pnc-example",)


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
    # Whether the CDR comes right after the session; else false, or why it does not.
    cdr_right_after_session: bool | str = True
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
        return tuple(
            Interruption(_utc(gap.since), _utc(gap.until) if gap.until else None)
            for gap in self.interruptions
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


def parse(plain: Any, *, base: Profile | None = None, place: str = "") -> Profile:
    """Read a profile from plain JSON; fields left out are `base`'s. Raises ProfileError."""
    if plain is None:
        plain = {}
    if not isinstance(plain, Mapping):
        raise ProfileError("", f"expected an object, not {type(plain).__name__}", place)
    try:
        profile = convert({**(base.to_json() if base else {}), **plain}, Profile)
    except StrictError as error:
        raise ProfileError(error.pointer, error.problem, place) from error
    for pointer, problem in _wrong_words(profile):
        raise ProfileError(pointer, problem, place)
    return profile


def load(path: Path, *, base: Profile | None = None) -> Profile:
    """Read a profile from a YAML or JSON file. Raises ProfileError (exit 2)."""
    tree = read_yaml(path)
    try:
        return parse(plain_yaml(tree), base=base)
    except ProfileError as error:
        place = f"{path}:{line_of(tree, error.pointer)}"
        raise ProfileError(error.pointer, error.problem, place) from error


def _wrong_words(profile: Profile) -> Iterator[tuple[str, str]]:
    """Judge what types cannot: names of rules, peers, quirks, countries and parties."""
    from mock_peer.rules import BY_ID

    yield from _unknown("/peer", "peer", [("", profile.peer)], profiles.names())
    yield from _unknown("/rules", "rule", [(f"/{name}", name) for name in profile.rules], BY_ID)
    quirks = [(f"/{index}", quirk) for index, quirk in enumerate(profile.quirks)]
    yield from _unknown("/quirks", "quirk", quirks, QUIRKS)
    for index, country in enumerate(profile.territory or ()):
        if not re.fullmatch("[A-Z]{3}", country):
            expected = f"expected an ISO 3166-1 alpha-3 code such as DEU, not '{country}'"
            yield f"/territory/{index}", expected
    main = [("/main_cpo", profile.main_cpo)]
    for pointer, party in [*main, *((f"/cpos/{i}", p) for i, p in enumerate(profile.cpos))]:
        if party is not None and not re.fullmatch("[A-Za-z]{2}", party.country_code):
            yield f"{pointer}/country_code", "expected two letters"
        if party is not None and not re.fullmatch("[A-Za-z0-9]{3}", party.party_id):
            yield f"{pointer}/party_id", "expected three letters or digits"


def _utc(when: datetime) -> datetime:
    """A time without a zone is UTC, as in OCPI."""
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when


def _unknown(
    pointer: str, what: str, words: Iterable[tuple[str, str]], known: Iterable[str]
) -> Iterator[tuple[str, str]]:
    choices = list(known)
    for place, word in words:
        if word not in choices:
            yield f"{pointer}{place}", f"no such {what}.{did_you_mean(word, choices)}"


# YAML with its lines


def read_yaml(path: Path) -> Any:
    """The tree of a YAML or JSON file, lines kept. Raises ProfileError."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ProfileError("", f"cannot be read: {reason}", str(path)) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ProfileError("", f"{error.problem or error.context}", place) from error
    except YAMLError as error:
        raise ProfileError("", str(error), str(path)) from error


def plain_yaml(tree: Any) -> Any:
    """A YAML tree as plain values."""
    if isinstance(tree, Mapping):
        return {str(name): plain_yaml(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [plain_yaml(value) for value in tree]
    if isinstance(tree, datetime):  # the reader's own kind, turned to UTC already
        return _utc(datetime(*tree.timetuple()[:6], tree.microsecond, tree.tzinfo))
    return tree


def line_of(tree: Any, pointer: str) -> int:
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
