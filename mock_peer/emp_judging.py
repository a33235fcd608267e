"""What the simulated EMP thinks of the Roam-like CPO it is with: the rows of face B, from outside.

Rule: what only the CPO can know (which ids it issued, what it changed when) is not judged here; a
tariff's content is remembered instead, to see whether it changes under its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mock_peer import raw, rules
from mock_peer.known import Known
from mock_peer.profile import Profile
from mock_peer.roam_facts import RoamFacts
from mock_peer.roam_ids import IdMap, content_digest
from mock_peer.roam_judging import tell_apart
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_tokens import TokenRegister
from mock_peer.rule import V221, Context, Finding, Occasion, Severity
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal

_INSIDE = ("roam.unique-ids", "roam.original-protocol")
_IMMUTABLE, _PAGE = "roam.tariffs-inlined", "roam.locations-page"
_FACTS = RoamFacts(Organisation(), "", IdMap(), TokenRegister())
_PROFILE = Profile(rules=dict.fromkeys(_INSIDE, "off"))


class EmpJudge:
    """Judge what a Roam-like CPO gives and pushes."""

    def __init__(self, *, clock: Clock, journal: Journal, actor: str, peer: str) -> None:
        self._clock = clock
        self._journal = journal
        self._actor = actor
        self._peer = peer
        self._contents: dict[str, str] = {}  # of tariffs, by id

    def found(self, occasion: Occasion, told: Any) -> list[Finding]:
        """The findings about a message or object."""
        context = Context(V221, self._clock.now(), Known(), _PROFILE, memo={"roam": _FACTS})
        return rules.evaluate(occasion, told, context)

    def judge(
        self, occasion: Occasion, told: Any, message_seq: int | None, session: str | None = None
    ) -> None:
        """Judge it, and tell the findings."""
        found = self.found(occasion, told)
        if occasion is Occasion.ROAM_LOCATION:
            found += self._changed(told)
        tell_apart(self._journal, self._actor, self._peer, found, message_seq, session)

    def page(self, size: int, message_seq: int | None) -> None:
        """Judge how many locations stand on a page, and tell the findings."""
        found = self.found(Occasion.ROAM_PAGE, {"entries": [None] * size})
        told = [finding for finding in found if finding.rule == _PAGE]
        tell_apart(self._journal, self._actor, self._peer, told, message_seq)

    def _changed(self, location: Mapping[str, Any]) -> Iterator[Finding]:
        """The inlined tariffs whose content is not what it was under the same id."""
        for pointer, evse in raw.entries(location, "/evses"):
            for place, connector in raw.entries(evse, "/connectors"):
                for name, tariff in raw.entries(connector, "/tariffs"):
                    told = raw.key(tariff, "/id")
                    if told is None:
                        continue
                    digest = content_digest(tariff)
                    if self._contents.setdefault(told, digest) != digest:
                        where = f"{pointer}{place}{name}"
                        expected = "the content that this id stood for before"
                        objects = (f"tariff/{told}",)
                        yield Finding(_IMMUTABLE, Severity.NOTE, where, told, expected, objects)
