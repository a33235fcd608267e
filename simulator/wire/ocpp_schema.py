"""The JSON schemas of OCPP, compiled on first use, and what a violation means on the wire.

Rule: the schemas are the ones the `ocpp` package ships, read as files so that none of its code has
to be imported; a schema is compiled once for all links.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

from simulator.wire.ocpp_messages import ErrorCode, MessageType, OcppVersion

_FOLDERS = {OcppVersion.V16: "v16", OcppVersion.V201: "v201", OcppVersion.V21: "v21"}
# Values of these may be passwords: violations are described without quoting them.
_MAY_CARRY_SECRETS = ("ChangeConfiguration", "SetVariables", "SetNetworkProfile")
_ERRORS_LISTED = 20
_MESSAGE_LIMIT = 200  # characters of one violation: a schema error may quote the whole value


class Violation(NamedTuple):
    """One place where a payload breaks its schema: `pointer` is a JSON pointer (RFC 6901)."""

    pointer: str
    message: str
    code: ErrorCode

    def __str__(self) -> str:
        return f"{self.pointer}: {self.message}" if self.pointer else self.message


# Which rule of the schema broke -> which code says so (OCPP-J 1.6 table 7, 2.0.1 table 8).
_CODES = {
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "required": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "minItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "additionalItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "additionalProperties": ErrorCode.PROTOCOL_ERROR,
}
# In 1.6 ProtocolError is "payload is incomplete", and what departs from the PDU is a
# FormationViolation.
_CODES_16 = {
    **_CODES,
    "required": ErrorCode.PROTOCOL_ERROR,
    "additionalProperties": ErrorCode.FORMAT_VIOLATION,
}


@cache
def actions(version: OcppVersion) -> frozenset[str]:
    """The names of all actions of a version."""
    suffix = "" if version is OcppVersion.V16 else "Request"
    names = {path.stem for path in _folder(version).glob("*.json")}
    requests = {name.removesuffix(suffix) for name in names if not name.endswith("Response")}
    return frozenset(requests)


class Validator:
    """Check one kind of message of one version against its schema."""

    __slots__ = ("_codes", "_compiled", "is_valid")

    def __init__(self, schema: dict[str, Any], version: OcppVersion, *, mask: str | None) -> None:
        self._codes = _CODES_16 if version is OcppVersion.V16 else _CODES
        self._compiled = jsonschema_rs.validator_for(schema, mask=mask, validate_formats=True)
        self.is_valid = self._compiled.is_valid

    def violations(self, payload: Any) -> tuple[Violation, ...]:
        """Every violation, in the schema's order, at most 20; of a wrong type nothing else."""
        try:
            errors = itertools.islice(self._compiled.iter_errors(payload), _ERRORS_LISTED)
        except ValueError:  # it goes down some 250 levels
            return (Violation("", "is nested too deep", ErrorCode.FORMAT_VIOLATION),)
        found = tuple(self._describe(errors))
        wrong_type = ErrorCode.TYPE_CONSTRAINT_VIOLATION
        mistyped = {each.pointer for each in found if each.code is wrong_type}
        return tuple(
            each for each in found if each.code is wrong_type or each.pointer not in mistyped
        )

    def _describe(self, errors: Iterator[jsonschema_rs.ValidationError]) -> Iterator[Violation]:
        for error in errors:
            path = [str(part) for part in error.instance_path]
            message = error.message
            keyword = error.kind.name
            if keyword == "required":
                path.append(str(error.kind.as_dict()["property"]))
                message = "is required"
            code = self._codes.get(keyword, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION)
            yield Violation(_pointer(path), message[:_MESSAGE_LIMIT], code)


@cache
def validator(version: OcppVersion, action: str, message_type: int) -> Validator | None:
    """The validator of a message; None where the version has no such message."""
    described = schema(version, action, message_type)
    if described is None:
        return None
    mask = "the value" if action in _MAY_CARRY_SECRETS else None
    return Validator(described, version, mask=mask)


def schema(version: OcppVersion, action: str, message_type: int) -> dict[str, Any] | None:
    """The JSON schema of a message, read anew; None where the version has no such message."""
    if action not in actions(version):
        return None
    if message_type == MessageType.CALLRESULT:
        name = f"{action}Response"
    elif message_type == MessageType.SEND or version is OcppVersion.V16:
        name = action
    else:
        name = f"{action}Request"
    path = _folder(version) / f"{name}.json"
    if not path.is_file():
        return None
    # Some editions of the schemas begin with a byte order mark.
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return read


@cache
def _folder(version: OcppVersion) -> Path:
    spec = find_spec("ocpp")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / _FOLDERS[version] / "schemas"


def _pointer(path: list[str]) -> str:
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)
