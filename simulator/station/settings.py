"""What can be configured at a station, once for both versions.

Rule: one row per setting; the 1.6 key and the 2.0.1 component variable are two names of the same
value, so that a station behaves alike whichever way it was configured. Values are kept as they
stand on the wire; a value that its row does not allow is never kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulator.station.connector import Point


class Kind(StrEnum):
    """Kinds of value, in the words of 2.0.1's DataEnumType (BasicAuthPassword is a string there)."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    MEMBERS = "MemberList"  # comma-separated, any number of `allowed`
    STRING = "string"


class Access(StrEnum):
    """Who may do what with a value (2.0.1 MutabilityEnumType)."""

    READ_WRITE = "ReadWrite"
    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"


@dataclass(frozen=True, slots=True)
class Variable:
    """The name of a value in the device model."""

    component: str
    name: str
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: our name, and what the standards call it (None: unknown to that version)."""

    name: str
    kind: Kind
    default: str
    key: str | None
    variable: Variable | None
    access: Access = Access.READ_WRITE
    low: int = 0
    high: int = 2_147_483_647
    allowed: tuple[str, ...] = ()
    unit: str | None = None
    reboot: bool = False

    def problem(self, value: str) -> str | None:
        """Why this value cannot be kept; None when it can."""
        if self.kind is Kind.INTEGER:
            digits = value.removeprefix("-")
            if not (digits.isascii() and digits.isdigit() and self.low <= int(value) <= self.high):
                return f"expected a whole number from {self.low} to {self.high}"
        elif self.kind is Kind.BOOLEAN:
            if value.lower() not in ("true", "false"):
                return "expected true or false"
        elif self.kind is Kind.MEMBERS:
            unknown = [member for member in members_of(value) if member not in self.allowed]
            if unknown:
                return f"{', '.join(unknown)}: not among {', '.join(self.allowed)}"
            if self.low and not members_of(value):
                return "expected at least one member"
        elif not self.low <= len(value) <= self.high:
            return f"expected {self.low} to {self.high} characters"
        return None


def members_of(value: str) -> list[str]:
    """The members of a comma-separated list; an empty text has none."""
    return [member.strip() for member in value.split(",") if member.strip()]


ENERGY = "Energy.Active.Import.Register"
MEASURANDS = (
    ENERGY,
    "Energy.Active.Import.Interval",
    "Power.Active.Import",
    "Power.Offered",
    "Power.Factor",
    "Current.Import",
    "Current.Offered",
    "Voltage",
    "SoC",
)
_USUAL = f"{ENERGY},Power.Active.Import,Current.Import,Voltage,SoC"

_I, _B, _M, _S = Kind.INTEGER, Kind.BOOLEAN, Kind.MEMBERS, Kind.STRING
_RO, _WO = Access.READ_ONLY, Access.WRITE_ONLY
_POINTS = tuple(point.value for point in Point)
_V, _Row = Variable, Setting

# fmt: off
SETTINGS: tuple[Setting, ...] = (
    # Talking to the CSMS
    _Row("heartbeat_interval_s", _I, "300", "HeartbeatInterval", _V("OCPPCommCtrlr", "HeartbeatInterval"), low=1, unit="s"),
    _Row("message_timeout_s", _I, "30", None, _V("OCPPCommCtrlr", "MessageTimeout", "Default"), low=1, high=600, unit="s"),
    _Row("message_attempts", _I, "3", "TransactionMessageAttempts", _V("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"), low=1, high=100),
    _Row("message_retry_interval_s", _I, "60", "TransactionMessageRetryInterval", _V("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"), unit="s"),
    _Row("ping_interval_s", _I, "0", "WebSocketPingInterval", _V("OCPPCommCtrlr", "WebSocketPingInterval"), unit="s", reboot=True),
    _Row("offline_threshold_s", _I, "60", None, _V("OCPPCommCtrlr", "OfflineThreshold"), unit="s"),
    _Row("reset_retries", _I, "0", "ResetRetries", _V("OCPPCommCtrlr", "ResetRetries"), high=10),
    _Row("network_profile_attempts", _I, "3", None, _V("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"), low=1, high=100),
    _Row("network_priority", _S, "1", None, _V("OCPPCommCtrlr", "NetworkConfigurationPriority"), _RO),
    _Row("file_protocols", _S, "", None, _V("OCPPCommCtrlr", "FileTransferProtocols"), _RO),
    _Row("basic_auth_password", _S, "", "AuthorizationKey", _V("SecurityCtrlr", "BasicAuthPassword"), _WO, low=16, high=40),
    _Row("security_profile", _I, "0", "SecurityProfile", _V("SecurityCtrlr", "SecurityProfile"), _RO),
    _Row("organization_name", _S, "roamlab", None, _V("SecurityCtrlr", "OrganizationName"), low=1, high=50),
    _Row("certificate_entries", _I, "0", None, _V("SecurityCtrlr", "CertificateEntries"), _RO),
    # Transactions
    _Row("connection_timeout_s", _I, "120", "ConnectionTimeOut", _V("TxCtrlr", "EVConnectionTimeOut"), low=1, unit="s"),
    _Row("stop_on_invalid_id", _B, "true", "StopTransactionOnInvalidId", _V("TxCtrlr", "StopTxOnInvalidId")),
    _Row("stop_on_ev_disconnect", _B, "true", "StopTransactionOnEVSideDisconnect", _V("TxCtrlr", "StopTxOnEVSideDisconnect")),
    _Row("unlock_on_ev_disconnect", _B, "true", "UnlockConnectorOnEVSideDisconnect", _V("OCPPCommCtrlr", "UnlockOnEVSideDisconnect")),
    _Row("tx_start_points", _M, "PowerPathClosed", None, _V("TxCtrlr", "TxStartPoint"), low=1, allowed=_POINTS),
    _Row("tx_stop_points", _M, "EVConnected,Authorized", None, _V("TxCtrlr", "TxStopPoint"), low=1, allowed=_POINTS),
    # Authorization
    _Row("authorize_remote", _B, "false", "AuthorizeRemoteTxRequests", _V("AuthCtrlr", "AuthorizeRemoteStart")),
    _Row("local_authorize_offline", _B, "true", "LocalAuthorizeOffline", _V("AuthCtrlr", "LocalAuthorizeOffline")),
    _Row("local_pre_authorize", _B, "false", "LocalPreAuthorize", _V("AuthCtrlr", "LocalPreAuthorize")),
    _Row("allow_offline_unknown", _B, "false", "AllowOfflineTxForUnknownId", _V("AuthCtrlr", "OfflineTxForUnknownIdEnabled")),
    _Row("cache_enabled", _B, "true", "AuthorizationCacheEnabled", _V("AuthCacheCtrlr", "Enabled")),
    _Row("cache_lifetime_s", _I, "0", None, _V("AuthCacheCtrlr", "LifeTime"), unit="s"),
    # Meter values
    _Row("meter_interval_s", _I, "60", "MeterValueSampleInterval", _V("SampledDataCtrlr", "TxUpdatedInterval"), unit="s"),
    _Row("sampled_measurands", _M, _USUAL, "MeterValuesSampledData", _V("SampledDataCtrlr", "TxUpdatedMeasurands"), allowed=MEASURANDS),
    _Row("started_measurands", _M, ENERGY, None, _V("SampledDataCtrlr", "TxStartedMeasurands"), allowed=MEASURANDS),
    _Row("ended_measurands", _M, ENERGY, None, _V("SampledDataCtrlr", "TxEndedMeasurands"), allowed=MEASURANDS),
    _Row("ended_interval_s", _I, "0", None, _V("SampledDataCtrlr", "TxEndedInterval"), unit="s"),
    _Row("stop_sampled_measurands", _M, "", "StopTxnSampledData", None, allowed=MEASURANDS),
    _Row("aligned_interval_s", _I, "0", "ClockAlignedDataInterval", _V("AlignedDataCtrlr", "Interval"), high=86_400, unit="s"),
    _Row("aligned_measurands", _M, ENERGY, "MeterValuesAlignedData", _V("AlignedDataCtrlr", "Measurands"), allowed=MEASURANDS),
    _Row("stop_aligned_measurands", _M, "", "StopTxnAlignedData", _V("AlignedDataCtrlr", "TxEndedMeasurands"), allowed=MEASURANDS),
    _Row("aligned_ended_interval_s", _I, "0", None, _V("AlignedDataCtrlr", "TxEndedInterval"), high=86_400, unit="s"),
    # What a station tells about itself
    _Row("connectors", _I, "1", "NumberOfConnectors", None, _RO),
    _Row("phase_rotation", _S, "Unknown", "ConnectorPhaseRotation", None, high=500),
    _Row("feature_profiles", _S, "Core,RemoteTrigger", "SupportedFeatureProfiles", None, _RO),
    _Row("max_keys", _I, "50", "GetConfigurationMaxKeys", None, _RO),
    _Row("time_source", _S, "Heartbeat", None, _V("ClockCtrlr", "TimeSource"), _RO),
    _Row("max_get_variables", _I, "50", None, _V("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"), _RO),
    _Row("max_set_variables", _I, "50", None, _V("DeviceDataCtrlr", "ItemsPerMessage", "SetVariables"), _RO),
    _Row("max_get_bytes", _I, "65536", None, _V("DeviceDataCtrlr", "BytesPerMessage", "GetVariables"), _RO),
    _Row("max_set_bytes", _I, "65536", None, _V("DeviceDataCtrlr", "BytesPerMessage", "SetVariables"), _RO),
)
# fmt: on

BY_NAME: Mapping[str, Setting] = {row.name: row for row in SETTINGS}
# 1.6 keys are case-insensitive strings (CiString50Type); so are component and variable names.
BY_KEY: Mapping[str, Setting] = {row.key.lower(): row for row in SETTINGS if row.key}


class SettingError(ValueError):
    """A value that its setting does not allow: the message names both."""


class Settings:
    """The values of one station; what was never set costs nothing."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        for name, value in (values or {}).items():
            if name not in BY_NAME:
                raise SettingError(f"{name}: there is no such setting")
            problem = BY_NAME[name].problem(value)
            if problem:
                raise SettingError(f"{name}: {value!r}: {problem}")
            self._values[name] = value

    def text(self, name: str) -> str:
        """The value as it stands on the wire."""
        value = self._values.get(name)
        return BY_NAME[name].default if value is None else value

    def integer(self, name: str) -> int:
        """The value of a whole number."""
        return int(self.text(name))

    def flag(self, name: str) -> bool:
        """The value of a boolean."""
        return self.text(name).lower() == "true"

    def members(self, name: str) -> list[str]:
        """The members of a list, in order."""
        return members_of(self.text(name))

    def keep(self, row: Setting, value: str) -> None:
        """Keep a value that the row allows."""
        self._values[row.name] = value
