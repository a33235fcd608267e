"""The schema that editors read is made from STEPS."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from simulator.scenario.json_schema import document, step_schema, text
from simulator.scenario.schema import SCHEMA
from simulator.scenario.steps import STEPS


def test_the_file_is_what_the_steps_say() -> None:
    assert SCHEMA.read_text() == text(), "python -m simulator.scenario.json_schema"


def test_it_is_a_schema() -> None:
    jsonschema_rs.meta.validate(json.loads(text()))


@pytest.mark.parametrize("name", STEPS)
def test_every_step_and_argument_is_described(name: str) -> None:
    schema = step_schema(STEPS[name])
    assert schema["description"] == STEPS[name].help
    if not STEPS[name].whole:
        assert {arg.name for arg in STEPS[name].args} <= schema["properties"].keys()


@pytest.mark.parametrize(
    ("step", "fits"),
    [
        ({"plug": {"station": "A", "evse": 1}}, True), ({"plug": "A"}, True), ("note", True),
        ({"plug": {"evse": "${n}"}}, True), ({"plug": {"evse": "one"}}, False),
        ({"plug": {"stationn": "A"}}, False), ({"plugg": "A"}, False), ({"check": {"/a": 1}}, True),
        ({"expect_any_order": [{"ocpi": "x"}]}, True), ({"plug": "A", "note": "x"}, False),
    ],
)  # fmt: skip
def test_editors_find_what_the_reader_finds(step: object, fits: bool) -> None:
    scenario = {"name": "x", "steps": [step]}
    assert jsonschema_rs.is_valid(document(), scenario) is fits
