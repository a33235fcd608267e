"""Tests run on the virtual loop, where an hour costs a moment, unless marked `real`."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, settings

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import VirtualLoop

# Tests of the plug-in run the tests of others within their own process.
pytest_plugins = ["pytester"]

# The same examples in every run, so that a change is judged by what it changed; a machine's load
# decides nothing. `ROAMLAB_EXPLORE=1 make unit` looks for new examples, and for more of them.
settings.register_profile(
    "same",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=list(HealthCheck),
)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile("explore" if os.environ.get("ROAMLAB_EXPLORE") else "same")


# Whoever starts the tests in the background of a script hands down a Ctrl-C that is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)


# Ten thousand tests are a large heap: to look through it all for garbage, as often as by default,
# took a tenth of the time.
gc.set_threshold(20_000, 20, 50)


def pytest_collection_finish() -> None:
    """What is there by now stays until the end: nobody has to look through it again."""
    gc.collect()
    gc.freeze()


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
