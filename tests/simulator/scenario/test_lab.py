"""A world in the hands of a test."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

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
        with pytest.raises(AttributeError, match="Did you mean 'plug'"):
            _ = lab.plugg
        with pytest.raises(AttributeError, match="Its steps are plug, "):
            _ = lab.qqq
        assert "PUT sessions" in lab.ladder()
    lab.close()


def test_a_bare_value_is_the_first_argument_beside_named_ones() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.start("ST1", token="0123", car="anna")
        with pytest.raises(StepError, match=r"tap, tokn: no such argument.*'token'"):
            lab.tap("ST1", tokn="0123")
        with pytest.raises(StepError, match="expect takes no bare value here: name its arguments"):
            lab.expect("POST cdrs", status=1000)


async def test_a_virtual_world_is_not_played_from_async_code() -> None:
    with pytest.raises(StepError, match="not from async"):
        Lab(read_text(TINY))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"start": "of"}, "start 'of': expected one of all, unregistered, off"),
        ({"ports": "fre"}, "ports 'fre': expected one of fixed, free"),
        ({"seed": "x"}, "seed 'x': expected a whole number"),
        ({"seed": True}, "seed True: expected a whole number"),
    ],
)
def test_a_beginning_that_there_is_not_is_a_mistake(told: dict[str, Any], words: str) -> None:
    with pytest.raises(StepError, match=words):
        Lab(read_text(TINY), **told)


@pytest.mark.real
def test_a_backend_of_ones_own_is_invited_from_the_tests_thread() -> None:
    with Lab(read_text(TINY), clock="real", start="off") as lab:
        url, token_a = lab.invitation("my-emsp")
        request = Request(url, headers={"Authorization": f"Token {token_a}"})
        with urlopen(request, timeout=60) as answer:
            assert json.load(answer)["status_code"] == 1000
        assert lab.expect(ocpi="GET versions", direction="received")
