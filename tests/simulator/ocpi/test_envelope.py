"""Envelopes and exact numbers; any bytes are JSON or NotJson."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ocpi import envelope
from simulator.ocpi.envelope import (
    STATUS_CODES,
    NoEnvelope,
    NotJson,
    OcpiError,
    encode,
    parse,
    read_json,
    write_json,
)

NOW = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)


def test_an_answer_holds_data_code_message_and_time() -> None:
    assert encode({"a": 1}, now=NOW) == (
        b'{"data":{"a":1},"status_code":1000,"status_message":"Success",'
        b'"timestamp":"2026-01-15T07:00:00.000Z"}'
    )


def test_no_data_leaves_the_field_out() -> None:
    body = encode(None, 2001, "limit: no", now=NOW)
    assert b"data" not in body
    assert parse(body).status_message == "limit: no"
    assert not parse(body).ok


def test_an_empty_list_is_data() -> None:
    assert b'"data":[]' in encode([], now=NOW)


@pytest.mark.parametrize("text", ["0.1", "1.10", "12345678901234567.123456789", "1E+3", "7"])
def test_numbers_survive_exactly(text: str) -> None:
    number = read_json(text)
    assert Decimal(number) == Decimal(text)
    assert Decimal(write_json(number).decode()) == Decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_is_written_as_a_number_and_read_back(number: Decimal) -> None:
    assert Decimal(read_json(write_json({"n": number}))["n"]) == number


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b"\xff\xfe",
        b'"\\ud800"',
        b"[" * 100_000,
        b"1e99999999999999999999",
        b"NaN",
    ],
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(NotJson) as caught:
        read_json(body)
    assert caught.value.http_status == 400
    assert caught.value.message.startswith("the body is not JSON")


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_not_json(body: bytes) -> None:
    try:
        read_json(body)
    except NotJson:
        return


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"status_code": "1000"}', b'{"status_code": true}', b"null"]
)
def test_what_is_no_envelope(body: bytes) -> None:
    with pytest.raises(NoEnvelope):
        parse(body)


def test_an_answer_is_read_permissively() -> None:
    read = parse(b'{"status_code": 1900, "status_message": 5, "timestamp": null, "more": 1}')
    assert read.ok and read.status_code == 1900
    assert (read.data, read.status_message, read.timestamp) == (None, None, None)


def test_every_code_of_the_table_but_success_has_its_error() -> None:
    errors = [
        value
        for value in vars(envelope).values()
        if isinstance(value, type) and issubclass(value, OcpiError)
    ]
    assert {error().status_code for error in errors} == set(STATUS_CODES) - {1000}


@pytest.mark.parametrize(
    ("error", "http_status"),
    [("NotJson", 400), ("Unauthorized", 401), ("NotFound", 404), ("MethodNotAllowed", 405)],
)
def test_only_transport_errors_have_an_http_status(error: str, http_status: int) -> None:
    assert getattr(envelope, error)().http_status == http_status
    assert envelope.InvalidParameters().http_status == 200


def test_an_error_says_what_and_where() -> None:
    error = envelope.InvalidParameters("too long", pointer="/id", data={"limit": 36})
    assert str(error) == "2001 too long"
    assert (error.pointer, error.data) == ("/id", {"limit": 36})
    assert envelope.UnknownToken().message == "Unknown token"
    assert envelope.NotFound("no", status_code=2004).status_code == 2004
