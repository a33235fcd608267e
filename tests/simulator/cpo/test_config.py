"""What a CPO is told before it starts."""

from __future__ import annotations

import dataclasses

import pytest

from simulator.cpo.config import CpoConfig, StationEntry


def test_a_name_is_enough() -> None:
    config = CpoConfig("DE", "ABC", "Abc Charging")
    assert config.database == ":memory:"
    assert config.prefer_realtime
    assert list(config.ocpi_versions) == ["2.1.1", "2.2", "2.2.1"]
    # a token by command is good for 15 minutes: OCPI 2.2.1 mod_commands, StartSession
    assert config.authorization_ttl_s == 15 * 60


def test_configurations_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        StationEntry("CP1", "LOC1", ["E1"]).id = "CP2"  # type: ignore[misc]
