"""The OpenAPI document of the control API."""

from __future__ import annotations

from simulator.control import PREFIX, Control
from simulator.control_openapi import openapi
from simulator.scenario.steps import STEPS
from simulator.world import World
from simulator.world_file import find, read


async def test_every_row_and_every_step_is_in_it() -> None:
    world = World(read(find("demo")))
    try:
        rows = Control(world).rows()
        document = openapi(rows, PREFIX)
    finally:
        await world.stop()
    paths = document["paths"]
    for row in rows:
        if "{name}" not in row.path:
            assert row.method.lower() in paths[f"{PREFIX}{row.path}"]
    for name, step in STEPS.items():
        operation = paths[f"{PREFIX}/steps/{name}"]["post"]
        assert operation["summary"] == step.help
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        if not step.whole:
            assert {arg.name for arg in step.args} <= set(schema["properties"])
    ids = [o["operationId"] for path in paths.values() for o in path.values()]
    assert len(ids) == len(set(ids))
