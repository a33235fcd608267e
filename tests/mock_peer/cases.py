"""One row a rule and occasion: a message that satisfies it, one that breaks it, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mock_peer import rules
from mock_peer.known import Authorization, Known, KnownLocation, KnownTariff
from mock_peer.profile import Profile
from mock_peer.profiles.plugsurfing import PEER
from mock_peer.rule import Context, Finding, Occasion
from mock_peer.seeds import Seeds
from tests.mock_peer import objects as o

REFERENCE = "ref-1"
KnownMaker = Callable[[], Known]


def known(**extra: Any) -> Known:
    """A CPO that shared LOC1 and tariff T1 yesterday; Plugsurfing's own tokens."""
    made = Known()
    yesterday = o.NOW - timedelta(days=1)
    made.take_location(KnownLocation(o.location(), yesterday))
    made.take_tariff("T1", KnownTariff(o.tariff(), yesterday))
    for token in Seeds(PEER)._tokens:
        made.tokens.take({**token, "last_updated": o.AT})
    for name, value in extra.items():
        setattr(made, name, value)
    return made


def verdict(
    allowed: str = "ALLOWED",
    token: str = o.CARD,
    location: str = "LOC1",
    at: datetime = o.NOW,
    reference: str = REFERENCE,
    **extra: Any,
) -> Authorization:
    """An answer to a real-time authorization."""
    return Authorization(
        reference, at, token, "RFID", "DE-8PS-C00000001-1", location, allowed, **extra
    )


def asked(*verdicts: Authorization) -> KnownMaker:
    """As `known`, with real-time authorizations behind it: one that allows, unless told others."""

    def make() -> Known:
        made = known()
        for given in verdicts or (verdict(),):
            made.take_authorization(given)
        return made

    return make


@dataclass(frozen=True)
class Case:
    """What satisfies a rule and what breaks it, at which pointer."""

    rule: str
    occasion: Occasion
    good: Any
    bad: Any
    at: str
    knows: KnownMaker = known
    good_knows: KnownMaker | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    good_profile: Mapping[str, Any] | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    good_ids: Mapping[str, str] | None = None
    version: str = "2.2.1"
    now: datetime = o.NOW + timedelta(minutes=31)
    seen_before: Any = None

    def __str__(self) -> str:
        return f"{self.rule}-{self.version}-{self.occasion.value}{self.at.replace('/', '.')}"

    def judged_good(self) -> list[Finding]:
        """The findings of this rule in the good message."""
        knows = self.good_knows or self.knows
        profile = self.profile if self.good_profile is None else self.good_profile
        ids = self.ids if self.good_ids is None else self.good_ids
        return self._judged(self.good, knows(), profile, ids)

    def judged_bad(self) -> list[Finding]:
        """The findings of this rule in the bad message."""
        return self._judged(self.bad, self.knows(), self.profile, self.ids)

    def _judged(
        self, body: Any, knows: Known, profile: Mapping[str, Any], ids: Mapping[str, str]
    ) -> list[Finding]:
        context = Context(
            self.version, self.now, knows, Profile(**profile), ids, seen_before=self.seen_before
        )
        found = rules.evaluate(self.occasion, body, context)
        return [finding for finding in found if finding.rule == self.rule]


def check(case: Case) -> None:
    """The good message satisfies the rule; the bad one breaks it at the place told."""
    assert case.judged_good() == []
    found = case.judged_bad()
    assert case.at in [finding.pointer for finding in found], found
