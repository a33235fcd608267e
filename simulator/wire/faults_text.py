"""What can become of a message's text on its way, on either wire.

Rule: pure, and seeded; whatever goes in, text comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec

from simulator.kernel.chance import Chance

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
# Bits that may be flipped in ASCII without leaving what can be printed, but for DEL.
_HIGHEST_BIT = 4
_MISSING: Any = object()


def truncate(text: str, chance: Chance, keep_bytes: int | None) -> str:
    """The beginning: so many bytes, or as many as chance will have, but never all."""
    data = text.encode()
    if keep_bytes is None:
        keep_bytes = chance.integer(0, max(0, len(data) - 1))
    return data[:keep_bytes].decode(errors="ignore")


def corrupt(text: str, chance: Chance, places: int) -> str:
    """With a bit flipped in so many places; it stays UTF-8."""
    plain = [place for place, letter in enumerate(text) if " " <= letter <= "~"]
    letters = list(text)
    for place in chance.random.sample(plain, min(places, len(plain))):
        letters[place] = chr(ord(letters[place]) ^ (1 << chance.integer(0, _HIGHEST_BIT)))
    return "".join(letters)


def malformed(text: str) -> str:
    """Without its last letter, a bracket; of nothing, a lone one."""
    return text.rstrip()[:-1] or "{"


def decoded(text: str | bytes) -> Any:
    """The JSON of a text; None for what is none."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def encoded(value: Any) -> str:
    """JSON text."""
    return _encoder.encode(value).decode()


def retyped(value: Any, pointer: str) -> Any:
    """A value with another JSON type at a pointer; None where nothing stands there."""
    if pointer in ("", "/"):
        return _other_type(value)
    *way, last = _steps(pointer)
    place = value
    for step in way:
        place = _step(place, step)
    if _step(place, last) is _MISSING:
        return None
    key: Any = int(last) if isinstance(place, list) else last
    place[key] = _other_type(place[key])
    return value


def altered(value: Any, new: Mapping[str, Any], gone: Iterable[str]) -> tuple[Any, list[str]]:
    """A value with others in some places and nothing in some, and the pointers that led nowhere."""
    astray = [pointer for pointer in gone if not _taken(value, _steps(pointer))]
    for pointer, wanted in deepcopy(dict(new)).items():
        steps = _steps(pointer)
        if not steps:
            value = wanted
        elif not _put(value, steps, wanted):
            astray.append(pointer)
    return value, astray


def alteration(new: Iterable[str], gone: Iterable[str], astray: list[str]) -> str:
    """What was altered, in words."""
    done = [f"another {pointer or 'body'}" for pointer in new if pointer not in astray]
    done += [f"no {pointer}" for pointer in gone if pointer not in astray]
    told = ", ".join(done)
    if not astray:
        return told
    return f"{told or 'nothing'}; there is no {', '.join(astray)}"


def _steps(pointer: str) -> list[str]:
    return [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]


def _taken(value: Any, steps: list[str]) -> bool:
    """Take out what stands there, if anything does."""
    for step in steps[:-1]:
        value = _step(value, step)
    if not steps or _step(value, steps[-1]) is _MISSING:
        return False
    del value[int(steps[-1]) if isinstance(value, list) else steps[-1]]
    return True


def _put(value: Any, steps: list[str], wanted: Any) -> bool:
    """Put it there, with the objects that are missing on the way."""
    for step in steps[:-1]:
        value = value.setdefault(step, {}) if isinstance(value, dict) else _step(value, step)
    last = steps[-1]
    if isinstance(value, dict):
        value[last] = wanted
    elif isinstance(value, list) and last == "-":
        value.append(wanted)
    elif _step(value, last) is not _MISSING:
        value[int(last)] = wanted
    else:
        return False
    return True


def _step(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step, _MISSING)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return _MISSING


def _other_type(value: Any) -> Any:
    """Numbers and booleans become text, null an object, all else goes into a list or out of it."""
    if value is None:
        return {}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    return {"list": value} if isinstance(value, list) else [value]
