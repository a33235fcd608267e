"""A message laid out: the wrong place marked, the rest folded, secrets hidden."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mock_peer.check_model import Fault
from mock_peer.report_message import (
    LONG,
    Row,
    fold,
    lay_out,
    message,
    place,
    redacted,
    visible,
    without_secrets,
)
from simulator.ocpi.envelope import read_json
from tests.mock_peer.checking import CDR, envelope, exchange, record


def fault(pointer: str, seen: object = None, at: int = 7) -> Fault:
    return Fault("reject", pointer, seen, "something else", at)


def text(rows: object) -> str:
    return "\n".join("  " * row.depth + row.text for row in rows)  # type: ignore[attr-defined]


def test_json_is_laid_out_and_can_be_read_again() -> None:
    value: Any = {"a": [1, {"b": "ü" * 80}], "c": {}, "d": [], "e/f~": None}
    assert read_json(text(lay_out(value))) == value


def test_short_parts_stand_on_one_line_and_numbers_as_they_came() -> None:
    value = read_json(
        '{"dimensions": [{"type": "ENERGY", "volume": 1.8200}], "x": "' + "y" * 80 + '"}'
    )
    rows = list(lay_out(value))
    assert rows[1].text == '"dimensions": [{"type": "ENERGY", "volume": 1.8200}],'


def test_a_mark_opens_what_is_short_and_stands_at_its_line() -> None:
    rows = list(lay_out({"a": {"b": 1}}, {"/a/b": "expected 2"}))
    assert [(row.pointer, row.note) for row in rows if row.note] == [("/a/b", "expected 2")]


def test_what_is_missing_is_marked_at_what_lacks_it() -> None:
    rows = list(lay_out({"a": {"b": 1}}, {"/a/c": "expected 2"}))
    assert [(row.pointer, row.note) for row in rows if row.note] == [("/a", "c: expected 2")]


def test_long_bodies_are_folded_around_their_marks() -> None:
    rows = [Row(f"/{n}", 1, str(n), "here" if n == 300 else "") for n in range(500)]
    folded = fold(rows)
    assert len(folded) < LONG
    assert [row.text for row in folded][-1].startswith("…")
    assert any(row.note for row in folded)
    assert fold(rows[:10]) == tuple(rows[:10])
    unmarked = fold([row._replace(note="") for row in rows])
    assert len(unmarked) == LONG + 1


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (fault("/total_energy", 1.5), ("request", "/total_energy")),
        (fault("/missing"), ("request", "/missing")),
        (fault("/headers/X-Request-ID"), ("request", "/headers/X-Request-ID")),
        (fault("/nowhere/at/all", 3), None),
    ],
)
def test_a_fault_is_found_in_what_was_sent(told: Fault, expected: object) -> None:
    assert place(exchange(7, "POST", "cdrs", body=CDR), told) == expected


def test_a_fault_of_a_pulled_object_is_found_in_its_list() -> None:
    listed = envelope([{"id": "1", "country": "DEU"}, {"id": "2", "country": "JPN"}])
    one = exchange(7, "GET", "locations", received=False, answer=listed)
    assert place(one, fault("/country", "JPN")) == ("response", "/data/1/country")
    by_data = fault("/data/0/id", "1")
    assert place(one, by_data) == ("response", "/data/0/id")


def test_a_message_has_a_request_and_an_answer() -> None:
    told = message(
        record(7, "POST", "cdrs", body=CDR, headers={"Host": "a", "X-Request-ID": "1"}),
        [fault("/total_energy", 1.5), fault("/currency", "EUR", at=8)],
    )
    request, response = told.parts
    assert told.received
    assert request.headers == (("X-Request-ID", "1", ""),)
    assert [row.note for row in request.rows if row.note] == ["expected something else"]
    assert response.title == "HTTP 200, OCPI 1000"


def test_a_missing_header_is_shown_and_marked() -> None:
    told = message(record(7, "POST", "cdrs", body=CDR), [fault("/headers/X-Request-ID")])
    assert told.parts[0].headers == (("X-Request-ID", "(missing)", "expected something else"),)


def test_no_answer_and_no_json_are_shown_as_they_are() -> None:
    told = message(record(7, "GET", "locations", received=False, answer="<html>\nno", http=502))
    assert [row.text for row in told.parts[1].rows] == ["<html>", "no"]
    silent = message(record(7, "GET", "locations", received=False, http=None))
    assert silent.parts[1].title == "no answer"
    assert silent.parts[1].rows == ()


def test_secrets_are_hidden_whatever_the_journal_kept() -> None:
    kept = record(
        7,
        "POST",
        "credentials",
        body={"token": "sesame", "url": "http://a"},
        answer=envelope({"token": "sesame"}),
        headers={"Authorization": "Token c2VzYW1l"},
    )
    hidden = msgspec.json.encode(redacted(kept))
    assert b"sesame" not in hidden
    assert b"c2VzYW1l" not in hidden
    assert "sesame" not in str(message(kept))


@pytest.mark.parametrize(
    ("told", "hidden"),
    [
        ("http://a/versions?token=sesame&x=1", "http://a/versions?token=***&x=1"),
        ("http://me:sesame@a/versions", "http://***@a/versions"),
        ('<http://a/l?api_key=sesame>; rel="next"', '<http://a/l?api_key=***>; rel="next"'),
        ("http://a/tokens/DE/8PS/T1?type=RFID", "http://a/tokens/DE/8PS/T1?type=RFID"),
    ],
)
def test_a_url_tells_no_secret(told: str, hidden: str) -> None:
    assert without_secrets(told) == hidden
    kept = record(7, "GET", "versions", answered={"Link": told}, body={"url": told})
    kept["url"] = told
    assert "sesame" not in str(redacted(kept))


def test_what_would_steer_a_terminal_is_spelled_out() -> None:
    assert visible("a\x1b[31m\r\n\u202e\x9bé") == r"a\u001b[31m\u000d\u000a\u202e\u009bé"
