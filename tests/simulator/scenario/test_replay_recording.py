"""Journal files as recordings: whatever a file holds, a recording or a Mistake with its place."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mistakes import Mistake
from simulator.scenario.replay_recording import Recording, load, moment
from tests.simulator.scenario.recorded import file_of, frame


def told(path: Path) -> str:
    with pytest.raises(Mistake) as caught:
        load(path)
    return str(caught.value)


def test_a_journal_is_read_and_a_stretch_taken(tmp_path: Path) -> None:
    records = [frame(n, [2, str(n), "Heartbeat", {}], session=f"s{n % 2}") for n in range(1, 5)]
    recording = load(file_of(tmp_path / "j", *records))
    assert recording.header["world"] == "demo"
    assert recording.sessions == ["s1", "s0"]
    assert [r["seq"] for r in recording.stretch("s0").records] == [2, 4]
    assert [r["seq"] for r in recording.stretch(None, 2, 3).records] == [2, 3]
    assert moment(recording.records[0]).hour == 7
    with pytest.raises(Mistake, match="no session 's7'"):
        recording.stretch("s7")


def test_a_last_line_that_was_cut_off_is_left_out_and_told(tmp_path: Path) -> None:
    path = file_of(tmp_path / "j", *(frame(n, [2, str(n), "Heartbeat", {}]) for n in (1, 2)))
    path.write_bytes(path.read_bytes()[:-40])
    recording = load(path)
    assert [r["seq"] for r in recording.records] == [1]
    assert recording.notes == ("line 3 is cut off: left out",)


def test_what_is_no_journal(tmp_path: Path) -> None:
    path = file_of(tmp_path / "j", frame(1, [2, "1", "Heartbeat", {}]))
    whole = path.read_bytes()
    for data, words in (
        (gzip.compress(whole), "packed with gzip"),
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b'{"format":"other/7"}\n', "its format is 'other/7'"),
        (b"[1]\n", "not a roamlab-journal/1"),
        (b"\xff\xfe\n", ":1: not a"),
        (whole.replace(b'"leg"', b'"log"'), ":2: 'leg' is missing"),
        (whole.replace(b'"ocpp"', b'"ocbb"'), ":2: no such leg"),
        (whole.replace(b'"seq":1', b'"seq":true'), ":2: seq: not expected"),
        (whole.replace(b"2026-01-15T", b"yesterday "), ":2: at: no time"),
        (whole.replace(b"sent", b"lent"), ":2: direction"),
        (whole.replace(b"Heartbeat", b"Heart\x00beat"), ":2: not JSON: it holds NUL bytes"),
        (whole + b"oops\n" + whole, ":3: not JSON"),
        (b"[" * 100_000 + b"\n", ":1: not a"),
    ):
        path.write_bytes(data)
        assert words in told(path), data[:80]
    assert "No such file" in told(tmp_path / "nowhere")
    assert "directory" in told(tmp_path).lower()


def test_an_exchange_without_headers(tmp_path: Path) -> None:
    record = {
        "seq": 1, "at": "2026-01-15T07:00:00Z", "leg": "ocpi", "actor": "cpo", "peer": "p",
        "session": None, "version": None, "module": None, "method": "GET", "url": "http://h/",
        "direction": "sent", "request": {"headers": {"a": 1}, "body": ""}, "response": None,
        "http_status": None, "status_code": None, "ms": 0,
    }  # fmt: skip
    assert ":2: request: expected headers and body" in told(file_of(tmp_path / "j", record))


@given(st.binary(max_size=300), st.booleans())
def test_nothing_else_is_ever_raised(tmp_path_factory: pytest.TempPathFactory, data: bytes,
                                     headed: bool) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("any") / "j"
    path.write_bytes((b'{"format":"roamlab-journal/1"}\n' if headed else b"") + data)
    with contextlib.suppress(Mistake):
        assert isinstance(load(path), Recording)
