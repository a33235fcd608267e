"""Steps are held against STEPS and the world before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.scenario import schema_steps
from simulator.scenario.schema import read
from simulator.scenario.schema_steps import is_numbered_text, parts

from .stage import scenario_file


def told(tmp_path: Path, *steps: str) -> str:
    lines = "".join(f"  - {step}\n" for step in steps)
    with pytest.raises(Mistake) as mistake:
        read(scenario_file(tmp_path, f"name: x\nworld: tiny.yaml\nsteps:\n{lines}"))
    return "\n".join(line.partition("steps")[2] for line in str(mistake.value).splitlines())


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("plug: {station: ST2}", "plug.station: no station 'ST2' in this world. Did you"),
        ("plug: {station: ST1, car: ana}", "no car 'ana' in this world. Did you mean 'anna'"),
        ("register: plugsurf", "no peer 'plugsurf' in this world. Did you mean 'plugsurfing'"),
        ("emp_pull: {emp: e}", "no emp 'e' in this world."),
        ("change_tariff: {tariff: t, fields: {}}", "no tariff 't' in this world."),
        ("pull_tokens: {peer: plugsurfing, save: 5}", "save: expected a variable's name"),
        ("pull_tokens: {peer: plugsurfing, save: {a-b: /x}}", "'a-b' is no name for a variable"),
        ("pull_tokens: {peer: plugsurfing, save: {a: x}}", "a: expected a JSON pointer"),
        ("expect: {ocpi: '*', save: {a: reply /id}}", "'reply /id' is no place"),
        ("expect_any_order: []", "expected at least one"),
        ("expect_any_order: {of: [5]}", "of[0]: expected a mapping that says what to look for"),
        ("expect_any_order: {ocpi: cdrs}", "expect_any_order.ocpi: no such argument"),
        ("expect_any_order: [{ocpi: cdrs, within: 5 s}]", "[0].within: cannot stand here"),
        ("check: {a: 1}", "check.a: 'a' is no JSON pointer"),
        ("check: {/a: {gt: x}}", "check./a: gt: expected a number"),
        ("expect: {ocpp: '*', by: station/ST2}", "expect.by: no actor is called 'station/ST2'."),
        ("expect: {ocpp: '*', peer: cop}", "expect.peer: no actor is called 'cop'. Did you mean"),
        ("expect: {ocpp: '*', session: ST-1-1-1}", "expect.session: no session is called"),
        ("never: {ocpi: '*', by: plugsurf}", "never.by: no actor is called 'plugsurf'. Did you"),
        ("never: {event: cdr.acepted}", "never.event: no event is called 'cdr.acepted'. Did you"),
        ("expect_any_order: [{ocpi: '*', by: cop}]", "[0].by: no actor is called 'cop'. Did you"),
        ("fault: {kind: drop, actor: cop}", "fault.actor: no actor is called 'cop'. Did you mean"),
        ("fault: {kind: drop, peer: cop}", "fault.peer: no actor is called 'cop'. Did you mean"),
        ("intercept: {actor: cop}", "intercept.actor: no actor is called 'cop'. Did you mean"),
        ("intercept: {peer: cop}", "intercept.peer: no actor is called 'cop'. Did you mean"),
        ("advance", "[0].advance: 'by' is missing: how long"),
        ("advance: {by: 5 s, for: 6 s}", "advance.for: no such argument"),
        ("tap: ST1", "[0].tap: expected a mapping with station, token"),
    ],
)  # fmt: skip
def test_mistakes_are_told_in_their_place(tmp_path: Path, step: str, why: str) -> None:
    assert why in told(tmp_path, step)


def test_a_variable_has_a_value_once_its_step_was_done(tmp_path: Path) -> None:
    steps = [
        "note: ${cdr}",
        "expect: {ocpi: cdrs, save: {cdr: /id}}",
        "expect_any_order: [{ocpi: cdrs, save: {one: /id}}, {ocpi: GET, save: {two: answer /id}}]",
        "peer_control: {path: /findings, save: found}",
        "peer_control: {path: /findings, save: {first: /0/rule}}",
        "note: ${cdr} ${one} ${two} ${found.0.rule} ${first}",
        "check: {'/x/${cdr}': '${no}'}",
    ]
    assert told(tmp_path, *steps).splitlines() == [
        "[0].note: ${cdr} has no value yet.",
        "[6].check: ${no} has no value yet. Known: cdr, first, found, one, two.",
    ]


def test_a_step_is_a_word_or_a_verb_with_arguments() -> None:
    assert parts("rest") == ("rest", None, None)
    assert parts({"plug": {"station": "A", "save": "x"}}) == ("plug", {"station": "A"}, "x")
    own = {"expect": {"ocpi": "x", "save": {"a": "/b"}}}
    assert parts(own) == ("expect", own["expect"], None)


def test_only_leading_zeros_make_a_number_a_text() -> None:
    assert is_numbered_text("0123")
    assert not any(map(is_numbered_text, ("0", "10", "0.5", "0x1F", "1e5", 12, None)))


def test_thousands_of_numbers_are_looked_at_once_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    monkeypatch.setattr(schema_steps, "is_numbered_text", lambda spelled: looked.append(spelled))
    lines = "".join(f"  - advance: {second}\n" for second in range(1, 301))
    read(scenario_file(tmp_path, f"name: x\nworld: tiny.yaml\nsteps:\n{lines}"))
    assert len(looked) == 300
