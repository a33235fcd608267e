"""The words in which the journal is told."""

from __future__ import annotations

from simulator.kernel.journal import Journal
from simulator.wire.security_events import plain_told, refusal_told


def test_the_words(journal: Journal) -> None:
    refusal_told(journal, "cpo", "ocpp")("expired")
    plain_told(journal, "emp")("cpo.example")
    told = [(r["actor"], r["what"], r["data"]) for r in journal.records]
    assert told == [
        ("cpo", "tls.refused", {"link": "ocpp", "why": "expired"}),
        ("emp", "http.plain", {"host": "cpo.example"}),
    ]
