"""The rules that a peer judges by."""

from __future__ import annotations

from simulator.rule_table import rule_table
from simulator.tui.peer.rules import broken, lines
from simulator.tui.widgets.virtual_table import Cell
from tests.simulator.tui.peer.partners import between, connection, look, peer, row, text
from tests.simulator.tui.stage import Wire

RULES = rule_table("plugsurfing")


def test_what_was_broken_comes_first_with_its_findings() -> None:
    wire = Wire()
    wire.finding(1, "/total_cost", rule="cdr.price", severity="warn", expected="4.20")
    one = look(wire=wire, rules=RULES)
    rows = list(lines(one))
    assert row(rows[0])[:4] == ["cdr.price", "warn", "3", "01-15 07:00:00"]
    assert [r.key for r in rows[1:]] == sorted(r.key for r in rows[1:]) and broken(one) == 1
    tones = [one.cells[1].tone for one in rows[:2] if isinstance(one.cells[1], Cell)]
    assert tones == ["warn", "quiet"]  # colours are for what has happened
    told = text(rows[0])
    assert "Broken 3 times" in told and "/total_cost" in told and "4.20" in told
    assert "source" in told and "Never broken" in text(rows[1])
    assert rows[0].given == {"rule": "cdr.price", "is": "off", "peer": "ps"}
    assert rows[0].traffic == "~rule cdr.price"


def test_what_was_agreed_counts() -> None:
    agreed = connection("cpo", "them", strict=True, rules={"cdr.price": "off"}, held={})
    one = look(between(peers={"ps": peer(connections=[agreed])}), rules=RULES)
    line = next(lines(one))
    assert row(line)[1] == "off*" and line.given["is"] == ""
    assert "off with cpo" in text(line) and "before this view began" in text(line)


def test_a_rule_without_a_text() -> None:
    (line,) = lines(look())
    assert row(line)[0] == "cdr.price" and "Broken 3 times" in text(line)
