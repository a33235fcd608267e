"""Scenario files are read strictly: every mistake at once, each with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from simulator.mistakes import Mistake
from simulator.scenario.schema import SCHEMA, clock_of, peek, read, read_for
from simulator.scenario.steps import STEPS
from simulator.world_file import read as read_world

from .stage import scenario_file
from .test_compare import JSON

MISTAKES = """\
name: a b
stepss: 3
seed: -4
expected: FAIL
matrix: {x: [1, 2]}
not_applicable: [{when: {y: 1}, reason: none}]
steps:
  - plugg: {station: X}
  - plug: {stationn: X, evse: one}
  - expect:
      ocpp: Authorize
      where: {/a: {gtt: 3, gt: x}}
      within: foo
      count: {foo: 1}
  - expect_any_order:
      - {ocpp: Reset, foo: 3}
      - {ocpi: POST cdr, save: {a: /id}}
  - note: "${b} ${a} ${x} ${foo-bar}"
  - {advance: 1, note: 4}
  - 7
  - tap: {station: DE-AC-9, token: 0123}
thresholds: {rejected: 3, cdrs: {foo: 3}, findings: {ge: x}}
"""
TOLD = """\
1: name: 'a b' does not fit: What it is called; one name, one scenario.
2: stepss: unknown key. Did you mean 'steps'?
3: seed: -4 is less than the minimum of 0
4: expected: a known failure needs its reason: 'because' is missing
6: not_applicable[0].when.y: the matrix has no 'y'. Known: x.
8: steps[0]: no step 'plugg'. Did you mean 'plug'?
9: steps[1].plug.evse: expected a whole number, not 'one'
9: steps[1].plug.stationn: no such argument. Did you mean 'station'?
9: steps[1].plug: 'station' is missing: the station's id
12: steps[2].expect.where./a: no comparator 'gtt'. Did you mean 'gt'?
13: steps[2].expect.within: expected a duration: 5 s, 40 min, 1.5 h, 7 d, 250 ms, or a number of \
seconds
14: steps[2].expect.count: expected a whole number, or comparators
16: steps[3].expect_any_order[0].foo: cannot stand here.
17: steps[3].expect_any_order[1].ocpi: no OCPI module is called 'cdr'. Did you mean 'cdrs'?
18: steps[4].note: ${b} has no value yet. Known: a, x.
18: steps[4].note: ${foo-bar} has no value yet. Known: a, x.
19: steps[5]: expected one verb, with its arguments behind it
20: steps[6]: expected one verb, with its arguments behind it
21: steps[7].tap.station: no station 'DE-AC-9' in this world. Did you mean 'DE-AC-1'?
22: thresholds.cdrs: expected the most there may be, or comparators, as in {ge: 1}
22: thresholds.findings: ge: expected a number, or a time
22: thresholds.rejected: unknown key. Did you mean 'rejected_findings'?"""


def refusal(path: Path) -> str:
    with pytest.raises(Mistake) as told:
        read(path)
    return str(told.value).replace(f"{path}:", "")


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    assert refusal(scenario_file(tmp_path, MISTAKES)).splitlines() == TOLD.splitlines()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "1: the file is empty"),
        (b"\x00\xff", "not UTF-8 text"),
        (b"\x00\x01", "not YAML"),
        (b"- 1\n", "1: expected a mapping, not a list"),
        (b"5", "1: expected a mapping, not 5"),
        (b"steps: 5\nname: x", "1: steps: expected a list, not 5"),
        (b"[" * 5000, "nested too deeply"),
        (b"name: x\nsteps: [note: .nan]", "'.nan' is no finite number"),
        (b"#" + b"x" * 10_000_000, "too large: more than 4 MB"),
        (b"a: &a [1,1,1,1,1,1,1,1,1,1]\n" + b"".join(
            b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 10))
            for i in range(8)), "too large: more than 100000 values"),
        (b"name: &a [*a]\nsteps: [note: x]", "an alias that holds itself"),
    ],
)  # fmt: skip
def test_files_that_are_none(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(content)
    assert why in refusal(path)


@settings(max_examples=20, phases=[Phase.explicit, Phase.generate])
@given(
    st.dictionaries(
        st.sampled_from(["name", "steps", "matrix", "world", "change", "thresholds", "expected",
                         "not_applicable", "start", "seed", "tags", "x"]),
        JSON | st.lists(st.dictionaries(st.sampled_from([*STEPS, "x"]), JSON, max_size=2)),
    )
)  # fmt: skip
def test_any_yaml_is_a_scenario_or_a_mistake(tmp_path_factory: Any, data: Any) -> None:
    import json

    folder = tmp_path_factory.getbasetemp()
    path = scenario_file(folder, json.dumps({"world": "tiny.yaml", "name": "x", **data}))
    try:
        assert read(path)
    except Mistake as mistake:
        assert str(path) in str(mistake)


@settings(max_examples=30)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_a_scenario_or_a_mistake(tmp_path_factory: Any, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    with pytest.raises(Mistake, match=r"any\.yaml"):
        read(path)


def test_characters_in_halves_are_joined_or_told(tmp_path: Path) -> None:
    text = 'name: x\nworld: tiny.yaml\nsteps: [note: "\\ud83d\\ude00"]\n'
    (scenario,) = read(scenario_file(tmp_path, text))
    assert scenario.actions[0].given == "\U0001f600"
    text = text.replace("\\ude00", "")
    assert refusal(scenario_file(tmp_path, text)) == "3: steps[0].note: holds half a character"


def test_numbers_are_text_where_text_is_meant(tmp_path: Path) -> None:
    (scenario,) = read(
        scenario_file(
            tmp_path,
            "name: x\nworld: tiny.yaml\nsteps:\n"
            "  - tap: {station: ST1, token: 0123}\n"
            "  - block_token: 1e5\n"
            "  - expect: {ocpi: '*', version: 2.2, where: {/uid: 0123, /n: 7}, status: 1000}\n"
            "  - expect_any_order: [{ocpi: '*', version: 2.2}]\n",
        )
    )
    tap, block, expect, several = (action.given for action in scenario.actions)
    assert (tap["token"], block) == ("0123", "1e5")
    assert expect["version"] == several[0]["version"] == "2.2"
    assert (expect["where"], expect["status"]) == ({"/uid": "0123", "/n": 7}, 1000)


def test_values_of_a_matrix_keep_their_type_but_beside_texts(tmp_path: Path) -> None:
    text = (
        "name: x\nworld: tiny.yaml\nmatrix: {ocpi: [2.1.1, 2.2], n: [1], uid: [0123], f: [true]}\n"
        "change: {/peers/0/ocpi_versions: ['${ocpi}']}\n"
        "steps: [{plug: {station: ST1, evse: '${n}'}}]"
    )
    runs = read(scenario_file(tmp_path, text))
    assert [run.values for run in runs] == [
        {"ocpi": "2.1.1", "n": 1, "uid": "0123", "f": True},
        {"ocpi": "2.2", "n": 1, "uid": "0123", "f": True},
    ]
    assert [list(run.world.peers[0].ocpi_versions) for run in runs] == [["2.1.1"], ["2.2"]]
    assert runs[1].title == "x [ocpi=2.2, n=1, uid=0123, f=True]"


def test_a_combination_that_is_wrong_names_its_values(tmp_path: Path) -> None:
    text = (
        "name: x\nworld: tiny.yaml\nmatrix: {at: [ST1, ST2], ocpp: ['1.6', '1.5']}\n"
        "change:\n  /locations/0/stations/0/ocpp: ${ocpp}\n"
        "steps:\n  - plug: ${at}\n  - unplug: NO\n"
    )
    told = refusal(scenario_file(tmp_path, text)).splitlines()
    assert told == [
        "5: change./locations/0/stations/0/ocpp: locations[0].stations[0].ocpp: '1.5' is none of "
        "the choices. Did you mean '1.6'? (at=ST1, ocpp=1.5; at=ST2, ocpp=1.5)",
        "7: steps[0].plug: no station 'ST2' in this world. Did you mean 'ST1'? (at=ST2, ocpp=1.6)",
        "8: steps[1].unplug: no station 'NO' in this world. Known: ST1. (at=ST1, ocpp=1.6; "
        "at=ST2, ocpp=1.6)",
    ]


def test_combinations_that_do_not_apply_say_why(tmp_path: Path) -> None:
    text = (
        "name: x\nworld: tiny.yaml\nmatrix: {v: [2.1.1, 2.2]}\n"
        "not_applicable: [{when: {v: 2.2}, reason: too new}]\nsteps: [note: '${v}']\n"
    )
    runs = read(scenario_file(tmp_path, text))
    assert [run.not_applicable for run in runs] == [None, "too new"]


def test_combinations_that_do_not_apply_may_be_wrong(tmp_path: Path) -> None:
    text = (
        "name: x\nworld: tiny.yaml\nmatrix: {kind: [delay, late_answer]}\n"
        "steps:\n  - fault: {kind: '${kind}', wire: ocpp, of: request}\n"
    )
    with pytest.raises(Mistake, match="late_answer strikes no request"):
        read(scenario_file(tmp_path, text))
    why = "not_applicable: [{when: {kind: late_answer}, reason: answers alone}]\n"
    assert len(read(scenario_file(tmp_path, text + why))) == 2


def test_the_clock_is_told_or_the_scenarios_or_the_worlds(tmp_path: Path) -> None:
    head = "name: x\nworld: tiny.yaml\nsteps: [note: x]\n"
    (plain,) = read(scenario_file(tmp_path, head))
    (own,) = read(scenario_file(tmp_path, head + "clock: scaled:5\n"))
    assert str(clock_of(plain, None)) == "virtual"
    assert str(clock_of(own, None)) == "scaled:5"
    assert str(clock_of(own, "real")) == "real"


def test_the_schema_comes_along() -> None:
    assert SCHEMA.is_file()


def test_a_matrix_that_explodes_is_a_mistake(tmp_path: Path) -> None:
    hundred = list(range(100))
    matrix = dict.fromkeys("abcd", hundred)
    text = f"name: x\nworld: tiny.yaml\nmatrix: {matrix}\nsteps: [note: x]\n"
    with pytest.raises(Mistake, match="3: matrix: 100000000 runs are more than 1000"):
        read(scenario_file(tmp_path, text))


RUNS = """\
name: x
world: no-such-world.yaml
matrix: {station: [ST1, ST2]}
steps: [plug: "${station}"]
"""


def test_a_file_is_looked_at_without_its_world() -> None:
    runs = peek(RUNS, "x.yaml")
    assert [run.title for run in runs] == ["x [station=ST1]", "x [station=ST2]"]
    assert (runs[0].actions[0].name, runs[0].actions[0].line) == ("plug", 4)
    with pytest.raises(Mistake, match=r"x.yaml:4: .*no step 'plugg'"):
        peek(RUNS.replace("plug:", "plugg:"), "x.yaml")


def test_a_file_is_read_for_a_world_that_there_is(tmp_path: Path) -> None:
    scenario_file(tmp_path, RUNS)
    world = read_world(tmp_path / "tiny.yaml")
    with pytest.raises(Mistake, match=r"x.yaml:4: .*no station 'ST2' in this world.*station=ST2"):
        read_for(world, RUNS, "x.yaml")
    (run,) = read_for(world, RUNS.replace(", ST2", ""), "x.yaml")
    assert run.world is world
