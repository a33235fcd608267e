"""Read JSON into types strictly: a mistake is told by its JSON pointer and what was expected.

Rule: unknown fields are mistakes too, and the message offers the field that was probably meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from simulator.mistakes import did_you_mean

T = TypeVar("T")
_PATH = re.compile(r" - at `(key in )?(.*)`$")
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|\[(\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `(.*)`")


class StrictError(ValueError):
    """JSON that does not fit: `pointer` tells where, `problem` what was expected."""

    def __init__(self, pointer: str, problem: str) -> None:
        super().__init__(f"{pointer}: {problem}" if pointer else problem)
        self.pointer = pointer
        self.problem = problem


def decode(content: bytes, kind: type[T]) -> T:
    """Decode JSON bytes into a type. Raises StrictError."""
    try:
        plain = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise StrictError("", f"expected JSON: {error}") from error
    return convert(plain, kind)


def convert(plain: Any, kind: type[T]) -> T:
    """Convert plain JSON into a type. Raises StrictError."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise _explained(error, plain, kind) from error


def _explained(error: msgspec.ValidationError, plain: Any, kind: type[Any]) -> StrictError:
    message = str(error)
    found = _PATH.search(message)
    problem = _PATH.sub("", message)
    pointer = _pointer(found.group(2), plain, kind) if found else ""
    if unknown := _UNKNOWN.search(problem):
        word = unknown.group(1)
        known = _fields(kind, plain, pointer)
        return StrictError(f"{pointer}/{word}", f"no such field.{did_you_mean(word, known)}")
    return StrictError(pointer, problem[:1].lower() + problem[1:])


def _pointer(path: str, plain: Any, kind: type[Any]) -> str:
    """Turn msgspec's path (`$.rules[...]`, `$.cpos[0].name`) into a JSON pointer."""
    pointer = ""
    for name, index, any_key in _STEP.findall(path):
        step = name or index or (_wrong_key(pointer, plain, kind) if any_key else "")
        pointer += f"/{step}" if step else ""
    return pointer


def _wrong_key(pointer: str, plain: Any, kind: type[Any]) -> str:
    """Which key of a mapping is wrong: msgspec does not tell, so each is tried alone."""
    mapping = _at(plain, pointer)
    for name in mapping if isinstance(mapping, Mapping) else ():
        try:
            msgspec.convert(_with(plain, pointer.split("/")[1:], {name: mapping[name]}), kind)
        except msgspec.ValidationError:
            return str(name)
    return ""


def _at(plain: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        plain = plain[int(step)] if isinstance(plain, list | tuple) else plain[step]
    return plain


def _with(plain: Any, path: list[str], value: Any) -> Any:
    """`plain` with another value at a path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(plain, list | tuple):
        return [_with(v, rest, value) if str(i) == step else v for i, v in enumerate(plain)]
    return {k: _with(v, rest, value) if k == step else v for k, v in plain.items()}


def _fields(kind: type[Any], plain: Any, pointer: str) -> list[str]:
    """The fields that are known where an unknown one stands: asked of the type itself."""
    for step in pointer.split("/")[1:]:
        kind = _below(kind, step)
    return list(getattr(kind, "__struct_fields__", ()))


def _below(kind: Any, step: str) -> Any:
    """The type of a part: a field of a struct, an item of a list, a value of a mapping."""
    hints = getattr(kind, "__struct_fields__", None)
    if hints is not None:
        info = {field.name: field.type for field in msgspec.structs.fields(kind)}
        kind = info.get(step, Any)
        choices = [c for c in getattr(kind, "__args__", ()) if c is not type(None)]
        is_union = type(None) in getattr(kind, "__args__", ())
        return choices[0] if is_union and choices else kind
    inner = [c for c in getattr(kind, "__args__", ()) if c is not Ellipsis]
    return inner[-1] if inner else Any
