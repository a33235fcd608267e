"""A step is checked, told, performed; its arguments by name or bare."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.scenario.step import Arg, Arguments, Kind, Play, Step, StepError, StepFailed, do

from .stage import play
from .test_compare import JSON


async def echo(_play: Play, given_: Arguments) -> Any:
    return given_


ARGS = (
    Arg("a", Kind.INTEGER, "a number", required=True),
    Arg("wait", Kind.DURATION, "how long", default=3.0),
    Arg("how", Kind.TEXT, "which way", choices=("up", "down")),
    Arg("password", Kind.TEXT, "secret"),
)
STEP = Step("try", "world", "Try.", echo, ARGS, "a")


async def test_arguments_are_read_with_their_defaults(journal: Journal, clock: Clock) -> None:
    done = await do(STEP, play(journal, clock), {"a": 1, "wait": "1 min", "password": "p"})
    assert done == {"a": 1, "wait": 60, "how": None, "password": "p"}
    (record,) = journal.records
    assert (record["leg"], record["step"]) == ("step", "try")
    assert record["arguments"] == {"a": 1, "wait": 60, "password": "***"}


async def test_a_bare_value_is_the_primary_argument(journal: Journal, clock: Clock) -> None:
    assert (await do(STEP, play(journal, clock), 5))["a"] == 5


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("x", "try, a: expected a whole number, not 'x'"),
        ({}, "try: 'a' is missing: a number"),
        (None, "try: 'a' is missing: a number"),
        ({"a": 1, "b": 2}, "try, b: no such argument. Known: a, how, password, wait."),
        ({"a": True}, "expected a whole number"),
        ({"a": 1, "how": "upp"}, "try, how: 'upp' is none of the choices. Did you mean 'up'?"),
        ({"a": 1, "wait": "soon"}, "try, wait: expected a duration"),
        ({"a": "${x}"}, "try, a: expected a whole number, not '${x}'"),
    ],
)
async def test_what_is_wrong_is_told_before_anything_happens(
    journal: Journal, clock: Clock, told: Any, why: str
) -> None:
    with pytest.raises(StepError) as error:
        await do(STEP, play(journal, clock), told)
    assert why in str(error.value)
    assert journal.seq == 0


@given(JSON | st.dictionaries(st.sampled_from(["a", "wait", "how", 5]), JSON))
def test_any_arguments_are_read_or_refused_in_words(told: Any) -> None:
    try:
        assert set(STEP.read(told)) == {"a", "wait", "how", "password"}
    except StepError as error:
        assert str(error).startswith("try")


async def test_an_action_moves_the_cursor_once_since_the_last_look(
    journal: Journal, clock: Clock
) -> None:
    own = play(journal, clock)
    await do(STEP, own, 1)
    await do(STEP, own, 2)
    assert own.cursor == 0
    own.saw(1)
    await do(STEP, own, 3)
    assert own.cursor == 2


async def test_what_never_ends_is_ended_where_time_is_held_too(
    journal: Journal, clock: Clock
) -> None:
    async def hang(_play: Play, _given: Arguments) -> Any:
        await asyncio.Event().wait()

    for held in (False, True):
        if held:
            clock.hold()
        before = clock.monotonic()
        with pytest.raises(StepFailed, match=r"hang: it did not come to an end within 10[.]05 min"):
            await do(Step("hang", "world", "Hang.", hang, ARGS, "a"), play(journal, clock), 1)
        assert clock.monotonic() - before == 603
    clock.release()
