"""Certificates in a world file: who has which, and whether the two ends of a link go together.

Rule: paths are relative to the file that names them. What they hold is read when the actors are
built; here is said what contradicts itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.strict_yaml import Document, Place
from simulator.wire.tls import NO_TLS, Tls, TlsFiles, TlsPem

if TYPE_CHECKING:
    from simulator.world_file import StationPlan, WorldFile

# What stands where the file says `pki`, until the world has made its PKI.
PKI = "pki"
FROM_PKI = Tls(TlsPem(PKI, PKI), PKI)


def read_tls(document: Document) -> dict[str, Any]:
    """The document's data with each `tls` as what actors take; what is wrong is noted."""
    data: dict[str, Any] = _copied(document.data)
    base = Path(document.path).parent
    for place in _places(data):
        *above, key = place
        holder: Any = data
        for step in above:
            holder = holder[step]
        holder[key] = _tls(document, place, holder[key], base)
    return data


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(part) for key, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


def _places(data: Mapping[str, Any]) -> Iterator[Place]:
    """Where certificates are named."""
    for key in ("ocpp_tls", "ocpi_tls"):
        if key in data["cpo"]:
            yield ("cpo", key)
    for section in ("peers", "emps"):
        for index, actor in enumerate(data.get(section, ())):
            if "tls" in actor:
                yield (section, index, "tls")
    for i, location in enumerate(data.get("locations", ())):
        for j, station in enumerate(location.get("stations", ())):
            if "tls" in station:
                yield ("locations", i, "stations", j, "tls")


def _tls(document: Document, place: Place, told: Mapping[str, Any] | str, base: Path) -> Tls:
    if isinstance(told, str):
        if document.data.get(PKI) is None:
            document.wrong(place, "this file has no section 'pki'")
        return FROM_PKI
    certificate, key, ca = told.get("cert"), told.get("key"), told.get("ca")
    if (certificate is None) != (key is None):
        document.wrong(place, "'cert' and 'key' go together")
    if told.get("mutual") and ca is None:
        document.wrong(place, "'mutual' needs the 'ca' whose certificates clients must show")
    identity = None
    if certificate is not None and key is not None:
        identity = TlsFiles(base / certificate, base / key)
    return Tls(identity, None if ca is None else base / ca, bool(told.get("mutual")))


def check_profiles(document: Document, world: WorldFile) -> None:
    """Hold the stations' security profiles against what the CPO serves."""
    for i, location in enumerate(world.locations):
        for j, station in enumerate(location.get("stations", [])):
            place: Place = ("locations", i, "stations", j, "security_profile")
            for problem in _contradictions(world, station):
                document.wrong(place, problem)


def _contradictions(world: WorldFile, station: Mapping[str, Any]) -> Iterator[str]:
    profile, tls = station.get("security_profile"), station.get("tls", NO_TLS)
    secure = world.ocpp_tls.identity is not None
    if profile is None or world.outside is not None or station.get("csms") is not None:
        return
    if profile >= 2 and not secure:
        yield f"{profile} is over TLS: cpo.ocpp_tls needs 'cert' and 'key'"
    if profile < 2 and secure:
        yield f"{profile} is plain text, and the CPO's stations come over TLS (cpo.ocpp_tls)"
    if profile in (1, 2) and station.get("password") is None:
        yield f"{profile} needs a 'password'"
    if profile == 3 and secure and world.ocpp_tls.ca is None:
        yield "3 needs the CA of the stations' certificates: cpo.ocpp_tls.ca"
    if profile == 3 and tls.identity is None:
        yield "3 needs a client certificate: tls.cert and tls.key"


def profile_at_the_door(world: WorldFile, station: StationPlan) -> int:
    """The security profile that the CPO asks of a station: its own, or what the file makes it."""
    if station.security_profile is not None:
        return station.security_profile
    if world.ocpp_tls.identity is None:
        return 1
    return 3 if station.tls is not None and station.tls.identity is not None else 2
