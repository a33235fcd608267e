"""The JSON Schema of scenario files, made from STEPS: for editors, and for the strict reader.

Rule: `scenario.schema.json` is what `document()` gives; a test holds one against the other. The
reader uses it too, but for the steps themselves, which STEPS judges in better words.
"""

from __future__ import annotations

import json
from typing import Any

from simulator.scenario.metrics import METRICS
from simulator.scenario.schema import SCHEMA
from simulator.scenario.step import Arg, Kind, Step
from simulator.scenario.steps import STEPS

Schema = dict[str, Any]
_VARIABLE: Schema = {"type": "string", "pattern": "\\$\\{"}
_TYPES: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.DURATION: {"type": ["string", "number"]},
    Kind.FLAG: {"type": "boolean"},
    Kind.MAPPING: {"type": "object"},
    Kind.LIST: {"type": "array"},
    Kind.WANTED: {"type": ["string", "number", "object"]},
    Kind.ANY: {},
}


def document() -> Schema:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://roamlab.invalid/scenario.schema.json",
        "title": "A roamlab scenario",
        "description": "What is done in a world, and what must happen (docs/scenarios.md).",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "steps"],
        "properties": _PROPERTIES,
        "$defs": {"step": _any_step(), **{name: step_schema(step) for name, step in STEPS.items()}},
    }


def _text(about: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "description": about, **more}


_PROPERTIES: Schema = {
    "name": _text("What it is called; one name, one scenario.", pattern="^[A-Za-z0-9_.-]{1,80}$"),
    "purpose": _text("What it shows, in a line."),
    "tags": {
        "type": "array",
        "items": _text("A word to choose scenarios by."),
        "description": "Words to choose scenarios by (`roamlab run --tag`).",
    },
    "world": {
        "type": ["string", "object"],
        "description": "The world it is played in: a name, a file, or the world itself.",
    },
    "change": {
        "type": "object",
        "description": "Other values in that world, by JSON pointers: `-` appends, null removes.",
    },
    "clock": _text(
        "real, virtual or scaled:N; by default the world's.",
        pattern="^(real|virtual|scaled:[0-9.]+)$",
    ),
    "seed": {"type": "integer", "minimum": 0, "description": "Where all chance comes from."},
    "start": {
        "type": "string",
        "enum": ["all", "unregistered", "off"],
        "description": "What is up when the steps begin: all, all but the registrations, or all "
        "but registrations and stations.",
    },
    "values": {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
        "description": "Values that whoever runs it may give otherwise; ${name} stands for them.",
    },
    "matrix": {
        "type": "object",
        "additionalProperties": {"type": "array", "minItems": 1},
        "description": "Values to run it with, each combination once; ${name} stands for them.",
    },
    "not_applicable": {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["when", "reason"],
            "properties": {
                "when": {"type": "object", "description": "Values of the matrix."},
                "reason": _text("Why it does not apply."),
            },
        },
        "description": "Combinations of the matrix that it does not apply to, and why.",
    },
    "expected": {
        "type": "string",
        "enum": ["PASS", "FAIL"],
        "description": "FAIL: a known failure; if it passes, it fails.",
    },
    "because": _text("Why it is expected to fail."),
    "thresholds": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": ["number", "object", "string"],
                "description": f"The most there may be: {metric.about}.",
            }
            for name, metric in METRICS.items()
        },
        "description": "What is counted over the whole run, and the most it may be.",
    },
    "steps": {
        "type": "array",
        "minItems": 1,
        "items": {"$ref": "#/$defs/step"},
        "description": "What is done and expected, in order.",
    },
}


def _any_step() -> Schema:
    return {
        "type": ["string", "object"],
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {name: {"$ref": f"#/$defs/{name}"} for name in STEPS},
    }


def step_schema(step: Step) -> Schema:
    """The arguments of one step."""
    bare = any(arg.name == step.primary and arg.kind is Kind.MAPPING for arg in step.args)
    told: Schema = {
        "type": "object",
        "description": step.help,
        "additionalProperties": bare,
        "properties": {
            "save": {"description": "The variable that keeps the result."},
            **{arg.name: _argument(arg) for arg in step.args},
        },
    }
    if step.whole or step.primary is None:
        return {"description": step.help, "type": ["object", "null"]} if step.whole else told
    return {**told, "type": ["object", "string", "number", "array", "null"]}


def _argument(arg: Arg) -> Schema:
    kind = dict(_TYPES[arg.kind])
    if arg.choices:
        kind["enum"] = list(arg.choices)
    default = {} if arg.default is None else {"default": arg.default}
    if not kind:
        return {"description": arg.help, **default}
    return {"description": arg.help, "anyOf": [kind, _VARIABLE], **default}


def text() -> str:
    """The file's text."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(text(), encoding="utf-8")
