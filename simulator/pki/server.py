"""All services of a PKI on one port: OCSP, certificate pool, EST, and the switches of each.

Rule: a switch is read and set over HTTP (`/_mock/switches`), so that a test in another process can
make a service fail and heal.
"""

from __future__ import annotations

import ssl as _ssl
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake, did_you_mean
from simulator.pki import est, ocsp_http
from simulator.pki.est import EstServer
from simulator.pki.ocsp_answer import VALID_FOR
from simulator.pki.ocsp_http import OcspResponder
from simulator.pki.pool import CertificatePool
from simulator.pki.service import Service, refused
from simulator.pki.store import Pki
from simulator.wire.http import Headers, Request, Response

SWITCHES = "/_mock/switches"


class PkiServer(Service):
    """A PKI's services; its own switch stays as it is."""

    def __init__(
        self,
        pki: Pki,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        contracts: Mapping[str, str] | None = None,
        default: str | None = None,
        valid_for: timedelta = VALID_FOR,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: _ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(clock, journal, host=host, port=port, ssl=ssl)
        self.ocsp = OcspResponder(pki, clock=clock, journal=journal, valid_for=valid_for)
        self.pool = CertificatePool(
            pki, clock=clock, chance=chance.child("pool"), journal=journal,
            contracts=contracts, default=default,
        )  # fmt: skip
        self.est = EstServer(pki, clock=clock, chance=chance.child("est"), journal=journal)
        self.services: dict[str, Service] = {
            "ocsp": self.ocsp,
            "pool": self.pool,
            "est": self.est,
        }

    @property
    def urls(self) -> dict[str, str]:
        """Where each service is, once started."""
        return {
            "ocsp_url": self.base_url + ocsp_http.PATH,
            "pool_url": self.base_url,
            "est_url": self.base_url + est.PATH,
            "switches_url": self.base_url + SWITCHES,
        }

    async def answer(self, request: Request) -> Response:
        """Hand a request to the service whose path it is."""
        if request.path == SWITCHES:
            return self._switches(request)
        if request.path.startswith(ocsp_http.PATH):
            return await self.ocsp.handle(request)
        if request.path.startswith(est.PATH):
            return await self.est.handle(request)
        return await self.pool.handle(request)

    def set_switches(self, switches: Mapping[str, str]) -> None:
        """Set switches by service: `{"ocsp": "slow:8"}`; all of them or, with a Mistake, none."""
        before = {name: service.switch for name, service in self.services.items()}
        try:
            for name, switch in switches.items():
                if name not in self.services:
                    raise Mistake(f"no such service: '{name}'.{did_you_mean(name, self.services)}")
                self.services[name].turn(switch)
        except Mistake:
            for name, switch_before in before.items():
                self.services[name].switch = switch_before
            raise

    def _switches(self, request: Request) -> Response:
        if request.method not in ("GET", "PUT"):
            return refused(405, "switches are read and set", allow="GET, PUT")
        if request.method == "PUT":
            try:
                self.set_switches(msgspec.json.decode(request.body, type=dict[str, str]))
            except (msgspec.DecodeError, UnicodeDecodeError, Mistake) as error:
                return refused(400, str(error))
        now = {name: str(service.switch) for name, service in self.services.items()}
        return Response(
            200, Headers({"Content-Type": "application/json"}), msgspec.json.encode(now)
        )
