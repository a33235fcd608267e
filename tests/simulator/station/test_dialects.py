"""The table of versions."""

from __future__ import annotations

import pytest

from simulator.station.dialects import DIALECTS
from simulator.wire.ocpp_rpc import OcppVersion, actions


@pytest.mark.parametrize("version", DIALECTS, ids=str)
def test_handlers_are_named_after_actions_of_their_version(version: OcppVersion) -> None:
    assert set(DIALECTS[version].handlers) <= set(actions(version))


def test_the_versions_that_a_station_speaks() -> None:
    assert list(DIALECTS) == [OcppVersion.V16, OcppVersion.V201]
