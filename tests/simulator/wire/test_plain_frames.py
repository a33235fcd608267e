"""Plain frames, against the library's own reading and writing of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from simulator.wire.plain_frames import read_empty, read_text, write_empty, write_text

LENGTHS = [0, 1, 125, 126, 127, 300, 65_535]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("masked", [True, False])
def test_the_library_reads_what_is_written(length: int, masked: bool) -> None:
    data = bytes(index % 251 for index in range(length))
    written = write_text(data, masked=masked)
    assert written is not None
    reader = Protocol(Side.SERVER if masked else Side.CLIENT)
    reader.receive_data(written)
    (frame,) = reader.events_received()
    assert isinstance(frame, Frame)
    assert (frame.opcode, bytes(frame.data), frame.fin) == (Opcode.TEXT, data, True)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("masked", [True, False])
def test_what_the_library_writes_is_read(length: int, masked: bool) -> None:
    data = bytes(index % 251 for index in range(length))
    written = Frame(Opcode.TEXT, data).serialize(mask=masked)
    assert read_text(written, masked=masked) == data


def test_a_long_message_is_not_plain() -> None:
    data = bytes(65_536)
    assert write_text(data, masked=True) is None
    assert read_text(Frame(Opcode.TEXT, data).serialize(mask=False), masked=False) is None


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(
    "frame",
    [
        Frame(Opcode.TEXT, b"part", fin=False),
        Frame(Opcode.CONT, b"part"),
        Frame(Opcode.BINARY, b"bytes"),
        Frame(Opcode.PING, b""),
        Frame(Opcode.CLOSE, b"\x03\xe8"),
    ],
)
def test_other_frames_are_left(frame: Frame, masked: bool) -> None:
    assert read_text(frame.serialize(mask=masked), masked=masked) is None


def test_bytes_that_are_not_exactly_one_frame_are_left() -> None:
    for masked in (True, False):
        whole = Frame(Opcode.TEXT, b"x" * 200).serialize(mask=masked)
        for cut in range(len(whole)):
            assert read_text(whole[:cut], masked=masked) is None
        assert read_text(whole + whole, masked=masked) is None
        assert read_text(whole, masked=not masked) is None


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_break_it(data: bytes, masked: bool) -> None:
    found = read_text(data, masked=masked)
    assert found is None or len(found) < len(data)


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
@pytest.mark.parametrize("masked", [True, False])
def test_empty_frames_are_those_of_the_library(opcode: Opcode, masked: bool) -> None:
    written = write_empty(opcode, masked=masked)
    reader = Protocol(Side.SERVER if masked else Side.CLIENT)
    reader.receive_data(written)
    assert reader.events_received() == [Frame(opcode, b"")]
    theirs = Frame(opcode, b"").serialize(mask=masked)
    assert read_empty(written, masked=masked) == read_empty(theirs, masked=masked) == opcode


@pytest.mark.parametrize("masked", [True, False])
def test_what_is_more_than_an_empty_frame_is_left(masked: bool) -> None:
    empty = Frame(Opcode.PING, b"").serialize(mask=masked)
    assert read_empty(empty, masked=not masked) is None
    unfinished, reserved = bytes([0x09]) + empty[1:], bytes([0xC9]) + empty[1:]
    more = Frame(Opcode.PING, b"data").serialize(mask=masked)
    for data in (b"", empty[:-1], empty + b"x", empty * 2, unfinished, reserved, more):
        assert read_empty(data, masked=masked) is None
