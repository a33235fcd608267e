"""Files are read strictly: every mistake is told, with its line."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.strict_yaml import Document, dotted, load, load_shared, parse

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9-]+$", "description": "small letters"},
        "kind": {"type": "string", "enum": ["1.6", "2.0.1"]},
        "port": {"type": "integer", "maximum": 65535},
        "factor": {"type": "number"},
        "on": {"type": "boolean"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
    },
    "$defs": {
        "part": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"uid": {"type": "string"}, "country": {"type": "string"}},
        }
    },
}


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "test.schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def mistakes(text: str, schema: Path) -> list[str]:
    with pytest.raises(Mistake) as caught:
        parse(text, "world.yaml", schema)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_a_right_file_becomes_plain_data_with_lines(schema: Path) -> None:
    document = parse(
        "# a world\nname: one\nport: 0x1F\nfactor: 2.5\non: true\nparts:\n- uid: 'x'\n- {}\n",
        "world.yaml",
        schema,
    )
    assert document.data == {
        "name": "one",
        "port": 31,
        "factor": 2.5,
        "on": True,
        "parts": [{"uid": "x"}, {}],
    }
    assert document.line(("parts", 0, "uid")) == 7
    assert document.line(("parts", 1, "nothing here")) == 8


def test_numbers_are_text_where_text_is_wanted_as_they_were_spelled(schema: Path) -> None:
    document = parse("name: 0042\nkind: 1.6\nparts: [{uid: 04_11}, {uid: 1.50}]\n", "w", schema)
    assert document.data["name"] == "0042"
    assert document.data["kind"] == "1.6"
    assert [part["uid"] for part in document.data["parts"]] == ["04_11", "1.50"]


def test_norway_is_no_boolean(schema: Path) -> None:
    assert parse("name: n\nparts: [{country: NO}]", "w", schema).data["parts"][0] == {
        "country": "NO"
    }


def test_an_alias_stands_for_what_it_names(schema: Path) -> None:
    document = parse("name: n\nparts: [&a {uid: x}, *a]", "w", schema)
    assert document.data["parts"] == [{"uid": "x"}, {"uid": "x"}]


def test_all_mistakes_are_told_in_the_order_of_the_file(schema: Path) -> None:
    assert mistakes(
        "prt: 1\nport: 70000\nkind: 2.1\non: maybe\nparts:\n- uid: x\n  contry: NO\n- 5\n", schema
    ) == [
        "world.yaml:1: 'name' is missing",
        "world.yaml:1: prt: unknown key. Did you mean 'port'?",
        "world.yaml:2: port: 70000 is greater than the maximum of 65535",
        "world.yaml:3: kind: '2.1' is none of the choices. Did you mean '2.0.1'?",
        "world.yaml:4: on: expected a boolean, not 'maybe'",
        "world.yaml:7: parts[0].contry: unknown key. Did you mean 'country'?",
        "world.yaml:8: parts[1]: expected a mapping, not 5",
    ]


def test_a_pattern_is_explained_by_its_description(schema: Path) -> None:
    assert mistakes("name: LOUD", schema) == [
        "world.yaml:1: name: 'LOUD' does not fit: small letters"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "world.yaml:1: the file is empty"),
        ("name: [1\nport: 2", "world.yaml:2: not YAML: expected ',' or ']', but got ':'"),
        ("name: n\n\tport: 1", "world.yaml:2: not YAML: found character '\\t'"),
        ("name: *nobody", "world.yaml:1: not YAML: found undefined alias 'nobody'"),
        ("name: \x00", "world.yaml: not YAML: unacceptable character"),
        ("name: a\nname: b", "world.yaml:2: name: stands here a second time"),
        ("name: n\nparts: &p [*p]", "world.yaml:2: parts[0]: an alias that holds itself"),
        ("name: n\n? [a]\n: b", "world.yaml:1: a key must be a word"),
        ("- a list", "world.yaml:1: expected a mapping, not a list"),
        ("just text", "world.yaml:1: expected a mapping, not 'just text'"),
        ("name:", "world.yaml:1: name: expected text, not nothing"),
    ],
)
def test_what_is_no_such_file_is_told_in_one_line(text: str, expected: str, schema: Path) -> None:
    (line,) = mistakes(text, schema)
    assert line.startswith(expected)


def test_what_is_no_file_is_a_mistake(tmp_path: Path, schema: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, what in ((tmp_path, "a directory"), (pipe, "a pipe"), ("/dev/zero", "a device")):
        with pytest.raises(Mistake, match=f"{path}: {what}, where a file is expected"):
            load(Path(path), schema)


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path, schema: Path) -> None:
    with pytest.raises(Mistake, match="cannot read it: No such file"):
        load(tmp_path / "none.yaml", schema)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: caf\xe9\n")
    with pytest.raises(Mistake, match=r"not UTF-8 text \(byte 9\)"):
        load(latin, schema)


def test_places_are_written_as_people_do() -> None:
    assert dotted(("locations", 0, "stations", 1, "id")) == "locations[0].stations[1].id"
    assert dotted(()) == ""


def test_a_document_without_mistakes_checks_out() -> None:
    Document("w").check()


def test_a_shared_file_is_parsed_once_until_its_text_is_another(
    tmp_path: Path, schema: Path
) -> None:
    path = tmp_path / "world.yaml"
    path.write_text("name: one\n")
    first = load_shared(path, schema)
    assert load_shared(path, schema) is first
    path.write_text("name: two\n")
    assert load_shared(path, schema).data == {"name": "two"}
    path.write_text("nam: two\n")
    for _ in range(2):
        with pytest.raises(Mistake, match="Did you mean 'name'"):
            load_shared(path, schema)
