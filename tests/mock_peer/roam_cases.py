"""Hold one thing against one row of the Roam table, for the tests of its checks."""

from __future__ import annotations

from typing import Any

from mock_peer import rules
from mock_peer.known import Known
from mock_peer.roam_facts import RoamFacts
from mock_peer.roam_ids import IdMap
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_tokens import TokenRegister
from mock_peer.rule import V221, Context, Finding, Occasion
from simulator.kernel.clock import DEFAULT_START


class Case:
    """An EMP's connection as the checks know it."""

    def __init__(self, **organisation: Any) -> None:
        own = {"country_code": "DE", "party_id": "EMP"}
        self.organisation = Organisation(**{**own, **organisation})
        self.ids = IdMap()
        self.tokens = TokenRegister()

    def found(
        self, rule: str, occasion: Occasion, raw: Any, *, seen_before: Any = None
    ) -> list[Finding]:
        """The findings of that rule."""
        context = Context(
            V221,
            DEFAULT_START,
            Known(),
            self.organisation.profile,
            seen_before=seen_before,
            memo={"roam": RoamFacts(self.organisation, "emp-1", self.ids, self.tokens)},
        )
        return [f for f in rules.evaluate(occasion, raw, context) if f.rule == rule]
