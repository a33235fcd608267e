"""What the CPO does by itself."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.scenario.lab import Lab
from simulator.scenario.step import StepError
from simulator.world_file import read_text

from .stage import TINY


def test_connections_commands_and_cards() -> None:
    with Lab(read_text(TINY), start="unregistered") as lab:
        lab.register("plugsurfing")
        lab.expect(ocpi="POST credentials", status=1000)
        lab.rotate("plugsurfing")
        lab.expect(ocpi="PUT credentials", status=1000)
        lab.pull_tokens("plugsurfing")
        lab.expect(ocpi="GET tokens", status=1000)
        lab.block_token("0123")
        assert lab.tap(station="ST1", token="0123") is False
        lab.unblock_token("0123")
        lab.plug("ST1", car="anna")
        assert lab.remote_start(station="ST1", token="0123") == "ACCEPTED"
        session = lab.expect(ocpi="PUT sessions", save={"s": "/id"}) and lab.variables["s"]
        assert lab.remote_stop(session) == "ACCEPTED"
        lab.unregister("plugsurfing")
        lab.expect(ocpi="DELETE credentials")


TARIFF = """
tariffs:
  - {id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}
"""


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"elements": 5}, "/t/elements: expected a list"),
        ({"id": None}, "'id' of a tariff cannot be changed"),
        ({"currency": None}, "'currency' of a tariff cannot be changed"),
        ({5: 1}, "'5' of a tariff cannot be changed"),
    ],
)
def test_a_tariff_that_is_none_is_refused(fields: Any, why: str) -> None:
    with Lab(read_text(TINY + TARIFF)) as lab:
        with pytest.raises(StepError, match=why):
            lab.change_tariff("t", fields=fields)
        lab.change_tariff("t", fields={"tariff_alt_url": "https://example.org"})
        lab.expect(ocpi="PUT tariffs", status=1000)


@pytest.mark.parametrize("versions", [["9"], [5], [[]]])
def test_a_version_that_there_is_not_is_refused(versions: Any) -> None:
    with Lab(read_text(TINY)) as lab, pytest.raises(StepError, match=r"no version '(9|5|\[\])'"):
        lab.rotate("plugsurfing", versions=versions)


def test_fields_are_left_out_of_cdrs_and_a_refused_one_is_sent_again() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.omit("ST1", fields=["total_energy"])
        lab.start("ST1", token="0123", car="anna")
        lab.advance("10 min")
        lab.stop("ST1")
        lost = {"/total_energy": {"exists": False}}
        cdr = lab.expect(ocpi="POST cdrs", where=lost, status=2001, within="60 s")["request"]["id"]
        with pytest.raises(StepError, match="a CDR without its 'id' cannot be kept"):
            lab.omit("ST1", fields=["id"])
        lab.omit("ST1", fields=[])
        lab.retry_cdr(cdr)
        lab.expect(ocpi="POST cdrs", where={"/id": cdr}, within="60 s")


def test_a_tariff_changes_at_the_peer() -> None:
    with Lab(read_text(TINY + TARIFF)) as lab:
        dearer = [{"price_components": [{"type": "ENERGY", "price": 0.9, "step_size": 1}]}]
        lab.change_tariff("t", fields={"elements": dearer})
        place = "/elements/0/price_components/0/price"
        lab.expect(ocpi="PUT tariffs", where={place: 0.9}, status=1000, within="60 s")
        lab.check({f"/peers/plugsurfing/held/0/tariffs/0{place}": 0.9})
