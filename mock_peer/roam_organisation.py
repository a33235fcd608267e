"""An EMP's organisation at Plugsurfing: what it selected and what was set up for it.

Rule: read strictly, like a connection's profile: a mistake names its place and what was expected.
Source: Roam OCPI FAQ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from mock_peer.profile import Profile, Switch
from mock_peer.roam_limits import PER_DAY, PER_MINUTE
from mock_peer.strict import StrictError, convert
from simulator.mistakes import Mistake, did_you_mean

MOST_KEYS = 25
TIMEOUT_S = (1.0, 10.0)
SHORTEST_PREFIX = 5  # country and provider, as an EMAID begins
_ALPHA_3 = re.compile(r"[A-Z]{3}")
_PARTY = re.compile(r"[A-Z]{2}\*[A-Z0-9]{3}")


class OrganisationError(Mistake):
    """An organisation cannot be used: `pointer` tells where, the message what is expected."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(f"organisation{pointer and f' {pointer}'}: {problem}")
        self.pointer = pointer
        self.problem = problem


class RealTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether and how the EMP is asked before each start. `timeout_s`: 1 to 10.

    `otherwise` decides where no usable answer came in time.
    """

    enabled: bool = True
    timeout_s: float = 5.0
    otherwise: Literal["accept", "deny"] = "deny"


class Organisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One EMP. `countries`: alpha-3 codes, None for all; `blocked_cpos`: as in `DE*ABC`.

    `contract_prefixes` as in `DE-EMP`, by default the EMP's own party alone: that of its
    credentials where `country_code` and `party_id` are empty. `requests_per_…`: less than what is
    published lets an EMP meet the limits without so many requests.
    """

    name: str = "EMP"
    country_code: str = ""
    party_id: str = ""
    countries: tuple[str, ...] | None = None
    blocked_cpos: tuple[str, ...] = ()
    contract_prefixes: tuple[str, ...] = ()
    keys_per_contract: int = 1
    contract_change: bool = False
    requests_per_minute: int = PER_MINUTE
    requests_per_day: int = PER_DAY
    authorization: RealTime = RealTime()
    rules: dict[str, Switch] = msgspec.field(default_factory=dict)
    strict: bool = True

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The registered contract id prefixes, as they are compared: without separators."""
        party = f"{self.country_code}{self.party_id}"
        told = self.contract_prefixes or ((party,) if party else ())
        return tuple(letters(prefix) for prefix in told)

    @property
    def profile(self) -> Profile:
        """The rule switches, as the evaluation reads them."""
        return Profile(rules=self.rules, strict=self.strict)

    def sees(self, country: str, party: str) -> bool:
        """True for a location in a selected country (alpha-3) of a CPO that is not blocked."""
        selected = self.countries is None or country.upper() in self.countries
        return selected and party.upper() not in self.blocked_cpos

    def clash(self, taken: Iterable[str]) -> tuple[int, str] | None:
        """The place of a prefix, and the one of `taken` that it begins like or the reverse."""
        others = tuple(taken)
        for index, mine in enumerate(self.prefixes):
            for other in others:
                if mine.startswith(other) or other.startswith(mine):
                    return index, other
        return None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


def letters(text: str) -> str:
    """Letters and digits alone, in upper case: contract ids compare so."""
    return "".join(character for character in text if character.isalnum()).upper()


def parse(plain: Mapping[str, Any], base: Organisation | None = None) -> Organisation:
    """Read an organisation from plain JSON; what is left out is `base`'s.

    Raises OrganisationError.
    """
    merged = {**(base.to_json() if base else {}), **plain}
    try:
        organisation = convert(merged, Organisation)
    except StrictError as error:
        raise OrganisationError(error.pointer, error.problem) from error
    _check(organisation)
    return organisation


def _check(organisation: Organisation) -> None:
    """Judge what types cannot."""
    from mock_peer.rules import BY_ID

    low, high = TIMEOUT_S
    told = organisation.authorization.timeout_s
    if not low <= told <= high:
        problem = f"expected {low:g} to {high:g} s, not {told:g}"
        raise OrganisationError("/authorization/timeout_s", problem)
    if not 1 <= organisation.keys_per_contract <= MOST_KEYS:
        problem = f"expected 1 to {MOST_KEYS}, not {organisation.keys_per_contract}"
        raise OrganisationError("/keys_per_contract", problem)
    for name in ("requests_per_minute", "requests_per_day"):
        if (allowed := getattr(organisation, name)) < 1:
            raise OrganisationError(f"/{name}", f"expected 1 or more, not {allowed}")
    for index, country in enumerate(organisation.countries or ()):
        if not _ALPHA_3.fullmatch(country):
            problem = f"expected an alpha-3 code as in DEU, not '{country}'"
            raise OrganisationError(f"/countries/{index}", problem)
    for index, party in enumerate(organisation.blocked_cpos):
        if not _PARTY.fullmatch(party):
            problem = f"expected a party as in DE*ABC, not '{party}'"
            raise OrganisationError(f"/blocked_cpos/{index}", problem)
    for index, prefix in enumerate(organisation.contract_prefixes):
        if len(letters(prefix)) < SHORTEST_PREFIX:
            problem = f"expected country and party as in DE-EMP, not '{prefix}'"
            raise OrganisationError(f"/contract_prefixes/{index}", problem)
    for rule in organisation.rules:
        if rule not in BY_ID:
            raise OrganisationError(f"/rules/{rule}", f"no such rule.{did_you_mean(rule, BY_ID)}")
