"""The OpenAPI 3.1 document of the control API, made from its table and its types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from mock_peer.control_shapes import Error
from mock_peer.operation import Operation
from simulator import __version__

_REF = "#/components/schemas/{name}"
_PROBLEMS = {
    "400": "the request is wrong; `pointer` names the place in its body",
    "404": "there is no such thing",
    "405": "the path does not take this method",
    "409": "it cannot be done as things stand",
    "502": "the CPO did not take part",
}


def document(operations: Iterable[Operation], prefix: str) -> dict[str, Any]:
    """The whole document."""
    rows = list(operations)
    kinds = [kind for row in rows for kind in (row.takes, row.gives) if kind is not None]
    schemas, components = msgspec.json.schema_components([*kinds, Error], ref_template=_REF)
    shown = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        takes = next(shown) if row.takes is not None else None
        paths.setdefault(f"{prefix}{row.path}", {})[row.method.lower()] = _operation(
            row, takes, next(shown)
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mock roaming peer: control API",
            "version": __version__,
            "summary": "Steer the mock peer, and read what it saw.",
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(
    row: Operation, takes: dict[str, Any] | None, gives: dict[str, Any]
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": row.handler.__name__,
        "summary": row.summary,
        "parameters": [
            *(_parameter(name, "path", "") for name in re.findall(r"{(\w+)}", row.path)),
            *(_parameter(name, "query", text) for name, text in row.query.items()),
        ],
        "responses": {
            "200": {"description": "done", "content": _json(gives)},
            **{
                status: {"description": text, "content": _json({"$ref": _REF.format(name="Error")})}
                for status, text in _PROBLEMS.items()
            },
        },
    }
    if takes is not None:
        shown["requestBody"] = {"required": not row.optional, "content": _json(takes)}
    return shown


def _parameter(name: str, place: str, text: str) -> dict[str, Any]:
    schema = {"type": "string"} if place == "path" else {"type": "integer", "minimum": 0}
    shown = {"name": name, "in": place, "required": place == "path", "schema": schema}
    return {**shown, "description": text} if text else shown


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
