"""Plug & Charge in a world file: the PKI, what stations and the CPO make of it, cars' contracts.

Rule: what the file says, as data; `world_pki` makes certificates of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from simulator.mistakes import Mistake, did_you_mean
from simulator.pki.emaid import parse_emaid
from simulator.pki.est import EstServer
from simulator.pki.ocsp_http import OcspResponder
from simulator.pki.pool import CertificatePool
from simulator.pki.service import Service
from simulator.pki.switch import Switch
from simulator.station.config import PncConfig
from simulator.station.settings import BY_NAME
from simulator.strict_yaml import Document, Place

VALID, EXPIRED, NOT_YET, REVOKED = "valid", "expired", "not_yet_valid", "revoked"
WRONG_ROOT, NO_AIA, WRONG_EMAID = "wrong_root", "no_aia", "wrong_emaid"
CONTRACT_KINDS = (VALID, EXPIRED, NOT_YET, REVOKED, WRONG_ROOT, NO_AIA, WRONG_EMAID)
# Of a station: which certificate it shows to cars, and how it verifies theirs.
INSTALLED, REQUESTED, NONE = "installed", "requested", "none"
LOCAL, CENTRAL = "local", "central"
SERVICES: Mapping[str, type[Service]] = {
    "ocsp": OcspResponder,
    "pool": CertificatePool,
    "est": EstServer,
}
# What the cars of a file have beside `Car`'s plain values.
_CAR_KEYS = ("contract", "provisioning")
_LONGEST_PCID = 18
_NO_PKI = "this file has no section 'pki' that could issue its certificates"
_FILES = ("mo_roots", "v2g_roots", "authorities")


@dataclass(frozen=True, slots=True)
class PkiPlan:
    """The world's PKI and its services; `switches` are how each behaves from the start."""

    profile: str = "iso15118-2"
    directory: Path | None = None  # none: in memory
    port: int | None = None  # none: what its certificates say, else 8085; 0: a free one
    ocsp_valid_for_s: float = 3600.0
    switches: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PncPlan:
    """Plug & Charge at a station. None: as stations are, by their own settings."""

    iso15118: tuple[Literal["2", "20"], ...] = ("2",)
    certificate: str = INSTALLED
    validation: str = LOCAL
    enabled: bool | None = None
    contract_validation_offline: bool | None = None
    contract_installation: bool | None = None
    dialect: str = "note"
    shows_both: bool = False
    tls: bool = True
    secc_id: str | None = None
    country: str = "DE"
    organization: str = "roamlab"

    @property
    def config(self) -> PncConfig:
        """The station's part."""
        return PncConfig(
            secc_id=self.secc_id,
            country=self.country,
            organization=self.organization,
            spelling=self.dialect,
            enrols=self.certificate == REQUESTED,
            iso15118=self.iso15118,
            tls=self.tls,
            shows_both=self.shows_both,
        )

    @property
    def settings(self) -> dict[str, str]:
        """What is set at the station, by our names."""
        told = {
            "pnc_enabled": self.enabled,
            "contract_validation_offline": self.contract_validation_offline,
            "contract_installation": self.contract_installation,
            "central_contract_validation": True if self.validation == CENTRAL else None,
        }
        return {name: str(value).lower() for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ContractPlan:
    """A car's contract: how the EMAID is spelled in its certificate, and what is wrong with it."""

    emaid: str
    is_: str = VALID
    as_written: bool = False


@dataclass(frozen=True, slots=True)
class CarPlan:
    """What a car holds for Plug & Charge; `pool_emaid` is what the pool has for it."""

    contract: ContractPlan | None = None
    pcid: str | None = None
    pool_emaid: str | None = None

    @property
    def certified(self) -> bool:
        """It needs certificates."""
        return self.contract is not None or self.pcid is not None


def read_pki(document: Document, data: dict[str, Any]) -> PkiPlan | None:
    """The section `pki` of a file; what is wrong is noted."""
    told = data.get("pki")
    if told is None:
        return None
    base = Path(document.path).parent
    switches = {name: told[name] for name in SERVICES if name in told}
    for name, switch in switches.items():
        try:
            Switch.parse(switch, SERVICES[name].modes)
        except Mistake as mistake:
            document.wrong(("pki", name), str(mistake))
    directory = told.get("directory")
    plain = {name: told[name] for name in ("profile", "port", "ocsp_valid_for_s") if name in told}
    return PkiPlan(
        **plain, switches=switches, directory=None if directory is None else base / directory
    )


def read_pnc(document: Document, cpo: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The CPO's `pnc`: as `PncSettings` takes it, files read; what is wrong is noted."""
    told = cpo.get("pnc")
    if told is None:
        return None
    settings = dict(told)
    for name in _FILES:
        if name in settings:
            settings[name] = tuple(_texts(document, ("cpo", "pnc", name), settings[name]))
    return settings


def _texts(document: Document, place: Place, names: Sequence[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        path = Path(document.path).parent / name
        try:
            yield path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not PEM"
            document.wrong((*place, number), f"{path}: {why}")


def read_stations_pnc(told: Mapping[str, Any] | None) -> PncPlan | None:
    """A station's `pnc`."""
    if told is None:
        return None
    return PncPlan(**{**told, "iso15118": tuple(told.get("iso15118", ("2",)))})


def read_settings(document: Document, place: Place, told: Mapping[str, Any]) -> dict[str, str]:
    """A station's `settings`, as they stand on the wire; what is wrong is noted."""
    settings: dict[str, str] = {}
    for name, value in told.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if name not in BY_NAME:
            hint = did_you_mean(name, BY_NAME)
            document.wrong((*place, name), f"there is no such setting.{hint}")
        elif (problem := BY_NAME[name].problem(text)) is not None:
            document.wrong((*place, name), f"{problem}, not '{text}'")
        settings[name] = text
    return settings


def read_cars(
    document: Document, cars: Mapping[str, Mapping[str, Any]]
) -> tuple[dict[str, dict[str, Any]], dict[str, CarPlan]]:
    """Each car's plain values, and what it holds for Plug & Charge; what is wrong is noted."""
    plain, held = {}, {}
    for name, car in cars.items():
        values = {key: value for key, value in car.items() if key not in _CAR_KEYS}
        if "iso15118" in values:
            values["iso15118"] = tuple(values["iso15118"])
        plain[name], held[name] = values, _car(document, ("cars", name), name, car)
    return plain, held


def _car(document: Document, place: Place, name: str, car: Mapping[str, Any]) -> CarPlan:
    contract = _contract(_fields(document, (*place, "contract"), car.get("contract")))
    told = _fields(document, (*place, "provisioning"), car.get("provisioning"))
    if told is None:
        return CarPlan(contract)
    pcid = told.get("pcid", f"RLB{name.upper()}"[:_LONGEST_PCID])
    return CarPlan(contract, pcid, told.get("emaid"))


def _contract(told: Mapping[str, Any] | None) -> ContractPlan | None:
    if told is None:
        return None
    return ContractPlan(told["emaid"], told.get("is", VALID), told.get("as_written", False))


def _fields(document: Document, place: Place, told: Any) -> Mapping[str, Any] | None:
    """What is told of a contract; a bare EMAID is one."""
    if told is None:
        return None
    fields: Mapping[str, Any] = {"emaid": told} if isinstance(told, str) else told
    emaid = fields.get("emaid")
    if emaid is not None and parse_emaid(emaid) is None:
        document.wrong(
            place, f"'{emaid}' is no EMAID: like DE-8PS-C12345678-3, dashes may be missing"
        )
    return fields


def check_pki(document: Document, data: Mapping[str, Any]) -> None:
    """Without a PKI nobody can have what it issues."""
    if data.get("pki") is not None:
        return
    for name, car in data.get("cars", {}).items():
        for key in _CAR_KEYS:
            if key in car:
                document.wrong(("cars", name, key), _NO_PKI)
    for i, location in enumerate(data.get("locations", ())):
        for j, station in enumerate(location.get("stations", ())):
            if "pnc" in station:
                document.wrong(("locations", i, "stations", j, "pnc"), _NO_PKI)
