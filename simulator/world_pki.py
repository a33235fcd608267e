"""The PKI of a world at work: who gets which certificate, and its services on the world's clock.

Rule: every certificate comes from the world's seed and is dated by its clock. In a directory, what
is there and still good is used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from simulator.cpo.config import PncSettings
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.pki import est, ocsp_http
from simulator.pki.certificates import PkiError, pem, pem_chain, serial_hex
from simulator.pki.contract import Contract
from simulator.pki.emaid import parse_emaid
from simulator.pki.hierarchy import LOOPBACK, Issued
from simulator.pki.keys import key_pem
from simulator.pki.server import PkiServer
from simulator.pki.spec import PROFILES
from simulator.pki.store import Pki
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.config import Delivered, StationConfig
from simulator.station.ev import Car
from simulator.wire.tls import Tls, TlsPem
from simulator.world_contracts import (
    EXPIRED,
    INSTALLED,
    LOCAL,
    NO_AIA,
    NOT_YET,
    REVOKED,
    WRONG_EMAID,
    WRONG_ROOT,
    CarPlan,
    ContractPlan,
    PkiPlan,
)
from simulator.world_file import StationPlan, WorldFile
from simulator.world_ports import reserved
from simulator.world_tls import FROM_PKI

DEFAULT_PORT = 8085
# Who listens everywhere is reached here.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_A_WHILE = timedelta(days=30)
_CONTRACT, _SECC, _VEHICLE = "CONTRACT", "SECC", "PROVISIONING"
_SERVER, _CLIENT = "CSMS", "CHARGING_STATION"


class WorldPki:
    """A PKI, its services, and what it has issued for the actors of a world. Raises PkiError."""

    def __init__(self, plan: WorldFile, *, clock: Clock, chance: Chance, journal: Journal) -> None:
        told = plan.pki or PkiPlan()
        self._plan, self._clock, self._chance = plan, clock, chance
        self._host = plan.cpo.get("host", "127.0.0.1")
        self.pki = self._open(told)
        self.port = self._port(told)
        self._elsewhere: Pki | None = None
        self._held: dict[str, Car] = {}  # as they came last
        self._servers: dict[str, Tls] = {}
        pool = {car.pcid: car.pool_emaid for car in plan.contracts.values()}
        self.server = PkiServer(
            self.pki,
            clock=clock,
            chance=chance.child("services"),
            journal=journal,
            contracts={pcid: emaid for pcid, emaid in pool.items() if pcid and emaid},
            valid_for=timedelta(seconds=told.ocsp_valid_for_s),
            host=self._host,
            port=self.port,
        )
        self.server.set_switches(told.switches)

    def _open(self, told: PkiPlan) -> Pki:
        directory = told.directory
        if directory is not None and (directory / "pki.json").exists():
            return Pki.open(directory)
        if told.port == 0:  # certificates name the port: it must be known before they are made
            told = replace(told, port=reserved(self._host))
        return self._create(self._chance, told)

    def _create(self, chance: Chance, told: PkiPlan) -> Pki:
        return Pki.create(
            chance,
            self._clock.now(),
            directory=told.directory,
            profile=told.profile,
            ocsp_url=f"{self._url(told.port or DEFAULT_PORT)}{ocsp_http.PATH}",
        )

    def _port(self, told: PkiPlan) -> int:
        """Where the services are: the certificates say it."""
        said = self.pki.settings.ocsp_url
        port = (urlsplit(said).port if said else None) or told.port or DEFAULT_PORT
        if told.port and told.port != port:
            raise Mistake(
                f"{self._plan.path}: pki.port is {told.port}, and the certificates in "
                f"{told.directory} name {said}"
            )
        return port

    def _url(self, port: int) -> str:
        host = _EVERYWHERE.get(self._host, self._host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def start(self) -> None:
        """Answer. Raises BindError."""
        await self.server.start()

    async def stop(self) -> None:
        """Answer no more."""
        await self.server.stop()

    # The CPO

    def settings(self, told: Mapping[str, Any] | None) -> PncSettings:
        """What the CPO knows of contracts: the world's roots, pool and EST, and what is told."""
        own = dict(told or {})
        base = self._url(self.port)
        known = {
            "mo_roots": self._texts("MO"),
            "v2g_roots": self._texts("V2G"),
            "authorities": tuple(pem(self.pki.certificate(n)) for n in ("MO_SUB1", "MO_SUB2")),
        }
        for name, texts in known.items():
            own[name] = (*own.get(name, ()), *texts)
        return PncSettings(**{"pool_url": base, "est_url": f"{base}{est.PATH}", **own})

    def _texts(self, kind: Any) -> tuple[str, ...]:
        return tuple(pem(root) for root in self.pki.roots(kind))

    # Stations

    def equip(self, config: StationConfig, plan: StationPlan) -> StationConfig:
        """A station with what it is delivered with."""
        if plan.pnc is None or config.pnc is None:
            return config
        (v2g,), delivered = self._texts("V2G"), list(config.certificates)
        delivered.append(Delivered(Use.V2G_ROOT.value, v2g))
        if plan.pnc.validation == LOCAL:
            delivered += [Delivered(Use.MO_ROOT.value, text) for text in self._texts("MO")]
        if plan.pnc.certificate in (INSTALLED, EXPIRED):
            name, late = config.pnc.secc_id or config.id, plan.pnc.certificate == EXPIRED
            secc = self._issued(_SECC, name, "station", **(self._past() if late else {}))
            chain, key = pem_chain(secc.chain), key_pem(secc.key)
            delivered.append(Delivered(Signing.V2G.value, chain, key))
        pnc = replace(config.pnc, curve=PROFILES[self.pki.settings.profile])
        return replace(config, pnc=pnc, certificates=tuple(delivered))

    # Cars

    def load(self, name: str, car: Car) -> None:
        """Put into an arriving car what it holds; what is installed in it stays for its next."""
        plan, before = self._plan.contracts.get(name, CarPlan()), self._held.get(name)
        if before is not None:
            car.contract, car.provisioning = before.contract, before.provisioning
        elif plan.certified:
            if plan.contract is not None:
                car.contract = self._contract(f"car/{name}", plan.contract)
            if plan.pcid is not None:
                car.provisioning = self._issued(_VEHICLE, plan.pcid, "car")
        else:
            return
        car.v2g_roots = tuple(self.pki.roots("V2G"))
        self._held[name] = car

    def _contract(self, whose: str, plan: ContractPlan, *, fresh: bool = False) -> Contract:
        name = _spelt(plan)
        how: dict[str, Any] = {}
        if plan.is_ == EXPIRED:
            how = self._past()
        elif plan.is_ == NOT_YET:
            how = {"not_before": self._clock.now() + _A_WHILE}
        elif plan.is_ == NO_AIA:
            how = {"ocsp": False}
        elif plan.is_ == WRONG_ROOT:
            how = {"pki": self._stranger()}
        bears = _other(name) if plan.is_ == WRONG_EMAID else name
        issued = self._issued(_CONTRACT, bears, whose, fresh=fresh, **how)
        if plan.is_ == REVOKED:
            self.pki.revoke(serial_hex(issued.certificate), self._clock.now(), "keyCompromise")
        return Contract(name, issued.chain, issued.key)

    def issue_contract(self, plan: ContractPlan) -> Contract:
        """A fresh contract. Raises PkiError."""
        return self._contract(f"later/{len(self.pki.issued())}", plan, fresh=True)

    def give(self, name: str, contract: Contract) -> None:
        """From now on the car comes with this contract; one that is plugged in has it at once."""
        car = self._held.get(name)
        if car is None:
            car = Car()
            self.load(name, car)
        car.contract = contract
        self._held[name] = car

    def emaid(self, name: str) -> str | None:
        """The EMAID of the contract that a car has, or will come with."""
        car = self._held.get(name)
        if car is not None:
            return None if car.contract is None else car.contract.emaid
        coming = self._plan.contracts.get(name, CarPlan()).contract
        return None if coming is None else _spelt(coming)

    def _stranger(self) -> Pki:
        """A PKI that nobody here knows, with the same responder."""
        if self._elsewhere is None:
            told = replace(self._plan.pki or PkiPlan(), directory=None, port=self.port)
            self._elsewhere = self._create(self._chance.child("elsewhere"), told)
        return self._elsewhere

    def _past(self) -> dict[str, Any]:
        """A validity that is over."""
        return {"not_before": self._clock.now() - 2 * _A_WHILE, "valid_for": _A_WHILE}

    def _issued(
        self,
        spec: str,
        name: str,
        whose: str,
        *,
        pki: Pki | None = None,
        fresh: bool = False,
        **how: Any,
    ) -> Issued:
        """A certificate for a name; of a PKI kept in a directory a good one, if it is there."""
        pki, now = pki or self.pki, self._clock.now()
        used = pki.directory is not None and not fresh and not how
        for row in pki.issued() if used else ():
            good = not row.revoked and row.not_before <= now <= row.not_after - _A_WHILE
            if (row.spec, row.common_name) == (spec, name) and good:
                return Issued(pki.chain(row.serial), pki.key(row.serial))
        drawn = self._chance.child(f"{whose}/{spec}/{name}")
        return pki.issue(spec, name, now, drawn, **how)

    # TLS

    def furnish(self, plan: WorldFile) -> WorldFile:
        """The plan with certificates wherever it says that they are the PKI's."""
        cpo = {
            key: self._server_tls(plan.cpo["name"]) if value == FROM_PKI else value
            for key, value in plan.cpo.items()
        }
        return replace(
            plan,
            cpo=cpo,
            peers=tuple(self._secured(peer) for peer in plan.peers),
            emps=tuple(self._secured(emp) for emp in plan.emps),
            stations=tuple(
                replace(s, tls=self._tls(self._issued(_CLIENT, s.id, "station")))
                if s.tls == FROM_PKI
                else s
                for s in plan.stations
            ),
        )

    def _secured(self, actor: Any) -> Any:
        return replace(actor, tls=self._server_tls(actor.name)) if actor.tls == FROM_PKI else actor

    def _server_tls(self, name: str) -> Tls:
        if name not in self._servers:
            san = tuple(dict.fromkeys((*LOOPBACK, self._host)))
            drawn = self._chance.child(f"server/{name}")
            issued = self.pki.issue(_SERVER, name, self._clock.now(), drawn, san=san)
            self._servers[name] = self._tls(issued)
        return self._servers[name]

    def _tls(self, issued: Issued) -> Tls:
        return Tls(
            TlsPem(pem_chain(issued.chain), key_pem(issued.key)), "".join(self._texts("CSMS"))
        )


def _spelt(plan: ContractPlan) -> str:
    """The EMAID as the certificate has it. Raises PkiError."""
    parsed = parse_emaid(plan.emaid)
    if parsed is None:
        raise PkiError(f"'{plan.emaid}' is no EMAID")
    return plan.emaid if plan.as_written else parsed.compact()


def _other(emaid: str) -> str:
    """An EMAID that is another's: its last but one character is changed."""
    place = -2 if len(emaid) > 14 else -1
    other = "Z" if emaid[place] != "Z" else "Y"
    return emaid[:place] + other + emaid[place:][1:]
