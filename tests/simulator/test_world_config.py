"""What the actors of a world are told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.kernel.chance import Chance
from simulator.world_config import connector_config, cpo_config, station_config
from simulator.world_file import PLUGS, WorldFile, read_text

SMALL = """\
name: small
cpo: {country_code: DE, party_id: ABC, name: Small}
tariffs: [{id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}]
locations:
- id: L1
  country: DEU
  stations:
  - {id: S16, ocpp: 1.6, tariff: t, omit_from_cdrs: [total_cost], password: 0123456789abcdef}
  - {id: S201, ocpp: 2.0.1, evses: [[dc-150, chademo-50]], tariff: t, meter_interval_s: 30}
"""


@pytest.fixture
def plan() -> WorldFile:
    return read_text(SMALL)


def test_the_cpo_is_told_what_stands_where(plan: WorldFile) -> None:
    config = cpo_config(plan, Chance(1))
    assert [(s.id, list(s.evse_uids)) for s in config.stations] == [
        ("S16", ["S16-1"]),
        ("S201", ["S201-1"]),
    ]
    assert config.stations[0].basic_password == "0123456789abcdef"
    assert config.omit == {"S16": ("total_cost",)}


def test_a_station_is_built_as_planned(plan: WorldFile) -> None:
    config = station_config(plan.stations[1], "ws://127.0.0.1:9000/ocpp")
    assert (config.id, str(config.version), config.meter_interval_s) == ("S201", "2.0.1", 30)
    assert [c.standard for c in config.evses[0].connectors] == ["IEC_62196_T2_COMBO", "CHADEMO"]
    config.check()


def test_a_plug_without_a_limit_of_its_own_gives_what_it_can() -> None:
    bare = replace(PLUGS["ac-22"], max_power_w=None)
    assert connector_config(1, bare).max_power_w == 230 * 32 * 3
    assert connector_config(1, replace(bare, power_type="AC_1_PHASE")).max_power_w == 230 * 32
