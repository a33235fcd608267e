"""What the interface needs of a world."""

from __future__ import annotations

from simulator.tui.engine import Engine, tokens_of
from simulator.tui.local import LocalEngine
from simulator.tui.remote import RemoteEngine


def test_valid_tokens_come_first_and_once() -> None:
    told = tokens_of([[{"uid": "A", "valid": False}, {"uid": "B"}], [{"uid": "B"}, {"no": 1}]])
    assert told == ["B", "A"]


def test_both_kinds_have_all_that_is_needed() -> None:
    needed = {name for name in vars(Engine) if not name.startswith("_")}
    for kind in (LocalEngine, RemoteEngine):
        assert needed - {"facts", "trouble"} <= set(dir(kind))
