"""A station as it leaves the factory: the settings and certificates that its configuration makes.

Rule: values only; what the station later learns is its memory's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.mistakes import Mistake
from simulator.station.config import StationConfig, StationError
from simulator.station.settings import BY_NAME, Feature, SettingError, Settings

if TYPE_CHECKING:  # a station without certificates loads no cryptography
    from simulator.station.certificates import CertificateStore


def _rotations(config: StationConfig) -> str:
    """ConnectorPhaseRotation as installed; of a very large station, as many as a value holds."""
    limits = [evse.connectors[0].limits for evse in config.evses]
    known = [
        f"{number}.{'Unknown' if each.phases == 3 else 'NotApplicable'}"
        for number, each in enumerate(limits, 1)
    ]
    while len(",".join(known)) > BY_NAME["phase_rotation"].high:
        known.pop()
    return ",".join(known)


def settings_of(config: StationConfig) -> Settings:
    """Its settings: our defaults, what its parts make of them, and what its builder wrote. Raises
    StationError.
    """
    values = {
        "meter_interval_s": str(config.meter_interval_s),
        "aligned_interval_s": str(config.clock_aligned_interval_s),
        "connectors": str(len(config.evses)),
        "phase_rotation": _rotations(config),
        "security_profile": str(config.profile),
        **_pnc_settings(config),
        **config.settings,
    }
    try:
        return Settings(values, _features(config))
    except SettingError as error:
        raise StationError(f"{config.id}: settings: {error}") from error


def _features(config: StationConfig) -> frozenset[Feature]:
    pnc = frozenset() if config.pnc is None else frozenset({Feature.PNC})
    return pnc | {Feature.CERTIFICATES} if config.manages_certificates else pnc


def _pnc_settings(config: StationConfig) -> dict[str, str]:
    """The subject of its V2G certificate, as the builder wrote it."""
    if config.pnc is None:
        return {}
    return {
        "secc_id": config.pnc.secc_id or config.id,
        "secc_country": config.pnc.country,
        "secc_organization": config.pnc.organization,
    }


def certificates_of(config: StationConfig) -> CertificateStore | None:
    """What is kept in the station's directory, else what it was delivered with; None for a station
    that has no store. Raises StationError.
    """
    if not config.manages_certificates:
        return None
    from simulator.station.certificate_files import open_store
    from simulator.station.csms_tls import delivered

    try:
        given = (*config.certificates, *delivered(config))
        return open_store(replace(config, certificates=given))
    except Mistake as error:
        raise StationError(f"{config.id}: certificates: {error}") from error
