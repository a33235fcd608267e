"""What can be configured at a station, once for both versions.

Rule: one row per setting; the 1.6 key and the 2.0.1 component variable are two names of the same
value, so that a station behaves alike whichever way it was configured. Values are kept as they
stand on the wire; a value that its row does not allow is never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.station.connector import Point


class Kind(StrEnum):
    """Kinds of value, in the words of 2.0.1's DataEnumType."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    MEMBERS = "MemberList"  # comma-separated, any number of `allowed`
    STRING = "string"


class Access(StrEnum):
    """Who may do what with a value (2.0.1 MutabilityEnumType)."""

    READ_WRITE = "ReadWrite"
    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"


class Feature(StrEnum):
    """What only some stations have."""

    CERTIFICATES = "certificates"
    PNC = "pnc"


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
    feature: Feature | None = None  # the stations that have it; None: all
    check: Callable[[str], str | None] | None = None  # what else a text must be

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
            if len(set(members_of(value))) < len(members_of(value)):
                return "expected each member once"
            if self.low and not members_of(value):
                return "expected at least one member"
        elif not self.low <= len(value) <= self.high:
            return f"expected {self.low} to {self.high} characters"
        return self.check(value) if self.check is not None else None


def members_of(value: str) -> list[str]:
    """The members of a comma-separated list; an empty text has none."""
    return [member.strip() for member in value.split(",") if member.strip()]


# 1.6 section 9.1.7: how the phases of a connector lie to those of the grid.
ROTATIONS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")


def _rotations(value: str) -> str | None:
    """Why this is no ConnectorPhaseRotation, as in `0.RST, 1.RST, 2.RTS`."""
    seen: list[int] = []
    for member in value.split(","):
        number, dot, rotation = member.strip().partition(".")
        if not (dot and number.isascii() and number.isdigit() and rotation in ROTATIONS):
            return f"{member.strip()!r}: expected connector.rotation, one of {', '.join(ROTATIONS)}"
        seen.append(int(number))
    return "expected each connector once" if len(set(seen)) < len(seen) else None


def rotated(value: str) -> list[int]:
    """The connectors that a ConnectorPhaseRotation speaks of."""
    return [int(member.partition(".")[0]) for member in members_of(value)]


def _password(value: str) -> str | None:
    """Why this is no password: control characters and other alphabets are not portable."""
    return None if value.isascii() and value.isprintable() else "expected printable ASCII"


def _country(value: str) -> str | None:
    """Why this is no ISO 3166-1 alpha-2 code."""
    return (
        None
        if value.isascii() and value.isalpha() and value.isupper()
        else "expected two capital letters"
    )


def _name(value: str) -> str | None:
    """Why this can be no part of a certificate's subject."""
    return None if value.isprintable() and value.strip() == value else "expected printable text"


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
_CERTIFICATES, _PNC = Feature.CERTIFICATES, Feature.PNC
_RO, _WO = Access.READ_ONLY, Access.WRITE_ONLY
_POINTS = tuple(point.value for point in Point)


def _row(
    name: str, kind: Kind, default: str, key: str | None, variable: str | None, **more: Any
) -> Setting:
    """A row; a variable is written `Component.Name[instance]`."""
    if variable is None:
        return Setting(name, kind, default, key, None, **more)
    component, _, rest = variable.partition(".")
    variable_name, _, instance = rest.removesuffix("]").partition("[")
    return Setting(
        name, kind, default, key, Variable(component, variable_name, instance or None), **more
    )


