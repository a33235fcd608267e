"""YAML files read strictly: a JSON Schema says what they hold, every error names file and line.

Rule: all mistakes of a file are told at once, in the words of whoever wrote the file, and a key
nobody knows is a mistake, with a guess at what was meant.
"""

from __future__ import annotations

import copy
import json
import math
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema_rs
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from simulator.mistakes import Mistake, did_you_mean

T = TypeVar("T")
Place = tuple[str | int, ...]
_TAG = "tag:yaml.org,2002:"
# A file beyond these is a mistake, or meant ill: aliases of aliases hold more than any memory.
_LARGEST_BYTES = 4_000_000
_MOST_PLACES = 100_000
_NAMES = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number"}


@dataclass(slots=True)
class Document:
    """A YAML file: its plain data, and the line of every place in it."""

    path: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    # Numbers as they were spelled: an id like 0123 is text where the schema wants text.
    spelled: dict[Place, str] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest one around it."""
        while place not in self.lines and place:
            place = place[:-1]
        return self.lines.get(place, 1)

    def wrong(self, place: Place, message: str) -> None:
        """Note a mistake."""
        where = dotted(place)
        self.problems.append((self.line(place), f"{where}: {message}" if where else message))

    def check(self) -> None:
        """Raise Mistake if any was noted: a line each, in the file's order."""
        if self.problems:
            lines = [f"{self.path}:{line}: {text}" for line, text in sorted(set(self.problems))]
            raise Mistake("\n".join(lines))


Judge = Callable[[Document], None]


def dotted(place: Place) -> str:
    """Write a place as people do: `locations[0].stations[1].id`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def load(
    path: Path, schema: Path, *, apart: str | None = None, judge: Judge | None = None
) -> Document:
    """Read and validate a file. Raises Mistake with all that is wrong in it.

    What stands in the list `apart` is left to `judge`, who has better words for it, and is asked
    even where the schema found something: data of any shape may come.
    """
    return parse(_text(path), str(path), schema, apart=apart, judge=judge)


def load_shared(path: Path, schema: Path) -> Document:
    """Read and validate a file that many read, parsed once for all of them while its text stays:
    not to be changed, only a `part` of it. Raises Mistake.
    """
    return _shared(_text(path), str(path), schema)


@lru_cache(maxsize=16)
def _shared(text: str, path: str, schema: Path) -> Document:
    return parse(text, path, schema)


def _text(path: Path) -> str:
    """Raises Mistake."""
    try:
        _refuse_what_is_no_file(path)
        with path.open("rb") as file:  # a device has no size
            data = file.read(_LARGEST_BYTES + 1)
        if len(data) > _LARGEST_BYTES:
            raise Mistake(f"{path}: too large: more than {_LARGEST_BYTES // 10**6} MB")
        return data.decode().replace("\r\n", "\n").replace("\r", "\n")
    except OSError as error:
        raise Mistake(f"{path}: cannot read it: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Mistake(f"{path}: not UTF-8 text (byte {error.start})") from error


def _refuse_what_is_no_file(path: Path) -> None:
    """A pipe would be waited for until somebody writes. Raises Mistake, OSError."""
    mode = path.stat().st_mode
    for what, is_one in _NO_FILES.items():
        if is_one(mode):
            raise Mistake(f"{path}: {what}, where a file is expected")


_NO_FILES: Mapping[str, Callable[[int], bool]] = {
    "a directory": stat.S_ISDIR,
    "a pipe": stat.S_ISFIFO,
    "a socket": stat.S_ISSOCK,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}


def parse(
    text: str,
    path: str,
    schema: Path,
    *,
    apart: str | None = None,
    judge: Judge | None = None,
) -> Document:
    """Validate the text of a file; see `load`."""
    document = Document(path)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Mistake(f"{path}:{line}: not YAML: {error.problem or error.context}") from error
    except YAMLError as error:
        raise Mistake(f"{path}: not YAML: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise Mistake(f"{path}: nested too deeply") from error
    except (
        ValueError,
        OverflowError,
    ) as error:  # a \\U escape of no character, as the reader says it
        raise Mistake(f"{path}: not YAML: {error}") from error
    if root is None:
        raise Mistake(f"{path}:1: the file is empty")
    document.data = _plain(root, (), document, ())
    document.check()
    _validate(document, *_schema(schema), apart)
    if judge is not None:
        judge(document)
    document.check()
    return document


def validate(document: Document, schema: Path) -> None:
    """Hold a document's data against a schema, after it was changed. Raises Mistake."""
    _validate(document, *_schema(schema))
    document.check()


def change(document: Document, changes: Mapping[str, Any]) -> None:
    """Put other values at JSON pointers: `-` appends to a list, null removes. Raises Mistake."""
    for pointer, value in changes.items():
        try:
            _change(document.data, pointer, value)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise Mistake(f"{document.path}: nothing can be put at {pointer}") from error


