"""Plug & Charge for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from simulator.kernel.journal import Journal, Record
from simulator.station.pnc import TABLE
from simulator.tui import contracts
from simulator.tui.paint import Painter
from simulator.tui.visits import Visits
from simulator.world import World
from simulator.world_file import find
from tests.simulator.tui.stage import Wire, evse, free_ports

WORLDS = sorted(path.stem for path in find("demo").parent.glob("pnc-*.yaml"))
ACCEPTED = ("compared as    DE8PSCOO13A3LZ", "OCSP good", "chain valid",
            "POST cdrs  cpo → plugsurfing", "idTokenInfo.status Accepted")  # fmt: skip
# World -> what is told of the car at CP-1.
TOLD: dict[str, tuple[str, ...]] = {
    "pnc-16-libocpp": (*ACCEPTED, "DataTransfer Authorize", "idTag DE8PSCOO13A3LZ3", "type eMAID"),
    "pnc-16-note": (*ACCEPTED, "DataTransfer Authorize", "idTag DE8PSCOO13A3LZ3"),
    "pnc-central": (*ACCEPTED, "with certificate (the chain)", "MO Root CA: a root that the CPO"),
    "pnc-dashes": ACCEPTED,
    "pnc-expired": ("Why it was refused", "expired", "CPO: it was not asked about the chain"),
    "pnc-installation": (*ACCEPTED, "installed      Install: until"),
    "pnc-installed": (*ACCEPTED, "iso15118CertificateHashData (3)", "ISO 15118-2, TLSv1.2",
                      "a root that the station trusts", "is the station's word",
                      "uid DE-8PS-COO13A3LZ-3, type OTHER"),
    "pnc-ocsp-down": ("CertChainError", "OCSP unusable", "chain not verified"),
    "pnc-offline": ACCEPTED,
    "pnc-offline-refused": ACCEPTED,
    "pnc-revoked": ("CertificateRevoked", "OCSP revoked", "✗ DC=MO,CN=DE8PSCOO13A3LZ3"),
    "pnc-tls": ACCEPTED,
    "pnc-wrong-root": ("no root that anybody here trusts", "the name of the known root"),
}  # fmt: skip


async def plugged(name: str) -> list[Record]:
    """What is recorded of a car that comes, charges and goes, in a world of Plug & Charge."""
    async with World(free_ports(name), clock="virtual") as world:
        await world.clock.sleep(30)
        station = world.stations["CP-1"]
        await station.plug(1, world.car(next(iter(world.plan.cars))))
        await world.clock.sleep(600)
        await station.unplug(1)
        await world.clock.sleep(30)
        return list(world.journal.records)


def told(records: Iterable[Record], width: int = 100) -> str:
    paint = Painter()
    contracts.tell(paint, records, width)
    return paint.content.plain


@pytest.mark.parametrize("name", WORLDS)
async def test_every_world_of_plug_and_charge_is_told(name: str) -> None:
    records = await plugged(name)
    visits = Visits()
    for record in records:
        visits.take(record)
    visit = visits.all["CP-1-1-1"]
    assert visit.contract == "DE8PSCOO13A3LZ3"
    text = told(visit.records)
    for words in TOLD[name]:
        assert words in text, words
    assert ("Why it was refused" in text) == (visit.state == "refused")
    assert "BEGIN" not in text and "PRIVATE" not in text
    assert max(map(len, told(visit.records, 60).splitlines())) < 72


def test_a_session_by_card_has_no_contract() -> None:
    wire = Wire()
    wire.journal.event("station/CP1", "card.presented", session="S1", token="X", evse=1)
    assert told(wire.records) == ""


def test_every_reason_of_a_station_has_words() -> None:
    assert {outcome.why for _, outcome in TABLE} == set(contracts.WHY)


def event(journal: Journal, what: str, **data: Any) -> None:
    journal.event("station/CP1", what, session="S1", **data)


def test_a_car_that_waits_gives_up_and_is_answered_late() -> None:
    wire = Wire()
    tls = {"leaf": "CN=CP1", "certificates": 3, "protocol": None, "refused": "unknown ca"}
    event(wire.journal, "pnc.began", iso15118="2", emaid="nobody")
    event(wire.journal, "pnc.tls", **tls)
    event(wire.journal, "pnc.challenge", refused="not its key")
    event(wire.journal, "pnc.waiting", after_s=5.0, at_most_s=60.0)
    event(wire.journal, "pnc.timed_out", after_s=60.0)
    event(wire.journal, "pnc.answered_late", action="Authorize")
    event(wire.journal, "pnc.not_installed", why="the CSMS says Failed")
    event(wire.journal, "pnc.refused", emaid="nobody", why="no answer within 60 s", then="EIM")
    text = told(wire.records)
    for words in ("nobody: not an EMAID", "without TLS", "unknown ca", "not its key",
                  "waits longer than 5 s", "gave up after 60 s", "came too late",
                  "the CSMS says Failed", "station: no answer within 60 s"):  # fmt: skip
        assert words in text, words


def test_spellings() -> None:
    assert contracts.spellings("de8pscoo13a3lz") == [
        ("contract", "de8pscoo13a3lz"),
        ("with dashes", "DE-8PS-COO13A3LZ"),
        ("compared as", "DE8PSCOO13A3LZ"),
    ]
    assert contracts.spellings("DE-8PS-COO13A3LZ-3")[1] == ("with dashes", None)
    assert contracts.spellings(None) == [("contract", "the car has none")]


PNC = {"iso15118": "2", "emaid": "E", "tls": "TLSv1.2", "installed": False, "chain": "good",
       "shown": "hashes", "why": "local", "certificate_status": None, "status": None,
       "state": "asking", "ocpp": "Authorize"}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "plugged", "pnc": PNC}, "what the CSMS says"),
        ({"state": "plugged", "pnc": {**PNC, "state": "refused"}}, "a card or a remote start"),
        ({"state": "plugged", "pnc": None}, "a card or a remote start"),
        ({"state": "authorized", "car": None}, "the cable"),
        ({"state": "finishing"}, "the cable to be pulled"),
        ({"state": "available", "car": None}, None),
        ({"state": "charging", "transaction": "T1"}, None),
    ],
)
def test_what_an_evse_waits_for(more: dict[str, Any], words: str | None) -> None:
    assert contracts.waits(evse(**{"car": "compact", **more})) == words


def test_how_an_evse_stands() -> None:
    paint = Painter()
    contract = {"emaid": "DE8PSCOO13A3LZ3", "subject": "CN=DE8PSCOO13A3LZ3", "issuer": "CN=Sub",
                "not_before": "2026-01-15T", "not_after": "2028-01-15T"}  # fmt: skip
    contracts.evse(paint, evse(car="compact", state="plugged", pnc=PNC, contract=contract))
    text = paint.content.plain
    for words in ("ISO 15118-2", "compared as DE8PSCOO13A3LZ", "by CN=Sub",
                  "Plug & Charge asking", "showed hashes", "OCPP says   Authorize"):  # fmt: skip
        assert words in text, words