# fmt: off
SETTINGS: tuple[Setting, ...] = (
    # Talking to the CSMS
    _row("heartbeat_interval_s", _I, "300", "HeartbeatInterval",
         "OCPPCommCtrlr.HeartbeatInterval", low=1, unit="s"),
    _row("message_timeout_s", _I, "30", None,
         "OCPPCommCtrlr.MessageTimeout[Default]", low=1, high=600, unit="s"),
    _row("message_attempts", _I, "3", "TransactionMessageAttempts",
         "OCPPCommCtrlr.MessageAttempts[TransactionEvent]", low=1, high=100),
    _row("message_retry_interval_s", _I, "60", "TransactionMessageRetryInterval",
         "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]", unit="s"),
    _row("ping_interval_s", _I, "0", "WebSocketPingInterval",
         "OCPPCommCtrlr.WebSocketPingInterval", unit="s", reboot=True),
    _row("offline_threshold_s", _I, "60", None, "OCPPCommCtrlr.OfflineThreshold", unit="s"),
    _row("reset_retries", _I, "0", "ResetRetries", "OCPPCommCtrlr.ResetRetries", high=10),
    _row("network_profile_attempts", _I, "3", None,
         "OCPPCommCtrlr.NetworkProfileConnectionAttempts", low=1, high=100),
    _row("network_priority", _S, "1", None,
         "OCPPCommCtrlr.NetworkConfigurationPriority", access=_RO),
    _row("file_protocols", _S, "", None, "OCPPCommCtrlr.FileTransferProtocols", access=_RO),
    _row("basic_auth_password", _S, "", "AuthorizationKey",
         "SecurityCtrlr.BasicAuthPassword", access=_WO, low=16, high=40, check=_password),
    _row("security_profile", _I, "0", "SecurityProfile",
         "SecurityCtrlr.SecurityProfile", access=_RO),
    _row("organization_name", _S, "roamlab", "CpoName",
         "SecurityCtrlr.OrganizationName", low=1, high=50),
    # Certificates
    _row("max_chain_size", _I, "10000", "CertificateSignedMaxChainSize",
         "SecurityCtrlr.MaxCertificateChainSize", high=10_000, access=_RO, feature=_CERTIFICATES),
    _row("certificate_store_max", _I, "20", "CertificateStoreMaxLength", None,
         access=_RO, feature=_CERTIFICATES),
    _row("cert_signing_wait_s", _I, "30", "CertSigningWaitMinimum",
         "SecurityCtrlr.CertSigningWaitMinimum", high=2_592_000, unit="s", feature=_CERTIFICATES),
    _row("cert_signing_repeats", _I, "3", "CertSigningRepeatTimes",
         "SecurityCtrlr.CertSigningRepeatTimes", high=10, feature=_CERTIFICATES),
    # ISO 15118
    _row("pnc_enabled", _B, "true", "ISO15118PnCEnabled",
         "ISO15118Ctrlr.PnCEnabled", feature=_PNC),
    _row("contract_validation_offline", _B, "true", "ContractValidationOffline",
         "ISO15118Ctrlr.ContractValidationOffline", feature=_PNC),
    _row("central_contract_validation", _B, "false", "CentralContractValidationAllowed",
         "ISO15118Ctrlr.CentralContractValidationAllowed", feature=_PNC),
    _row("secc_id", _S, "SECC", None, "ISO15118Ctrlr.SeccId",
         low=1, high=64, check=_name, feature=_PNC),
    _row("secc_country", _S, "DE", None, "ISO15118Ctrlr.CountryName",
         low=2, high=2, check=_country, feature=_PNC),
    _row("secc_organization", _S, "roamlab", None, "ISO15118Ctrlr.OrganizationName",
         low=1, high=64, check=_name, feature=_PNC),
    _row("v2g_installation", _B, "true", None,
         "ISO15118Ctrlr.V2GCertificateInstallationEnabled", feature=_PNC),
    _row("contract_installation", _B, "true", None,
         "ISO15118Ctrlr.ContractCertificateInstallationEnabled", feature=_PNC),
    # Transactions
    _row("connection_timeout_s", _I, "120", "ConnectionTimeOut",
         "TxCtrlr.EVConnectionTimeOut", low=1, unit="s"),
    _row("stop_on_invalid_id", _B, "true", "StopTransactionOnInvalidId",
         "TxCtrlr.StopTxOnInvalidId"),
    _row("stop_on_ev_disconnect", _B, "true", "StopTransactionOnEVSideDisconnect",
         "TxCtrlr.StopTxOnEVSideDisconnect"),
    _row("unlock_on_ev_disconnect", _B, "true", "UnlockConnectorOnEVSideDisconnect",
         "OCPPCommCtrlr.UnlockOnEVSideDisconnect"),
    _row("tx_start_points", _M, "PowerPathClosed", None,
         "TxCtrlr.TxStartPoint", low=1, allowed=_POINTS),
    _row("tx_stop_points", _M, "EVConnected,Authorized", None,
         "TxCtrlr.TxStopPoint", low=1, allowed=_POINTS),
    # Authorization
    _row("authorize_remote", _B, "false", "AuthorizeRemoteTxRequests",
         "AuthCtrlr.AuthorizeRemoteStart"),
    _row("local_authorize_offline", _B, "true", "LocalAuthorizeOffline",
         "AuthCtrlr.LocalAuthorizeOffline"),
    _row("local_pre_authorize", _B, "false", "LocalPreAuthorize", "AuthCtrlr.LocalPreAuthorize"),
    _row("allow_offline_unknown", _B, "false", "AllowOfflineTxForUnknownId",
         "AuthCtrlr.OfflineTxForUnknownIdEnabled"),
    _row("cache_enabled", _B, "true", "AuthorizationCacheEnabled", "AuthCacheCtrlr.Enabled"),
    _row("cache_lifetime_s", _I, "0", None, "AuthCacheCtrlr.LifeTime", unit="s"),
    # Meter values
    _row("meter_interval_s", _I, "60", "MeterValueSampleInterval",
         "SampledDataCtrlr.TxUpdatedInterval", unit="s"),
    _row("sampled_measurands", _M, _USUAL, "MeterValuesSampledData",
         "SampledDataCtrlr.TxUpdatedMeasurands", allowed=MEASURANDS),
    _row("started_measurands", _M, ENERGY, None,
         "SampledDataCtrlr.TxStartedMeasurands", allowed=MEASURANDS),
    _row("ended_measurands", _M, ENERGY, None,
         "SampledDataCtrlr.TxEndedMeasurands", allowed=MEASURANDS),
    _row("ended_interval_s", _I, "0", None, "SampledDataCtrlr.TxEndedInterval", unit="s"),
    _row("stop_sampled_measurands", _M, "", "StopTxnSampledData", None, allowed=MEASURANDS),
    _row("aligned_interval_s", _I, "0", "ClockAlignedDataInterval",
         "AlignedDataCtrlr.Interval", high=86400, unit="s"),
    _row("aligned_measurands", _M, ENERGY, "MeterValuesAlignedData",
         "AlignedDataCtrlr.Measurands", allowed=MEASURANDS),
    _row("stop_aligned_measurands", _M, "", "StopTxnAlignedData",
         "AlignedDataCtrlr.TxEndedMeasurands", allowed=MEASURANDS),
    _row("aligned_ended_interval_s", _I, "0", None,
         "AlignedDataCtrlr.TxEndedInterval", high=86400, unit="s"),
    # What a station tells about itself
    _row("connectors", _I, "1", "NumberOfConnectors", None, access=_RO),
    _row("phase_rotation", _S, "1.Unknown", "ConnectorPhaseRotation", None,
         low=1, high=500, check=_rotations),
    _row("feature_profiles", _S, "Core,RemoteTrigger", "SupportedFeatureProfiles",
         None, access=_RO),
    _row("max_keys", _I, "50", "GetConfigurationMaxKeys", None, access=_RO),
    _row("time_source", _S, "Heartbeat", None, "ClockCtrlr.TimeSource", access=_RO),
    _row("max_get_variables", _I, "50", None,
         "DeviceDataCtrlr.ItemsPerMessage[GetVariables]", access=_RO),
    _row("max_set_variables", _I, "50", None,
         "DeviceDataCtrlr.ItemsPerMessage[SetVariables]", access=_RO),
    _row("max_get_bytes", _I, "65536", None,
         "DeviceDataCtrlr.BytesPerMessage[GetVariables]", access=_RO),
    _row("max_set_bytes", _I, "65536", None,
         "DeviceDataCtrlr.BytesPerMessage[SetVariables]", access=_RO),
)
# fmt: on

