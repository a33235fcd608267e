"""The steps that look: what they give, keep and refuse."""

from __future__ import annotations

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.expect import ExpectationFailed
from simulator.scenario.lab import Lab
from simulator.scenario.steps import perform
from simulator.world_file import read_text

from .stage import TINY, ocpi, play


async def test_each_of_any_order_keeps_its_own(journal: Journal, clock: Clock) -> None:
    own = play(journal, clock)
    ocpi(journal, "POST", "cdrs", {"id": "C"})
    ocpi(journal, "PUT", "sessions", {"id": "S"}, data={"x": 1})
    looks = [
        {"ocpi": "PUT sessions", "save": {"s": "/id", "x": "answer /x"}},
        {"ocpi": "POST cdrs", "save": {"c": "/id"}},
    ]
    told = await perform(own, "expect_any_order", looks)
    assert own.variables == {"s": "S", "x": 1, "c": "C"}
    assert [each["request"]["id"] for each in told] == ["S", "C"]


async def test_a_place_where_nothing_stands_cannot_be_kept(journal: Journal, clock: Clock) -> None:
    ocpi(journal, body={})
    with pytest.raises(ExpectationFailed, match="save x: nothing stands at /id"):
        await perform(play(journal, clock), "expect", {"ocpi": "cdrs", "save": {"x": "/id"}})


async def test_never_looks_at_all_or_since_the_step(journal: Journal, clock: Clock) -> None:
    own = play(journal, clock)
    ocpi(journal)
    own.acts()
    await perform(own, "never", {"ocpi": "cdrs", "since": "step"})
    with pytest.raises(ExpectationFailed):
        await perform(own, "never", {"ocpi": "cdrs"})


def test_a_check_tells_all_that_is_wrong() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.check({"/world/name": "tiny", "/cpo/cdrs/length": 0})
        with pytest.raises(ExpectationFailed) as failed:
            lab.check({"/world/name": "big", "/world/seed": {"gt": 7}})
        assert str(failed.value) == (
            "check: /world/name: expected big, was tiny; /world/seed: expected > 7, was 7"
        )
