"""What drivers do, and what comes of it on the wire."""

from __future__ import annotations

import pytest

from simulator.scenario.lab import Lab
from simulator.scenario.step import StepFailed
from simulator.world_file import read_text

from .stage import TINY


def test_a_session_with_pauses_a_cut_and_a_restart() -> None:
    with Lab(read_text(TINY)) as lab:
        assert lab.start(station="ST1", token="0123", car="anna") is True
        for status, step in (("SuspendedEV", lab.suspend), ("Charging", lab.resume)):
            step("ST1")
            lab.expect(ocpp="StatusNotification", where={"/status": status})
        lab.offline("ST1")
        lab.online("ST1")
        lab.expect(ocpp="BootNotification", count={"ge": 0}, within=0)
        lab.stop("ST1")
        lab.expect(ocpp="StopTransaction")
        lab.connector_fault("ST1")
        lab.expect(ocpp="StatusNotification", where={"/status": "Faulted"})
        lab.connector_fault(station="ST1", cleared=True)
        lab.boot("ST1")
        lab.expect(ocpp="BootNotification")
        lab.power_cut(station="ST1", for_="5 s")
        lab.expect(ocpp="BootNotification", within="10 min")
        lab.switch_off("ST1")


def test_a_card_that_must_start_and_is_refused_fails_the_step() -> None:
    with Lab(read_text(TINY)) as lab:
        with pytest.raises(StepFailed, match=r"refused the card NOBODY: .+ \(online\)"):
            lab.start(station="ST1", token="NOBODY")
        lab.connector_fault("ST1")
        with pytest.raises(StepFailed, match="refused the card 0123: connector is faulted"):
            lab.start(station="ST1", token="0123")
