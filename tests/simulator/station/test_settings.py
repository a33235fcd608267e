"""The table of settings: consistent in itself, and strict about values."""

from __future__ import annotations

import pytest

from simulator.station.settings import (
    BY_KEY,
    BY_NAME,
    SETTINGS,
    Access,
    Feature,
    Kind,
    Setting,
    SettingError,
    Settings,
    members_of,
)

# OCPP 1.6 section 9.1: the keys that a station must have for the Core profile.
REQUIRED_16 = (
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "ConnectorPhaseRotation",
    "GetConfigurationMaxKeys",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
    "NumberOfConnectors",
    "ResetRetries",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
)


@pytest.mark.parametrize("key", REQUIRED_16)
def test_what_the_core_profile_requires_is_there(key: str) -> None:
    row = BY_KEY[key.lower()]
    assert row.key == key


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row.name)
def test_rows_are_sound(row: Setting) -> None:
    if row.access is not Access.WRITE_ONLY:
        assert row.problem(row.default) is None
    assert row.key or row.variable
    assert (row.unit is not None) is row.name.endswith("_s")


def test_names_are_used_once() -> None:
    assert len(BY_NAME) == len(SETTINGS)
    assert len(BY_KEY) == sum(1 for row in SETTINGS if row.key)
    variables = [row.variable for row in SETTINGS if row.variable]
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        ("heartbeat_interval_s", "1", True),
        ("heartbeat_interval_s", "0", False),
        ("heartbeat_interval_s", "1.5", False),
        ("heartbeat_interval_s", "", False),
        ("heartbeat_interval_s", "²", False),
        ("cache_enabled", "False", True),
        ("cache_enabled", "0", False),
        ("sampled_measurands", "", True),
        ("sampled_measurands", " SoC , Voltage ", True),
        ("sampled_measurands", "soc", False),
        ("tx_start_points", "", False),
        ("tx_start_points", "ParkingBayOccupancy", False),
        ("basic_auth_password", "x" * 16, True),
        ("basic_auth_password", "x" * 41, False),
        ("basic_auth_password", "ü" * 16, False),
        ("basic_auth_password", "x" * 16 + "\n", False),
        ("sampled_measurands", "SoC,SoC", False),
        ("heartbeat_interval_s", "--5", False),
        ("heartbeat_interval_s", "9" * 400, False),
        ("phase_rotation", "0.RST,1.TSR", True),
        ("phase_rotation", "1.rst", False),
        ("phase_rotation", "²", False),
        ("secc_country", "DE", True),
        ("secc_country", "de", False),
        ("secc_country", "D1", False),
        ("secc_id", "DE-ICE-S-0001-2", True),
        ("secc_id", "", False),
        ("secc_id", " x", False),
        ("secc_id", "x" * 65, False),
        ("cert_signing_wait_s", "0", True),
        ("cert_signing_repeats", "11", False),
    ],
)
def test_values_are_judged_by_their_row(name: str, value: str, good: bool) -> None:
    assert (BY_NAME[name].problem(value) is None) is good


def test_settings_read_by_kind() -> None:
    settings = Settings({"meter_interval_s": "15", "cache_enabled": "FALSE"})
    assert settings.integer("meter_interval_s") == 15
    assert settings.flag("cache_enabled") is False
    assert settings.flag("local_authorize_offline") is True
    assert settings.members("tx_stop_points") == ["EVConnected", "Authorized"]
    settings.set("meter_interval_s", "0")
    settings.keep(BY_NAME["phase_rotation"], "1.RST")
    assert (settings.text("meter_interval_s"), settings.text("phase_rotation")) == ("0", "1.RST")


def test_wrong_values_are_named() -> None:
    with pytest.raises(SettingError, match="no_such: there is no such setting"):
        Settings({"no_such": "1"})
    with pytest.raises(SettingError, match="cache_enabled: 'maybe': expected true or false"):
        Settings({"cache_enabled": "maybe"})


def test_members() -> None:
    assert members_of("") == []
    assert members_of("A,B, C") == ["A", "B", "C"]
    assert Kind.MEMBERS.value == "MemberList"


def test_what_only_some_stations_have() -> None:
    row = BY_NAME["pnc_enabled"]
    assert not Settings().has(row)
    with_pnc = Settings(features=frozenset({Feature.PNC}))
    assert with_pnc.has(row)
    assert row in with_pnc.rows()
    assert BY_NAME["max_chain_size"] not in with_pnc.rows()
    assert len(Settings().rows()) == sum(each.feature is None for each in SETTINGS)
