"""What the actors of a world are told: the configuration of each, from what the file says.

Rule: pure; it starts nothing, and knows no actor but by its configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator.cpo.config import CpoConfig, PncSettings, StationEntry
from simulator.cpo.sites import speaks_iso15118
from simulator.kernel.chance import Chance
from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.tls import NO_TLS, Tls
from simulator.world_file import Plug, StationPlan, WorldFile
from simulator.world_tls import profile_at_the_door


def cpo_config(plan: WorldFile, chance: Chance, pnc: PncSettings | None = None) -> CpoConfig:
    """What the CPO is told: its section of the file, and what stands where."""
    own: Mapping[str, Any] = plan.cpo
    return CpoConfig(
        **own,
        locations=plan.ocpi_locations(chance),
        tariffs=plan.ocpi_tariffs(),
        stations=[
            StationEntry(
                id=station.id,
                location_id=station.location_id,
                evse_uids=[station.evse_uid(n) for n in range(1, len(station.evses) + 1)],
                basic_password=station.password,
                security_profile=profile_at_the_door(plan, station),
                iso15118=("2",) if station.pnc is None else station.pnc.iso15118,
            )
            for station in plan.stations
        ],
        insecure=plan.insecure,
        pnc=pnc,
        omit={s.id: s.omit_from_cdrs for s in plan.stations if s.omit_from_cdrs},
    )


def station_config(plan: StationPlan, csms_url: str, tls: Tls = NO_TLS) -> StationConfig:
    """A station as its builder wrote it down; `tls` unless it has its own, or goes elsewhere."""
    tls = tls if plan.csms is None else NO_TLS
    config = StationConfig(
        id=plan.id,
        version=OcppVersion(plan.ocpp),
        csms_url=plan.csms or csms_url,
        vendor=plan.vendor,
        model=plan.model,
        evses=tuple(
            EvseConfig(n, tuple(connector_config(m, plug) for m, plug in enumerate(plugs, 1)))
            for n, plugs in enumerate(plan.evses, 1)
        ),
        basic_password=plan.password,
        security_profile=plan.security_profile,
        tls=tls if plan.tls is None else plan.tls,
        pnc=None if plan.pnc is None else plan.pnc.config,
        settings={**({} if plan.pnc is None else plan.pnc.settings), **plan.settings},
    )
    if plan.meter_interval_s is not None:
        config = replace(config, meter_interval_s=plan.meter_interval_s)
    return config


def connector_config(number: int, plug: Plug) -> ConnectorConfig:
    """A connector of the station's kind of plug; without a limit of its own, what V and A allow."""
    phases = 3 if plug.power_type == "AC_3_PHASE" else 2 if "2_PHASE" in plug.power_type else 1
    return ConnectorConfig(
        connector_id=number,
        standard=plug.standard,
        format=plug.format,
        power_type=plug.power_type,
        max_voltage_v=plug.max_voltage_v,
        max_amperage_a=plug.max_amperage_a,
        max_power_w=plug.max_power_w or plug.max_voltage_v * plug.max_amperage_a * phases,
        pnc=speaks_iso15118(plug.standard),
    )
