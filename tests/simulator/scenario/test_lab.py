"""A world in the hands of a test."""

from __future__ import annotations

import pytest

from simulator.scenario.lab import Lab
from simulator.scenario.step import StepError
from simulator.world_file import read_text

from .stage import TINY


def test_steps_are_calls_bare_named_or_both() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.plug("ST1", car="anna")
        assert lab.snapshot()["world"]["name"] == "tiny"
        assert lab.records[-1]["leg"] != "step"
        told = next(r for r in reversed(lab.records) if r["leg"] == "step")
        assert told["arguments"] == {"station": "ST1", "evse": 1, "car": "anna"}
        assert lab.tap(station="ST1", token="0123") is True
        assert lab.expect(ocpi="PUT sessions", save={"id": "/id"})["answer"] is None
        assert lab.variables["id"]
        lab.never(ocpi="POST cdrs", for_="10 s")
        with pytest.raises(StepError, match="no such argument"):
            lab.plug("ST1", carr="anna")
        with pytest.raises(AttributeError, match="its steps are"):
            _ = lab.plugg
        assert "PUT sessions" in lab.ladder()
    lab.close()


async def test_a_virtual_world_is_not_played_from_async_code() -> None:
    with pytest.raises(StepError, match="not from async"):
        Lab(read_text(TINY))
