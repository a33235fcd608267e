"""A world whose every link is over TLS, with certificates of a PKI in a directory."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from simulator.kernel.chance import Chance
from simulator.kernel.clock import DEFAULT_START
from simulator.pki.links import server_tls, station_tls
from simulator.pki.store import Pki
from simulator.wire.tls import Tls, TlsFiles
from simulator.world import World
from simulator.world_file import read_text

STATIONS = ("S16", "S201")
WORLD = """\
name: tls
seed: 7
clock: {clock}
cpo: {{country_code: DE, party_id: ABC, name: T, ocpp_tls: {server}, ocpi_tls: {server}, {ports}}}
peers:
- {{name: plugsurfing, tls: {server}, port: 0, tokens: [{{uid: 04AA}}]}}
emps:
- {{name: emp, tls: {server}, port: 0, tokens: [{{uid: 04EE, contract_id: DE-EMP-C00000001-1}}]}}
tariffs: [{{id: t, elements: [{{price_components: [{{type: ENERGY, price: 0.5, step_size: 1}}]}}]}}]
locations:
- id: L1
  country: DEU
  stations:
  - {{id: S16, ocpp: 1.6, tariff: t, security_profile: 3, tls: {S16}}}
  - {{id: S201, ocpp: 2.0.1, evses: [[dc-150]], tariff: t, security_profile: 3, tls: {S201}}}
  - {{id: SPW, ocpp: 2.0.1, tariff: t, security_profile: 2, password: 0123456789abcdef}}
cars: {{mine: {{soc_percent: 10}}}}
"""


def make_pki(directory: Path, now: datetime = DEFAULT_START) -> Pki:
    """A PKI of the day before, with client certificates for the stations."""
    pki = Pki.create(Chance(7), now - timedelta(days=1), directory=directory)
    for name in STATIONS:
        pki.issue("CHARGING_STATION", name, now, Chance(7).child(name))
    return pki


def named(tls: Tls) -> str:
    """It, as a world file has it."""
    assert isinstance(tls.identity, TlsFiles)
    identity = tls.identity
    return f"{{cert: {identity.certificate}, key: {identity.key}, ca: {tls.ca}}}"


def world_of(pki: Pki, clock: str = "virtual") -> World:
    """The world, not yet started."""
    stations = {name: named(station_tls(pki, name)) for name in STATIONS}
    ports = "" if clock == "virtual" else "ocpp_port: 0, ocpi_port: 0"
    text = WORLD.format(clock=clock, server=named(server_tls(pki)), ports=ports, **stations)
    return World(read_text(text.replace(", }", "}")))
