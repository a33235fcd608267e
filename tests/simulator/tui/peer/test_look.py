"""A look at one partner."""

from __future__ import annotations

from simulator.tui.peer.look import Line, OfLine, when
from simulator.tui.peer.sections import SECTIONS
from tests.simulator.tui.peer.partners import between, connection, cpo, look, peer


def test_both_ends_of_a_connection_and_its_version() -> None:
    peer = look()
    assert peer.actors == {"ps", "plugsurfing"} and peer.version == "2.2.1"
    assert [(who, one["peer"]) for who, one in peer.other_side] == [("cpo", "ps")]
    emp = look(name="roamer", kind="emp")
    assert [(who, one["peer"]) for who, one in emp.other_side] == [("roam", "emp")]


def test_peers_of_one_kind_are_told_apart_by_the_worlds_names() -> None:
    told = between(peers={"plugsurfing": peer(), "second": peer()},
                   cpo=cpo(connections=[connection("plugsurfing", "us")]))  # fmt: skip
    first, second = look(told, name="plugsurfing"), look(told, name="second")
    assert first.names == {"plugsurfing"} and second.names == {"second"}
    assert len(first.other_side) == 1 and second.other_side == []
    assert "plugsurfing" in second.actors and look().names == {"ps", "plugsurfing"}


def test_a_partner_that_tells_nothing_leaves_no_section_broken() -> None:
    told = between(cpo=None, peers={"ps": {"trouble": "it runs elsewhere"}}, emps={})
    silent = look(told)
    for section in SECTIONS:
        for line in section.lines(silent):
            assert len(line.cells) == len(section.columns)
        assert section.count(silent) >= 0


def test_every_row_has_a_cell_for_each_column() -> None:
    for one in (look(), look(name="roamer", kind="emp")):
        for section in SECTIONS:
            for line in section.lines(one):
                assert len(line.cells) == len(section.columns), section.name


def test_a_line_for_filters() -> None:
    line = Line("k", ["a", "b"], lambda paint, width: None, {"s": "placed"})
    assert OfLine(line).field("any") == "a b" and OfLine(line).field("s") == "placed"
    assert OfLine(line, {"k"}).field("m") is True and OfLine(line).field("tok") is None


def test_a_moment_in_short() -> None:
    assert when("2026-01-15T07:00:29.664Z") == "01-15 07:00:29"
    assert when(None) == "" and when("now") == "now"
