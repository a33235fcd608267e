"""What every engine must do with stages: the same walk for each."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mistakes import Mistake

FILE = """\
name: by-hand
world: elsewhere.yaml
matrix: {station: [DE-AC-1, DE-DC-1]}
steps:
  - note: A car comes.
  - plug: {station: "${station}", car: anna}
  - note: x
"""


async def walk(engine: Any) -> None:
    """Load, step, play up to a step, play to the end, drop."""
    told = await engine.load(FILE, "by-hand.yaml", "DE-DC")
    assert (told["name"], told["file"]) == ("by-hand [station=DE-DC-1]", "by-hand.yaml")
    ident = told["id"]
    assert (await engine.step(ident))["at"] == 1
    assert (await engine.play(ident, 3))["at"] == 2
    assert (await engine.stations(["DE-DC-1"]))["DE-DC-1"]["evses"][0]["car"]
    assert [stage["at"] for stage in await engine.stages()] == [2]
    assert (await engine.play(ident))["verdict"] == "PASS"
    with pytest.raises(Mistake, match="has ended: PASS"):
        await engine.step(ident)
    await engine.drop(ident)
    assert list(await engine.stages()) == []
    assert (await engine.load([{"note": "x"}], "mine"))["name"] == "mine"
    with pytest.raises(Mistake, match="Did you mean 'plug'"):
        await engine.load(["plugg"], "mine")
    with pytest.raises(Mistake, match="no stage '9'"):
        await engine.step("9")


async def refuses(engine: Any) -> None:
    """A view that is read-only does none of it."""
    for call in (engine.load(FILE, "x"), engine.step("1"), engine.play("1"), engine.drop("1")):
        with pytest.raises(Mistake, match="read-only"):
            await call
