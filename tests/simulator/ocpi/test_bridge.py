"""Each row both ways, its losses, and that nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.ocpi.bridge import (
    Decimals,
    Filled,
    Implied,
    Lost,
    Made,
    Nested,
    Obj,
    Owned,
    Renamed,
    Row,
    Table,
    TableCodec,
    Trip,
    Values,
    WholeSeconds,
    Without,
)
from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party

AROUND = Around(Party("DE", "ABC"), Party("DE", "8PS"))


def shout(obj: Obj, out: Obj, trip: Trip, at: str) -> None:
    out["name"] = obj["name"].upper()
    trip.losses.append(f"{at}/name")


def whisper(raw: Obj, out: Obj, trip: Trip) -> None:
    out["name"] = raw["name"].lower()


INNER = Table(Lost("x"), Renamed("a", "b"))


@pytest.mark.parametrize(
    ("row", "canonical", "wire", "losses", "back"),
    [
        (Lost("x", "y"), {"x": 1, "y": None, "z": 2}, {"z": 2}, ["/x"], {"z": 2}),
        (Renamed("a", "b"), {"a": 1}, {"b": 1}, [], {"a": 1}),
        (Renamed("a", "b"), {}, {}, [], {}),
        (
            Owned(),
            {"country_code": "XX", "party_id": "YYY", "id": 1},
            {"id": 1},
            [],
            {"country_code": "DE", "party_id": "ABC", "id": 1},
        ),
        (Owned("receiver"), {}, {}, [], {"country_code": "DE", "party_id": "8PS"}),
        (Nested("i", INNER), {"i": {"x": 1, "a": 2}}, {"i": {"b": 2}}, ["/i/x"], {"i": {"a": 2}}),
        (
            Nested("in", INNER),
            {"in": [{"a": 1}, "odd", {"x": 2}]},
            {"in": [{"b": 1}, "odd", {}]},
            ["/in/2/x"],
            {"in": [{"a": 1}, "odd", {}]},
        ),
        (Nested("in", INNER), {"in": None}, {"in": None}, [], {"in": None}),
        (Values("v", {"NEW": "OLD"}), {"v": "NEW"}, {"v": "OLD"}, ["/v"], {"v": "OLD"}),
        (Values("v", {"N": "O"}, {"O": "N"}), {"v": "N"}, {"v": "O"}, ["/v"], {"v": "N"}),
        (Values("v", {"N": "O"}), {"v": ["N"]}, {"v": ["N"]}, [], {"v": ["N"]}),
        (Without("l", lambda i: i == "b"), {"l": ["a", "b", "c"]}, {"l": ["a", "c"]}, ["/l/1"],
         {"l": ["a", "c"]}),
        (Without("l", lambda i: True), {"l": "b"}, {"l": "b"}, [], {"l": "b"}),
        (Filled("f", wire=""), {}, {"f": ""}, [], {}),
        (Filled("f", wire=""), {"f": "1"}, {"f": "1"}, [], {"f": "1"}),
        (Filled("f", canonical=lambda o: o["g"]), {"g": 5}, {"g": 5}, [], {"g": 5, "f": 5}),
        (Implied("p", True), {"p": True}, {}, [], {"p": True}),
        (Implied("p", True), {"p": False}, {}, ["/p"], {"p": True}),
        (WholeSeconds("t"), {"t": "2026-01-15T07:00:00.5Z"}, {"t": "2026-01-15T07:00:00Z"}, ["/t"],
         {"t": "2026-01-15T07:00:00Z"}),
        (WholeSeconds("t"), {"t": "2026-01-15T07:00:00.000"}, {"t": "2026-01-15T07:00:00"}, [],
         {"t": "2026-01-15T07:00:00"}),
        (WholeSeconds("t"), {"t": 5}, {"t": 5}, [], {"t": 5}),
        (Decimals(6), {"latitude": "53.55029", "longitude": "9.9921405"},
         {"latitude": "53.550290", "longitude": "9.992140"}, ["/longitude"],
         {"latitude": "53.550290", "longitude": "9.992140"}),
        (Decimals(6), {"latitude": "north", "longitude": None},
         {"latitude": "north", "longitude": None}, [], {"latitude": "north", "longitude": None}),
        (Made(shout, whisper), {"name": "a"}, {"name": "A"}, ["/name"], {"name": "a"}),
    ],
)  # fmt: skip
def test_a_row_both_ways(row: Row, canonical: Obj, wire: Obj, losses: list[str], back: Obj) -> None:
    before = repr(canonical)
    trip = Trip(AROUND)
    assert Table(row).down(canonical, trip) == wire
    assert trip.losses == losses
    assert Table(row).up(wire, Trip(AROUND)) == back
    assert repr(canonical) == before


@pytest.mark.parametrize(
    "row", [Owned(), Filled("f", wire=""), Filled("f", canonical=lambda _o: 1), Implied("p", True)]
)
def test_nothing_is_filled_into_a_part(row: Row) -> None:
    assert Table(row).down({"id": 1}, Trip(AROUND, partial=True)) == {"id": 1}
    assert Table(row).up({"id": 1}, Trip(AROUND, partial=True)) == {"id": 1}


def test_what_is_nested_in_a_part_is_whole() -> None:
    table = Table(Nested("in", Table(Implied("p", True))))
    assert table.up({"in": {}}, Trip(AROUND, partial=True)) == {"in": {"p": True}}


@pytest.mark.parametrize("value", [None, 5, "text", [1], True])
def test_what_is_no_object_passes(value: Any) -> None:
    assert Table(Lost("x")).down(value, Trip(AROUND)) == value
    assert Table(Lost("x")).up(value, Trip(AROUND)) == value


def test_rows_apply_in_order() -> None:
    table = Table(Renamed("a", "b"), Renamed("b", "c"))
    assert table.down({"a": 1}, Trip(AROUND)) == {"b": 1}
    assert Table(WholeSeconds("a"), Renamed("a", "b")).down(
        {"a": "T07:00:00.5Z"}, Trip(AROUND)
    ) == {"b": "T07:00:00Z"}


def test_the_losses_of_left_out_items_name_their_first_places() -> None:
    table = Table(Nested("l", Table(Lost("x"))), Without("l", lambda i: i["id"] == 1))
    trip = Trip(AROUND)
    assert table.down({"l": [{"id": 1}, {"id": 2, "x": 1}]}, trip) == {"l": [{"id": 2}]}
    assert trip.losses == ["/l/1/x", "/l/0"]


def test_a_codec_of_tables() -> None:
    codec = TableCodec({"token": Table(Lost("x"))}, {"token": lambda token: "secret" in token})
    assert codec.to_wire("token", {"x": 1}) == ({}, ("/x",))
    assert codec.to_wire("other", {"x": 1}) == ({"x": 1}, ())
    assert codec.from_wire("other", 5) == 5
    assert codec.sends("token", {}) and codec.sends("other", {}) and codec.sends("token", None)
    assert not codec.sends("token", {"secret": 1})
