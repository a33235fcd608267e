"""What a station may be made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.pki.keys import ALGORITHMS
from simulator.station.config import (
    CURVES,
    ConnectorConfig,
    Delivered,
    EvseConfig,
    PncConfig,
    StationConfig,
    StationError,
)
from simulator.wire.ocpp_rpc import OcppVersion


def station(*evses: EvseConfig) -> StationConfig:
    return StationConfig("CP1", OcppVersion.V16, "ws://127.0.0.1:1/ocpp", evses=evses)


def test_what_can_be_built_is_built() -> None:
    station(EvseConfig(1), EvseConfig(2, (ConnectorConfig(1), ConnectorConfig(2)))).check()


@pytest.mark.parametrize(
    ("evses", "words"),
    [
        ((), "EVSEs are numbered 1, 2"),
        ((EvseConfig(0),), r"\[0\]"),
        ((EvseConfig(1), EvseConfig(3)), r"\[1, 3\]"),
        ((EvseConfig(1, ()),), "EVSE 1: connectors"),
        ((EvseConfig(1, (ConnectorConfig(2),)),), "EVSE 1: connectors"),
        ((EvseConfig(1, (ConnectorConfig(power_type="AC"),)),), "expected one of AC_1_PHASE"),
    ],
)
def test_what_no_station_can_be_is_refused(evses: tuple[EvseConfig, ...], words: str) -> None:
    with pytest.raises(StationError, match=words):
        station(*evses).check()


def test_a_connector_s_limits() -> None:
    dc = ConnectorConfig(1, "IEC_62196_T2_COMBO", "CABLE", "DC", 500, 300, 150_000)
    assert dc.limits.dc
    assert dc.tethered
    assert ConnectorConfig().limits.phases == 3
    assert not ConnectorConfig().tethered


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"pnc": PncConfig(curve="P-384")}, "pnc curve 'P-384': P-256, P-521, Ed448"),
        ({"pnc": PncConfig(spelling="libOCPP")}, "pnc spelling 'libOCPP': note, libocpp"),
        ({"pnc": PncConfig(iso15118=("2", "-20"))}, "pnc iso15118 '-20': expected one of 2, 20"),
        (
            {"certificates": (Delivered("OEMRootCertificate", ""),)},
            "'OEMRootCertificate': expected",
        ),
    ],
)
def test_what_no_station_can_be_delivered_with_is_refused(
    fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(StationError, match=words):
        replace(station(EvseConfig(1)), **fields).check()


def test_keys_have_the_names_of_the_pki() -> None:
    assert CURVES == ALGORITHMS


def test_who_manages_certificates() -> None:
    plain = station(EvseConfig(1))
    assert not plain.manages_certificates
    for fields in (
        {"pnc": PncConfig()},
        {"certificates": (Delivered("CSMSRootCertificate", ""),)},
        {"certificate_directory": Path("x")},
    ):
        assert replace(plain, **fields).manages_certificates  # type: ignore[arg-type]
    assert "secret" not in repr(Delivered("V2GCertificate", "", "secret"))
