"""The table of faults: whole, bounded, told in the documentation, and shown by a scenario each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.wire import faults_frame, faults_parcel
from simulator.wire.fault_kinds import ACTOR, FAULTS, HOLD, HTTP, OCPP, Parameter, Takes

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
SCENARIOS = ROOT / "scenarios" / "faults"


@pytest.mark.parametrize("name", FAULTS)
def test_every_default_is_what_its_parameter_takes(name: str) -> None:
    for parameter in FAULTS[name].parameters:
        if parameter.default is not None:
            assert parameter.read(parameter.default) == parameter.default


@pytest.mark.parametrize("name", FAULTS)
def test_every_kind_and_parameter_stands_in_the_docs(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \|.*$", DOCS, re.MULTILINE)
    kind = FAULTS[name]
    assert kind.help in row
    for parameter in kind.parameters:
        assert f"`{parameter.name}`" in row, parameter.name


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_kind_has_a_scenario(name: str) -> None:
    text = (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8")
    assert ("intercept:" if name == HOLD else f"kind: {name}") in text
    assert "expect" in text


def test_every_kind_does_something_where_it_says_so() -> None:
    close_only = {"slow_close"}  # nothing happens to a message
    ocpp = {name for name, kind in FAULTS.items() if OCPP in kind.on}
    http = {name for name, kind in FAULTS.items() if HTTP in kind.on}
    assert set(faults_frame.EFFECTS) == ocpp - close_only
    assert set(faults_parcel.EFFECTS) == http
    for name, kind in FAULTS.items():
        assert kind.lasting == (ACTOR in kind.on), name
        assert kind.lasting or all(kind.on.values()), name


@pytest.mark.parametrize(
    ("takes", "value"),
    [
        (Takes.DURATION, "soon"),
        (Takes.NUMBER, float("nan")),
        (Takes.NUMBER, True),
        (Takes.WHOLE, 1.5),
        (Takes.TEXT, 5),
        (Takes.WORDS, []),
        (Takes.WORDS, [""]),
        (Takes.HEADERS, {}),
        (Takes.HEADERS, ["X-Request-ID"]),
        (Takes.HEADERS, {"X-Request-ID": 5}),
        (Takes.HEADERS, {"X Request": "a"}),
        (Takes.HEADERS, {"X-Request-ID": "a\r\nX: b"}),
    ],
)
def test_a_parameter_refuses_what_does_not_fit(takes: Takes, value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        Parameter("p", takes, "").read(value)


def test_bounds_and_choices_are_kept() -> None:
    with pytest.raises(ValueError, match="expected 1 to 10, not 11"):
        Parameter("p", Takes.WHOLE, "", low=1, high=10).read(11)
    with pytest.raises(ValueError, match="Did you mean 'normal'"):
        Parameter("p", Takes.TEXT, "", choices=("fixed", "normal")).read("nromal")
    assert Parameter("p", Takes.WORDS, "").read("Link X-Total-Count") == ("Link", "X-Total-Count")
    assert Parameter("p", Takes.HEADERS, "").read({"X-Total-Count": "0"}) == {"X-Total-Count": "0"}
    with pytest.raises(ValueError, match="Authorization is a secret"):
        Parameter("p", Takes.HEADERS, "").read({"authorization": "Token x"})
