"""Tests run on the virtual loop, where an hour costs a moment, unless marked `real`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import VirtualLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": VirtualLoop}


@pytest.fixture
def clock(request: pytest.FixtureRequest) -> Clock:
    """The world's clock: virtual, or real for tests marked so."""
    return Clock("real" if request.node.get_closest_marker("real") else "virtual")


@pytest.fixture
def chance() -> Chance:
    """Seeded chance."""
    return Chance(42)


@pytest.fixture
def journal(clock: Clock) -> Journal:
    """An empty journal on the test's clock."""
    return Journal(clock, seed=42, world="test")
