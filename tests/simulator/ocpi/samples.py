"""Our own sample objects: fixtures/ocpi/<version>/<kind>[.<variant>].json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.ocpi.envelope import read_json
from simulator.ocpi.objects import KINDS

FIXTURES = Path(__file__).parents[3] / "fixtures" / "ocpi"


def sample(name: str, version: str = "2.2.1") -> Any:
    """One sample, numbers exact."""
    return read_json((FIXTURES / version / f"{name}.json").read_bytes())


def names(version: str = "2.2.1") -> list[str]:
    """The names of a version's samples."""
    return sorted(path.stem for path in (FIXTURES / version).glob("*.json"))


def kind_of(name: str) -> str:
    """`command.START_SESSION` is of kind `command:START_SESSION`, `session.patch` of `session`."""
    command = name.replace(".", ":", 1)
    return command if command in KINDS else name.split(".")[0]