BY_NAME: Mapping[str, Setting] = {row.name: row for row in SETTINGS}
# 1.6 keys are case-insensitive strings (CiString50Type); so are component and variable names.
BY_KEY: Mapping[str, Setting] = {row.key.lower(): row for row in SETTINGS if row.key}


class SettingError(ValueError):
    """A value that its setting does not allow: the message names both."""


class Settings:
    """The values of one station; what was never set costs nothing."""

    __slots__ = ("_values", "features")

    def __init__(
        self, values: Mapping[str, str] | None = None, features: frozenset[Feature] = frozenset()
    ) -> None:
        self._values: dict[str, str] = {}
        self.features = features
        for name, value in (values or {}).items():
            if name not in BY_NAME:
                raise SettingError(f"{name}: there is no such setting")
            self.set(name, value)

    def has(self, row: Setting) -> bool:
        """This station knows such a setting."""
        return row.feature is None or row.feature in self.features

    def rows(self) -> list[Setting]:
        """The settings that this station has, in order."""
        return [row for row in SETTINGS if self.has(row)]

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

    def problem(self, row: Setting, value: str) -> str | None:
        """Why this station cannot keep a value; None when it can."""
        problem = row.problem(value)
        if problem is None and row.name == "phase_rotation":
            last = self.integer("connectors")
            if max(rotated(value)) > last:
                return f"expected connectors up to {last}"
        return problem

    def set(self, name: str, value: str) -> None:
        """Set a value by our name. Raises SettingError."""
        problem = self.problem(BY_NAME[name], value)
        if problem:
            raise SettingError(f"{name}: {value!r}: {problem}")
        self._values[name] = value

    def keep(self, row: Setting, value: str) -> None:
        """Keep a value that the row allows."""
        self._values[row.name] = value
