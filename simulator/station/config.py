"""What a station is made of, as its builder wrote it down.

Rule: values only, checked once, when the station is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from simulator.mistakes import Mistake
from simulator.station.meter import Limits
from simulator.wire.ocpp_rpc import OcppVersion, Validation
from simulator.wire.tls import NO_TLS, Tls

# OCPI's PowerType -> phases; 0 is direct current.
PHASES: Mapping[str, int] = {
    "AC_1_PHASE": 1,
    "AC_2_PHASE": 2,
    "AC_2_PHASE_SPLIT": 2,
    "AC_3_PHASE": 3,
    "DC": 0,
}


class StationError(Mistake, ValueError):
    """A station cannot be built so, or cannot do what it was told: the message says why."""


def csms_url_problem(url: str) -> str | None:
    """Why no station can connect below this URL; None when it can. Its id is appended (OCPP-J 1.6
    section 3.1.1, 2.0.1 part 4 section 3.1.1).
    """
    expected = "expected ws://host:port/path or wss://host:port/path"
    if not url.isprintable() or " " in url:
        return f"{expected}, without spaces"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"{expected}: {error}"
    if parts.scheme not in ("ws", "wss") or not host:
        return expected
    if port == 0:
        return f"{expected}: port 0 is none"
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return f"{expected}: the station's id is appended, so neither ? nor # can stand there"
    if parts.username is not None or parts.password is not None:
        return f"{expected}: the user is the station's id, the password an option of its own"
    return None


@dataclass(frozen=True, slots=True)
class ConnectorConfig:
    """One connector, in OCPI's words (ConnectorType, ConnectorFormat, PowerType)."""

    connector_id: int = 1
    standard: str = "IEC_62196_T2"
    format: str = "SOCKET"
    power_type: str = "AC_3_PHASE"
    max_voltage_v: int = 230
    max_amperage_a: float = 32.0
    max_power_w: float = 22_000.0
    pnc: bool = True  # Plug & Charge, where the station has it

    @property
    def tethered(self) -> bool:
        """The cable hangs on the station and cannot be locked or unlocked."""
        return self.format == "CABLE"

    @property
    def limits(self) -> Limits:
        """What it can deliver."""
        return Limits(PHASES[self.power_type], self.max_amperage_a, self.max_power_w)


@dataclass(frozen=True, slots=True)
class EvseConfig:
    """One EVSE: it serves one car at a time through one of its connectors."""

    evse_id: int
    connectors: tuple[ConnectorConfig, ...] = (ConnectorConfig(),)


# How the 1.6 application note's messages are spelled: by its own tables, or in the shape of 2.0.1
# that EVerest's libocpp and others use.
SPELLINGS = ("note", "libocpp")
# The keys of V2G certificates: ISO 15118-2, and the two of -20 (as `pki.keys` names them).
CURVES = ("P-256", "P-521", "Ed448")
ISO_15118_EDITIONS = ("2", "20")
# What a station may be delivered with: roots, and chains with their keys (certificate_kinds).
DELIVERABLE = (
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "V2GCertificate",
    "ChargingStationCertificate",
    "combined",
)
_CLIENT_USES = ("ChargingStationCertificate", "combined")


@dataclass(frozen=True, slots=True)
class PncConfig:
    """What a station needs for ISO 15118 Plug & Charge.

    `secc_id`, `country` and `organization` are the subject of its V2G certificate; without an id it
    is the station's. With `enrols` it asks for a V2G certificate by itself when it has none. With
    `tls` car and station shake hands on a socket; without, the car looks at the certificates alone.
    """

    secc_id: str | None = None
    country: str = "DE"
    organization: str = "roamlab"
    spelling: str = "note"  # of 1.6 messages, one of SPELLINGS
    curve: str = "P-256"  # of V2G keys, one of CURVES
    enrols: bool = False
    iso15118: tuple[str, ...] = ISO_15118_EDITIONS  # what it speaks with cars
    tls: bool = True
    shows_both: bool = False  # hashes and certificate, where it may: see `pnc`


