"""WebSocket frames of the plainest kind: whole, short text messages, and frames that are empty, as
pings and pongs are (RFC 6455, section 5.2).

Rule: pure. Nearly all that OCPP-J sends is one such frame a message; whatever is anything else is
not read here, and left to the library.
"""

from __future__ import annotations

import struct

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without the library's extension
    from websockets.utils import apply_mask

from simulator.kernel.chance import fresh_seed

_FIN, _FIN_TEXT = 0x80, 0x81
_MASKED = 0x80
_SHORT, _MEDIUM = 126, 65_536  # lengths from which another form of the head begins
_MASK_BYTES = 4
_two = struct.Struct("!BB").pack
_four = struct.Struct("!BBH").pack


def write_text(data: bytes, *, masked: bool) -> bytes | None:
    """A text message as one frame; None for one that is too long for the plain form."""
    length, bit = len(data), _MASKED if masked else 0
    if length < _SHORT:
        head = _two(_FIN_TEXT, bit | length)
    elif length < _MEDIUM:
        head = _four(_FIN_TEXT, bit | _SHORT, length)
    else:
        return None
    if not masked:
        return head + data
    mask = _new_mask()
    return head + mask + apply_mask(data, mask)


def read_text(data: bytes, *, masked: bool) -> bytes | None:
    """The message of bytes that are exactly one plain frame; None for all other bytes."""
    size = len(data)
    if size < 2 or data[0] != _FIN_TEXT or bool(data[1] & _MASKED) is not masked:
        return None
    length, start = data[1] & ~_MASKED, 2
    if length == _SHORT and size >= 4:
        length, start = data[2] << 8 | data[3], 4
    elif length >= _SHORT:
        return None
    if not masked:
        return data[start:] if size == start + length else None
    begin = start + _MASK_BYTES
    return apply_mask(data[begin:], data[start:begin]) if size == begin + length else None


def write_empty(opcode: int, *, masked: bool) -> bytes:
    """A whole frame of an opcode, without data."""
    if not masked:
        return _two(_FIN | opcode, 0)
    return _two(_FIN | opcode, _MASKED) + _new_mask()


def read_empty(data: bytes, *, masked: bool) -> int | None:
    """The opcode of bytes that are exactly one whole frame without data; None for all others."""
    size, bit = (2 + _MASK_BYTES, _MASKED) if masked else (2, 0)
    if len(data) != size or data[1] != bit or not _FIN <= data[0] < _FIN | 0x10:
        return None
    return data[0] & 0x0F


def _new_mask() -> bytes:
    return fresh_seed().to_bytes(_MASK_BYTES, "big")
