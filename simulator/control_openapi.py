"""The OpenAPI 3.1 document of the control API, made from its table and from STEPS.

Rule: nothing is described twice: paths come from the rows, arguments from the steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from simulator import __version__
from simulator.scenario.json_schema import step_schema
from simulator.scenario.steps import STEPS

_PROBLEMS = {
    "400": "the call is wrong",
    "401": "the token is missing or wrong",
    "403": "a web page called",
    "404": "there is no such thing",
    "405": "the path does not take this method",
    "408": "it was not seen in time; `details` shows what was nearest",
    "409": "it cannot be done as things stand",
}


class Operation(Protocol):
    """What is needed of a row."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The path below the prefix."""

    @property
    def help(self) -> str:
        """One line."""

    @property
    def query(self) -> Mapping[str, str]:
        """Parameters and their help."""

    @property
    def takes(self) -> str | None:
        """What the body holds."""


def openapi(rows: Iterable[Operation], prefix: str) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        for path, operation in _operations(row):
            paths.setdefault(f"{prefix}{path}", {})[row.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "roamlab: control API of a running world",
            "version": __version__,
            "summary": "Perform steps, look at the world, read its journal.",
        },
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {"error": {"type": "string"}, "details": {"type": "string"}},
                }
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
        "paths": paths,
    }


def _operations(row: Operation) -> Iterable[tuple[str, dict[str, Any]]]:
    """One operation a row; one for each step where the row stands for all of them."""
    if "{name}" not in row.path:
        yield row.path, _operation(row, row.path, row.help, None)
        return
    for name, step in STEPS.items():
        path = row.path.replace("{name}", name)
        yield path, _operation(row, path, step.help, step_schema(step))


def _operation(
    row: Operation, path: str, about: str, schema: dict[str, Any] | None
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": f"{row.method.lower()}{path.replace('/', '_').replace('.', '_')}",
        "summary": about,
        "parameters": [
            *(_parameter(name, "path", "") for name in re.findall(r"{(\w+)}", path)),
            *(_parameter(name, "query", text) for name, text in row.query.items()),
        ],
        "responses": {
            "200": {"description": "done"},
            **{status: _problem(text) for status, text in _PROBLEMS.items()},
        },
    }
    if row.takes is not None:
        content = {"application/json": {"schema": schema or {"type": "object"}}}
        shown["requestBody"] = {"description": row.takes, "content": content}
    return shown


def _parameter(name: str, place: str, text: str) -> dict[str, Any]:
    shown = {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
    return {**shown, "description": text} if text else shown


def _problem(text: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": reference}}}
