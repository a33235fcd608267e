"""The OpenAPI document: whole, and true."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import connected


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


async def test_the_document_holds_every_operation_and_every_schema(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        status, document = await cpo.control("GET", "/openapi.json")
        assert (status, document["openapi"]) == (200, "3.1.0")
        assert set(document["paths"]) >= {
            "/_mock/connections",
            "/_mock/register",
            "/_mock/findings",
            "/_mock/journal",
            "/_mock/state",
            "/_mock/tokens/{uid}",
            "/_mock/commands/{command}",
            "/_mock/authorizations",
            "/_mock/reset",
            "/_mock/rules",
        }
        assert set(document["paths"]["/_mock/authorizations"]) == {"get", "put", "delete"}
        schemas = document["components"]["schemas"]
        assert {ref.split("/")[-1] for ref in references(document)} <= set(schemas)
        names = [op["operationId"] for path in document["paths"].values() for op in path.values()]
        assert len(names) == len(set(names))


async def test_what_is_answered_fits_its_schema(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_location(o.location())
        await cpo.put_location(o.location("FAR", country="AUS"))
        await cpo.authorize(o.CARD, {"location_id": "LOC1"})
        _, document = await cpo.control("GET", "/openapi.json")
        for method, path, body in (
            ("GET", "/connections", None),
            ("GET", "/findings", None),
            ("GET", "/journal", None),
            ("GET", "/state", None),
            ("GET", "/rules", None),
            ("GET", "/authorizations", None),
            ("PUT", "/tokens/{uid}", {}),
            ("POST", "/commands/{command}", {"session_id": "S1"}),
            ("POST", "/reset", {}),
        ):
            operation = document["paths"][f"/_mock{path}"][method.lower()]
            content = operation["responses"]["200"]["content"]["application/json"]
            schema = {**content["schema"], "components": document["components"]}
            asked = path.replace("{uid}", "x").replace("{command}", "STOP_SESSION")
            status, answer = await cpo.control(method, asked, body)
            assert status == 200, answer
            errors = list(jsonschema_rs.validator_for(schema).iter_errors(answer))
            assert not errors, (path, errors)