@dataclass(frozen=True, slots=True)
class Delivered:
    """A certificate that a station comes with: one of DELIVERABLE, PEM (a chain leaf first), and
    the PEM of its private key where it is the station's own.
    """

    use: str
    pem: str
    key_pem: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StationConfig:
    """A whole station. In 1.6 the connectors are numbered as the EVSEs; 0 is the station itself.

    `settings` overrides defaults of `settings.SETTINGS` by our names, after the two intervals.
    """

    id: str
    version: OcppVersion
    csms_url: str
    vendor: str = "roamlab"
    model: str = "Simulated"
    serial: str | None = None
    firmware: str | None = None
    evses: tuple[EvseConfig, ...] = (EvseConfig(1),)
    basic_password: str | None = None
    meter_interval_s: int = 60
    clock_aligned_interval_s: int = 0
    validation: Validation = Validation.STRICT
    settings: Mapping[str, str] = field(default_factory=dict)
    peer: str = "cpo"  # what the journal calls the CSMS
    reconnect_minimum_s: float = 10.0
    reconnect_random_s: float = 5.0
    reboot_s: float = 5.0
    pnc: PncConfig | None = None
    certificates: tuple[Delivered, ...] = ()
    certificate_directory: Path | None = None  # where they are kept; what is there comes first
    keeps_last_root: bool = False  # DeleteCertificate of the last one of a type fails
    # Of OCPP, 0 to 3; None: what URL, password and client certificate make of it.
    security_profile: int | None = None
    tls: Tls = NO_TLS  # the CA of its CSMS, and its own certificate, as it is delivered

    @property
    def profile(self) -> int:
        """Its security profile: 0 nothing, 1 a password, 2 that over TLS, 3 a client certificate
        (2.0.1 part 2 A00; 1.6 security whitepaper).
        """
        if self.security_profile is not None:
            return self.security_profile
        if urlsplit(self.csms_url).scheme == "wss":
            return 3 if self._has_client_certificate else 2
        return 0 if self.basic_password is None else 1

    @property
    def _has_client_certificate(self) -> bool:
        uses = {part.use for part in self.certificates}
        return self.tls.identity is not None or not uses.isdisjoint(_CLIENT_USES)

    @property
    def manages_certificates(self) -> bool:
        """It has a certificate store and the messages for it."""
        delivered = bool(self.certificates) or self.certificate_directory is not None
        return self.pnc is not None or delivered or self.profile >= 2

    def check(self) -> None:
        """Refuse what no station can be. Raises StationError."""
        if not self.id:
            raise StationError("a station's id: expected at least one character")
        problem = csms_url_problem(self.csms_url)
        if problem is not None:
            raise StationError(f"{self.id}: {self.csms_url}: {problem}")
        numbers = [evse.evse_id for evse in self.evses]
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            raise StationError(f"{self.id}: EVSEs are numbered 1, 2, ... without a gap: {numbers}")
        self._check_certificates()
        self._check_profile()
        for evse in self.evses:
            ids = [connector.connector_id for connector in evse.connectors]
            if not ids or ids != list(range(1, len(ids) + 1)):
                raise StationError(
                    f"{self.id}, EVSE {evse.evse_id}: connectors are numbered 1, 2, ...: {ids}"
                )
            for connector in evse.connectors:
                if connector.power_type not in PHASES:
                    known = ", ".join(PHASES)
                    raise StationError(
                        f"{self.id}: power_type {connector.power_type!r}: expected one of {known}"
                    )

    def _check_profile(self) -> None:
        profile, scheme = self.profile, urlsplit(self.csms_url).scheme
        if profile not in range(4):
            raise StationError(f"{self.id}: security profile {profile}: expected 0, 1, 2 or 3")
        if scheme != ("wss" if profile >= 2 else "ws"):
            how = "over TLS: expected wss://" if profile >= 2 else "in plain text: expected ws://"
            raise StationError(f"{self.id}: {self.csms_url}: security profile {profile} is {how}")
        said = self.security_profile
        if said in (1, 2) and self.basic_password is None:
            raise StationError(f"{self.id}: security profile {said} needs a password")
        store = self.certificate_directory
        if profile == 3 and store is None and not self._has_client_certificate:
            raise StationError(
                f"{self.id}: security profile 3 needs a client certificate and its key"
            )

    def _check_certificates(self) -> None:
        if self.pnc is not None and self.pnc.spelling not in SPELLINGS:
            known = ", ".join(SPELLINGS)
            raise StationError(f"{self.id}: pnc spelling {self.pnc.spelling!r}: {known}")
        for edition in () if self.pnc is None else self.pnc.iso15118:
            if edition not in ISO_15118_EDITIONS:
                known = ", ".join(ISO_15118_EDITIONS)
                raise StationError(f"{self.id}: pnc iso15118 {edition!r}: expected one of {known}")
        if self.pnc is not None and self.pnc.curve not in CURVES:
            raise StationError(f"{self.id}: pnc curve {self.pnc.curve!r}: {', '.join(CURVES)}")
        for part in self.certificates:
            if part.use not in DELIVERABLE:
                known = ", ".join(DELIVERABLE)
                raise StationError(f"{self.id}: certificate {part.use!r}: expected one of {known}")
