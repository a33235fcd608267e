"""What the peer is made to do."""

from __future__ import annotations

import pytest

from simulator.scenario.lab import Lab
from simulator.scenario.step import StepError
from simulator.world_file import read_text

from .stage import TINY


def test_answers_are_set_and_reset() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.answer("BLOCKED")
        assert lab.tap(station="ST1", token="0123") is False
        lab.reset_answers()
        lab.plug("ST1", car="anna")
        assert lab.tap(station="ST1", token="0123") is True
        assert lab.peer_control("/findings") is not None
        with pytest.raises(StepError, match="path: 'findings' does not begin with /"):
            lab.peer_control("findings")
        assert lab.push_token("0456", fields={"uid": 5})["token"]["uid"] == "0456"
        with pytest.raises(StepError, match="this world has no EMP"):
            lab.emp_pull()
