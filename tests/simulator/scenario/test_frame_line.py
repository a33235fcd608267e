"""One line of a log, in the shapes that logs have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scenario.frame_line import Frame, read_line

BEAT = '[2,"1","Heartbeat",{}]'
AT = "2024-05-01T10:00:00.123Z"


def told(line: str) -> Frame:
    read = read_line(line, 1)
    assert isinstance(read, Frame), read
    return read


@pytest.mark.parametrize(
    ("line", "way"),
    [
        (f"{AT} <- {BEAT}", ("arrow", False)),
        (f"{AT} -> {BEAT}", ("arrow", True)),
        (f"{AT} >> {BEAT}", ("arrow", True)),
        (f"{AT} << {BEAT}", ("arrow", False)),
        (f"{AT} > {BEAT}", ("arrow", True)),
        (f"[{AT}] INFO ws: received {BEAT} ok", ("arrow", False)),
        (f"{AT} CP001 RX {BEAT}", ("arrow", False)),
        (f"{AT} TX: {BEAT}", ("arrow", True)),
        (f"{AT} OUT {BEAT}", ("arrow", True)),
        (f"{AT} from CS: {BEAT}", ("party", False)),
        (f"{AT} from charge point: {BEAT}", ("party", True)),
        (f"{AT} CP -> CSMS {BEAT}", ("party", True)),
        (f"{AT} CP <- CSMS {BEAT}", ("party", False)),
        (f"{AT} CS -> CSMS {BEAT}", ("party", True)),
        (f"{AT} CSMS -> CS {BEAT}", ("party", False)),
        (f"{AT} {BEAT}", None),
        (f'{AT},S1,rx,"[2,""1"",""Heartbeat"",{{}}]"', ("arrow", False)),
        (f'{{"timestamp":"{AT}","direction":"IN","message":{BEAT}}}', ("arrow", False)),
        (f'{{"time":"{AT}","dir":"csms","frame":"[2,\\"1\\",\\"Heartbeat\\",{{}}]"}}',
         ("party", False)),
        (f'{AT} sent "[2,\\"1\\",\\"Heartbeat\\",{{}}]"', ("arrow", True)),
    ],
)  # fmt: skip
def test_directions(line: str, way: Any) -> None:
    frame = told(line)
    assert frame.way == way
    assert (frame.kind, frame.message_id, frame.action) == (2, "1", "Heartbeat")
    assert frame.at.isoformat() == "2024-05-01T10:00:00.123000+00:00"


@pytest.mark.parametrize(
    ("time", "iso"),
    [
        ("2024-05-01 10:00:00,5", "2024-05-01T10:00:00.500000+00:00"),
        ("2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00+00:00"),
        ("2024-05-01T10:00:00.123456789Z", "2024-05-01T10:00:00.123456+00:00"),
        ("1714557600", "2024-05-01T10:00:00+00:00"),
        ("1714557600123", "2024-05-01T10:00:00.123000+00:00"),
        ("1714557600.25", "2024-05-01T10:00:00.250000+00:00"),
    ],
)
def test_times(time: str, iso: str) -> None:
    assert told(f"{time} -> {BEAT}").at.isoformat() == iso


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("garbage", "no OCPP-J frame"),
        (f"-> {BEAT}", "no time"),
        (f"2024-99-01T10:00:00Z -> {BEAT}", "no time"),
        (f"{AT} -> [7,1,2]", "no OCPP-J frame"),
        (f'{AT} -> [2,"1","Heartbeat"', "no OCPP-J frame"),
        ('{"time":"x"}', "no OCPP-J frame is in message"),
        (f'{{"message":{BEAT}}}', "no time is in timestamp"),
        (f'{AT} -> [2,"1"' + "[" * 50_000, "no OCPP-J frame"),
        ("\x00\x00", "no OCPP-J frame"),
    ],
)
def test_what_is_none(line: str, why: str) -> None:
    read = read_line(line, 1)
    assert isinstance(read, str)
    assert why in read


def test_a_huge_frame() -> None:
    frame = told(f'{AT} -> [2,"1","DataTransfer",{{"data":"{"x" * 3_000_000}"}}]')
    assert len(frame.text) > 3_000_000


@given(st.text(), st.sampled_from(["", AT + " ", '{"message":', f"{AT} -> [2,"]))
def test_any_line_is_read_or_refused(text: str, head: str) -> None:
    assert isinstance(read_line(head + text, 1), Frame | str)
