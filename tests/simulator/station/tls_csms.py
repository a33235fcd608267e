"""A CSMS behind TLS that keeps what it is shown and asked, and a station that comes to it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from simulator.cpo import door
from simulator.cpo.config import StationEntry
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.certificates import pem, pem_chain
from simulator.pki.keys import key_pem
from simulator.station.config import StationConfig
from simulator.station.run import Station
from simulator.wire.ocpp_messages import Call, OcppError, OcppVersion, Reply
from simulator.wire.ocpp_messages import ErrorCode as Code
from simulator.wire.ocpp_ws import Admission, Knock, Link, OcppServer
from simulator.wire.security_events import refusal_told
from simulator.wire.tls import Tls, TlsPem
from tests.simulator.station.certificate_box import NOW, box

PASSWORD = "0123456789abcdef"
OTHER = 8  # the seed of another PKI


def ca(seed: int = 7) -> str:
    return pem(box(seed).roots("CSMS")[0])


def server_identity(seed: int = 7, **how: Any) -> TlsPem:
    """A CSMS's certificate."""
    issued = box(seed).issue("CSMS", "csms", NOW, Chance(3).child(str(how)), **how)
    return TlsPem(pem_chain(issued.chain), key_pem(issued.key))


def client_identity(name: str = "CP1", seed: int = 7, number: int = 1, **how: Any) -> TlsPem:
    """A station's certificate."""
    chance = Chance(5).child(f"{name}{number}{how}")
    issued = box(seed).issue("CHARGING_STATION", name, NOW, chance, **how)
    return TlsPem(pem_chain(issued.chain), key_pem(issued.key))


class Csms:
    """A CSMS that admits by security profile, and keeps what it is asked."""

    def __init__(self, clock: Clock, journal: Journal, entry: StationEntry, tls: Tls) -> None:
        self.knocks: list[Knock] = []
        self.refused: list[str] = []
        self.calls: list[Call] = []
        self.link: Link | None = None
        self.entry = entry
        self._clock = clock
        self.server = OcppServer(
            clock=clock,
            chance=Chance(1),
            journal=journal,
            actor="cpo",
            accept=self.accept,
            on_link=self.arrive,
            ssl=tls.server(clock, refusal_told(journal, "cpo", "ocpp"), ask_clients=True),
        )

    def accept(self, knock: Knock) -> Admission:
        self.knocks.append(knock)
        why = door.refusal(self.entry, knock)
        if why is None:
            return Admission.ADMITTED
        self.refused.append(why)
        return Admission.UNAUTHORIZED

    def arrive(self, link: Link) -> Any:
        self.link = link
        return self.answer

    async def answer(self, call: Call) -> Reply:
        self.calls.append(call)
        if call.action == "BootNotification":
            now = self._clock.now().isoformat().replace("+00:00", "Z")
            return Reply({"currentTime": now, "interval": 300, "status": "Accepted"})
        if call.action == "Heartbeat":
            return Reply({"currentTime": self._clock.now().isoformat().replace("+00:00", "Z")})
        if call.action in ("SignCertificate", "GetCertificateStatus"):
            return Reply({"status": "Accepted"})
        if call.action in ("StatusNotification", "SecurityEventNotification"):
            return Reply({})
        raise OcppError(Code.NOT_SUPPORTED, call.action)

    def asked(self, action: str) -> list[dict[str, Any]]:
        return [call.payload for call in self.calls if call.action == action]

    async def call(self, action: str, **payload: Any) -> dict[str, Any]:
        assert self.link is not None
        return await self.link.call(action, payload)


@contextlib.asynccontextmanager
async def meeting(
    clock: Clock,
    journal: Journal,
    profile: int,
    station: Tls,
    csms: Tls | None = None,
    *,
    version: OcppVersion = OcppVersion.V201,
    **more: Any,
) -> AsyncIterator[tuple[Station, Csms]]:
    """A station and its CSMS; the station has been switched on."""
    entry = StationEntry("CP1", "L1", ["E1"], PASSWORD, profile)
    there = Csms(clock, journal, entry, csms or Tls(server_identity(), ca()))
    await there.server.start()
    config = StationConfig(
        id="CP1",
        version=version,
        csms_url=there.server.url,
        security_profile=profile,
        basic_password=PASSWORD if profile < 3 else None,
        tls=station,
        **more,
    )
    it = Station(config, clock=clock, chance=Chance(2), journal=journal)
    try:
        await it.start()
        yield it, there
    finally:
        await it.stop()
        await there.server.stop()


def told(journal: Journal, what: str) -> list[dict[str, Any]]:
    return [r["data"] for r in journal.records if r.get("what") == what]