def _change(data: Any, pointer: str, value: Any) -> None:
    """Raises KeyError, IndexError, TypeError, ValueError, AttributeError where no way leads."""
    if not pointer.startswith("/"):
        raise ValueError(pointer)
    *way, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))
    for step in way:
        data = data[int(step)] if isinstance(data, list) else data.setdefault(step, {})
    key: Any = int(last) if isinstance(data, list) and last != "-" else last
    if value is None:
        del data[key]
    elif key == "-" and isinstance(data, list):
        data.append(value)
    else:
        data[key] = value


def part(document: Document, *steps: str | int) -> Document:
    """A part of a document as one of its own: mistakes in it still name the file's lines."""
    data = document.data
    for step in steps:
        data = data[step]
    depth = len(steps)

    def within(places: dict[Place, T]) -> dict[Place, T]:
        return {p[depth:]: value for p, value in places.items() if p[:depth] == steps}

    lines, spelled = within(document.lines), within(document.spelled)
    return Document(document.path, copy.deepcopy(data), lines, spelled)


def _plain(node: Node, place: Place, document: Document, within: tuple[int, ...]) -> Any:
    """The plain data of a node; notes the line of each place."""
    document.lines.setdefault(place, node.start_mark.line + 1)
    if len(document.lines) > _MOST_PLACES:
        raise Mistake(f"{document.path}: too large: more than {_MOST_PLACES} values")
    if id(node) in within:
        document.wrong(place, "an alias that holds itself")
        return None
    within = (*within, id(node))
    if isinstance(node, SequenceNode):
        return [_plain(n, (*place, i), document, within) for i, n in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return _mapping(node, place, document, within)
    assert isinstance(node, ScalarNode)
    return _scalar(node, place, document)


def _mapping(
    node: MappingNode, place: Place, document: Document, within: tuple[int, ...]
) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            document.wrong(place, "a key must be a word")
            continue
        key = _whole_text(str(key_node.value), place, document)
        document.lines[*place, key] = key_node.start_mark.line + 1
        if key in plain:
            document.wrong((*place, key), "stands here a second time")
        plain[key] = _plain(value_node, (*place, key), document, within)
    return plain


def _scalar(node: ScalarNode, place: Place, document: Document) -> Any:
    text = _whole_text(node.value, place, document)
    kind = str(node.tag).removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind in ("int", "float"):
        document.spelled[place] = text
        try:
            return _number(text.replace("_", ""), whole=kind == "int")
        except ValueError:
            document.wrong(place, f"'{text[:40]}' is no finite number")
            return None
    return text


def _whole_text(text: str, place: Place, document: Document) -> str:
    """JSON's \\u escapes may write a character in two halves; one half is none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            document.wrong(place, "holds half a character")
            return text.encode(errors="replace").decode()
    return text


def _number(text: str, *, whole: bool) -> int | float:
    """Raises ValueError."""
    if not whole:
        if not math.isfinite(number := float(text)):
            raise ValueError(text)
        return number
    try:
        return int(text, 0)
    except ValueError:  # leading zeros
        return int(text)


@cache
def _schema(path: Path) -> tuple[dict[str, Any], Any]:
    schema = json.loads(path.read_text(encoding="utf-8"))
    return schema, jsonschema_rs.validator_for(schema, validate_formats=True)


def _validate(
    document: Document, schema: dict[str, Any], validator: Any, apart: str | None = None
) -> None:
    def ours(error: Any) -> bool:
        return len(error.instance_path) < 2 or error.instance_path[0] != apart

    while True:
        errors = [error for error in validator.iter_errors(document.data) if ours(error)]
        as_text = [
            e for e in errors if _wants_text(e) and tuple(e.instance_path) in document.spelled
        ]
        if not as_text:
            break
        for error in as_text:
            _put(document.data, error.instance_path, document.spelled[tuple(error.instance_path)])
    for error in errors:
        _explain(document, schema, error)


def _wants_text(error: Any) -> bool:
    return bool(error.kind.name == "type" and error.kind.types == ["string"])


def _put(data: Any, path: Sequence[str | int], value: Any) -> None:
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


def _explain(document: Document, schema: dict[str, Any], error: Any) -> None:
    """Say an error of the validator in words of the file."""
    place: Place = tuple(error.instance_path)
    kind = error.kind
    if kind.name == "additionalProperties":
        known = _at(schema, error.schema_path[:-1]).get("properties", {})
        for key in kind.unexpected:
            document.wrong((*place, key), f"unknown key.{did_you_mean(key, known)}")
    elif kind.name == "required":
        document.wrong(place, f"'{kind.property}' is missing")
    elif kind.name == "type":
        wanted = " or ".join(_NAMES.get(name, f"a {name}") for name in kind.types)
        document.wrong(place, f"expected {wanted}, not {_shown(error.instance)}")
    elif kind.name == "enum":
        hint = did_you_mean(str(error.instance), map(str, kind.options))
        document.wrong(place, f"{_shown(error.instance)} is none of the choices.{hint}")
    elif kind.name == "pattern":
        about = _at(schema, error.schema_path[:-1]).get("description", f"like {kind.pattern}")
        document.wrong(place, f"{_shown(error.instance)} does not fit: {about}")
    else:
        document.wrong(place, str(error.message))


def _at(schema: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        schema = schema[step]
    return schema


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)
