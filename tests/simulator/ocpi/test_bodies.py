"""What bodies can hold, by method, module and version."""

from __future__ import annotations

import pytest

from simulator.ocpi.bodies import _NAMES, BODIES, schemas
from simulator.ocpi.objects import KINDS
from simulator.ocpi.versions import VERSIONS
from simulator.wire.spoken import METHODS, MODULES


def fields(
    method: str, module: str, version: str | None = None, *, answer: bool = False
) -> set[str]:
    """All fields of all that a body can be, as an object."""
    told = schemas(method, module, version, answer=answer)
    return {name for schema in told for name in schema.get("properties", ())}


def test_the_table_is_of_what_is_spoken() -> None:
    assert {method for method, _ in BODIES} <= METHODS
    assert {module for _, module in BODIES} == MODULES
    kinds = {kind for bodies in BODIES.values() for part in bodies for kind in part}
    assert kinds == {*KINDS, *_NAMES}


def test_every_push_and_pull_of_a_version_stands_in_it() -> None:
    for version in VERSIONS.values():
        for interface in version.modules:
            verbs = {verb for verbs in interface.paths.values() for verb in verbs}
            for verb in verbs - {"DELETE"}:
                assert (verb, interface.module) in BODIES


@pytest.mark.parametrize(
    ("method", "module", "version", "answer", "there", "not_there"),
    [
        ("POST", "cdrs", None, False, {"total_cost", "auth_id", "cdr_token"}, {"kwh"}),
        ("POST", "cdrs", "2.1.1", False, {"stop_date_time"}, {"cdr_token"}),
        ("POST", "cdrs", "2.2.1", False, {"cdr_token"}, {"stop_date_time"}),
        ("POST", "commands", None, False, {"response_url", "result"}, {"timeout"}),
        ("POST", "commands", None, True, {"result", "timeout"}, {"response_url"}),
        ("PUT", "locations", None, False, {"evses", "uid", "standard", "tariffs"}, {"kwh"}),
        ("PUT", "hubclientinfo", None, False, {"role"}, {"id"}),
    ],
)
def test_what_can_stand_in_a_body(
    method: str,
    module: str,
    version: str | None,
    answer: bool,
    there: set[str],
    not_there: set[str],
) -> None:
    told = fields(method, module, version, answer=answer)
    assert there <= told
    assert not (not_there & told)


def test_what_is_asked_for_comes_alone_or_in_a_list() -> None:
    told = schemas("GET", "cdrs", "2.2.1", answer=True)
    assert [schema["type"] for schema in told] == ["object", "array"]
    assert told[1]["items"] is told[0]


def test_of_others_nothing_is_known() -> None:
    assert schemas("DELETE", "tariffs", None, answer=False) == []
    assert schemas("POST", "nltnm-parking", None, answer=False) == []
    assert schemas("POST", "cdrs", "3.0", answer=False) == []
