"""What the simulated EMP finds in a Roam-like CPO."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.emp_judging import EmpJudge
from mock_peer.rule import Occasion
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer.roam_things import cdr, connector, evse, location, session, tariff
from tests.mock_peer.roaming import CARD, roaming
from tests.mock_peer.test_relay import cdr_of, session_of


def shown(price: str = "0.50", **changes: Any) -> dict[str, Any]:
    plug = {**connector(), "tariffs": [tariff(price)]}
    del plug["tariff_ids"]
    return location(evses=[evse(connectors=[plug], capabilities=["RFID_READER"])], **changes)


def rules_of(journal: Journal) -> list[str]:
    return [record["rule"] for record in journal.records if record["leg"] == "finding"]


@pytest.fixture
def judge(clock: Clock, journal: Journal) -> EmpJudge:
    return EmpJudge(clock=clock, journal=journal, actor="emp", peer="roam")


def test_a_location_as_roam_shows_it_is_right(judge: EmpJudge, journal: Journal) -> None:
    judge.judge(Occasion.ROAM_LOCATION, shown(), 1)
    assert rules_of(journal) == []


def test_what_roam_would_not_show_is_found(judge: EmpJudge, journal: Journal) -> None:
    judge.judge(Occasion.ROAM_LOCATION, location(address="a" * 201), 1)
    assert rules_of(journal) == [
        "roam.locations-name", "roam.capabilities", "roam.tariffs-inlined",
    ]  # fmt: skip


def test_a_tariff_that_changes_under_its_id_is_found(judge: EmpJudge, journal: Journal) -> None:
    judge.judge(Occasion.ROAM_LOCATION, shown("0.50"), 1)
    judge.judge(Occasion.ROAM_LOCATION, shown("0.50", id="LOC2"), 2)
    assert rules_of(journal) == []
    judge.judge(Occasion.ROAM_LOCATION, shown("0.60"), 3)
    assert rules_of(journal) == ["roam.tariffs-inlined"]


@pytest.mark.parametrize(
    ("occasion", "told", "rule"),
    [
        (Occasion.ROAM_SESSION, {"method": "PUT", "body": session()}, "roam.sessions"),
        (Occasion.ROAM_SESSION, {"method": "PATCH", "body": {"kwh": 1}}, "roam.sessions"),
        (Occasion.ROAM_CDR, {"body": cdr()}, "roam.cdr-breakdown"),
        (Occasion.ROAM_CREDENTIALS, {"roles": []}, "roam.roles"),
    ],
)
def test_what_is_pushed_is_judged_too(
    judge: EmpJudge, occasion: Occasion, told: Any, rule: str
) -> None:
    assert rule in [finding.rule for finding in judge.found(occasion, told)]


@pytest.mark.parametrize("junk", [None, [], "", {"evses": [{"connectors": [{"tariffs": [1]}]}]}])
def test_any_json_is_survived(judge: EmpJudge, junk: Any) -> None:
    judge.judge(Occasion.ROAM_LOCATION, junk, None)


async def test_our_own_roam_gives_it_nothing_to_find(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        reference = told.data["authorization_reference"]
        await whole.cpo.put_session(session_of(whole, authorization_reference=reference))
        await whole.cpo.put_session(session_of(whole, kwh=1, authorization_reference=reference))
        await whole.cpo.post_cdr(cdr_of(whole, reference))
        await clock.sleep(60)
        assert whole.emp.book.cdrs
        assert [f for f in whole.findings() if f["actor"] == "emp"] == []
