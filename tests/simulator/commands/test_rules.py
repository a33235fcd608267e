"""`roamlab rules`: the peer's table, readable by people and machines."""

from __future__ import annotations

import json

import pytest

from simulator.cli import run


def test_every_rule_is_listed_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    from mock_peer.rules import RULES

    assert run(["rules"]) == 0
    printed = capsys.readouterr().out
    for rule in RULES:
        assert rule.id in printed


def test_machines_read_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--json", "cdr.authorization-reference"]) == 0
    (rule,) = json.loads(capsys.readouterr().out)
    assert rule["id"] == "cdr.authorization-reference"
    assert rule["severity"] == "reject"
    assert rule["source"] == "P22"
    assert rule["versions"] == ["2.2", "2.2.1"]
    assert rule["statement"]


def test_the_list_can_be_narrowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "--version", "2.1.1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows
    assert all("2.1.1" in row["versions"] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cdr.prise"], "no such rule. Did you mean 'cdr.price'?"),
        (["--peer", "plugsurfng"], "Did you mean 'plugsurfing'?"),
        (["--version", "9.9"], "no rule of 'plugsurfing' applies to OCPI 9.9"),
    ],
)
def test_what_is_not_there_is_a_mistake(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["rules", *arguments]) == 2
    assert message in capsys.readouterr().err
