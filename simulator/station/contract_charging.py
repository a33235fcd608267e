"""Plug & Charge at the plug: a car with a contract comes, proves it, and charges without a card.

Rule: the order is ISO 15118's (TLS, contract installed if need be, contract shown, challenge
signed, authorization), the words with the CSMS are OCPP's, and every step is told in the journal.
Between car and station no ISO 15118 message is on a wire: EXI is not spoken here; certificates,
keys, signatures and the TLS handshake are real. Whatever fails ends in external identification
(EIM): a card or a remote start still may.
"""

from __future__ import annotations

import asyncio

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.pki.certificates import common_name, serial_hex
from simulator.pki.contract import Contract
from simulator.pki.installation import InstallationError
from simulator.station.certificate_records import Own, age
from simulator.station.charging import Charging
from simulator.station.connector import State
from simulator.station.contract_authorization import OCCUPIED, ContractAuthorization, Remember
from simulator.station.contract_installation import Request, contract_in, request_of
from simulator.station.contract_proof import doubt, draw_challenge
from simulator.station.core import Core, Evse
from simulator.station.dialect import Contracts
from simulator.station.ev import Car
from simulator.station.patience import Impatient, Patience
from simulator.station.plug_tls import look_only, shake_hands
from simulator.station.pnc import NOT_SPOKEN, Shown
from simulator.station.uplink import Spawn, Uplink
from simulator.station.visit import Ended, Visit
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError


class ContractCharging:
    """The cars with contracts at one station, from power-on to power-off."""

    __slots__ = (
        "_authorization",
        "_chance",
        "_charging",
        "_clock",
        "_core",
        "_patience",
        "_spawn",
        "_visits",
        "_words",
    )

    def __init__(
        self,
        core: Core,
        words: Contracts,
        uplink: Uplink,
        charging: Charging,
        remember: Remember,
        *,
        clock: Clock,
        chance: Chance,
        spawn: Spawn,
    ) -> None:
        self._core = core
        self._words = words
        self._charging = charging
        self._clock = clock
        self._chance = chance
        self._spawn = spawn
        self._patience = Patience(uplink, clock, spawn)
        self._authorization = ContractAuthorization(core, words, uplink, charging, remember, clock)
        self._visits: dict[int, asyncio.Task[None]] = {}

    # Cars come and go

    def plugged(self, evse: Evse) -> None:
        """A cable is in: begin, if the car can and the station may."""
        car = evse.car
        if car is None or evse.pnc is not None or not car.plugs_and_charges:
            return
        edition, why = self._offer(evse, car)
        shown = evse.pnc = Shown(edition, None if car.contract is None else car.contract.emaid)
        if edition is None:
            shown.state, shown.why = "not offered", why
            self._charging.event(evse, "pnc.not_offered", why=why)
            return
        visit = Visit(evse, car, edition, shown, self._charging, self._patience)
        self._visits[evse.evse_id] = self._spawn(self._attend(visit), "Plug & Charge")

    def _offer(self, evse: Evse, car: Car) -> tuple[str | None, str]:
        """The edition of ISO 15118 to go on in, or why not."""
        pnc = self._core.config.pnc
        if evse.phase.state is not State.PLUGGED or evse.asking:
            return None, OCCUPIED
        if pnc is None or not self._core.pnc_enabled:
            return None, "Plug & Charge is switched off"
        if not evse.connector.pnc:
            return None, "Plug & Charge is switched off at this connector"
        if self._own() is None:
            return None, "the station has no V2G certificate"
        common = [edition for edition in car.iso15118 if edition in pnc.iso15118]
        if not common:
            return None, "car and station have no edition of ISO 15118 in common"
        return common[0], ""

    def _own(self) -> Own | None:
        """What cars are shown: the valid chain, else one that is valid no more; cars will tell."""
        store = self._core.certificates
        if store is None:
            return None
        chains = [own for own in store.own if own.signing.for_cars]
        last = max(chains, key=lambda own: age(own.leaf), default=None)
        return store.v2g_chain(self._clock.now()) or last

    def unplugged(self, evse: Evse) -> None:
        """The car is gone, and with it all that was begun."""
        evse.pnc = None
        task = self._visits.pop(evse.evse_id, None)
        if task is not None:
            task.cancel()

    def resume(self) -> None:
        """The station has come up: attend to the cars that were there before."""
        for evse in self._core.evses:
            if evse.phase.state is State.PLUGGED:
                self.plugged(evse)

    def stop(self) -> None:
        """The power goes."""
        for evse in self._core.evses:
            self.unplugged(evse)

    # One car

    async def _attend(self, visit: Visit) -> None:
        contract = visit.car.contract
        emaid = None if contract is None else contract.emaid
        visit.event("pnc.began", iso15118=visit.edition, emaid=emaid, note=NOT_SPOKEN)
        try:
            await self._secure(visit)
            contract = await self._contract(visit)
            self._challenge(visit, contract)
            await self._authorization.authorize(visit, contract)
        except Ended as end:
            self._refuse(visit, end)

    async def _secure(self, visit: Visit) -> None:
        """The car looks at the station before it shows anything."""
        pnc, own, roots = self._core.config.pnc, self._own(), visit.car.v2g_roots
        if pnc is None or own is None:
            raise Ended("the station's V2G certificate is gone")
        if pnc.tls:
            seen = await shake_hands(own, roots, visit.edition, self._clock)
        else:
            seen = look_only(own, roots, self._clock)
        visit.shown.tls = seen.words
        visit.event(
            "pnc.tls",
            leaf=seen.leaf,
            certificates=seen.certificates,
            socket=pnc.tls,
            protocol=seen.protocol,
            cipher=seen.cipher,
            refused=seen.refused,
        )
        if seen.refused is not None:
            raise Ended(f"the car does not trust the station: {seen.refused}")

    def _challenge(self, visit: Visit, contract: Contract) -> None:
        """The car proves that it has the contract's key."""
        doubted = doubt(contract, draw_challenge(self._chance))
        name = common_name(contract.certificate)
        visit.event("pnc.challenge", certificate=name, refused=doubted)
        if doubted is not None:
            visit.shown.chain = "not proven"
            raise Ended(doubted, "Invalid")

    def _refuse(self, visit: Visit, end: Ended) -> None:
        shown = visit.shown
        shown.state, shown.why = "refused", str(end)
        shown.status = end.status or shown.status
        told = {"status": end.status, "certificate_status": end.certificate_status}
        visit.event(
            "pnc.refused",
            emaid=shown.emaid,
            why=str(end),
            **{name: value for name, value in told.items() if value is not None},
            then="EIM",
        )

    # The contract comes into the car

    async def _contract(self, visit: Visit) -> Contract:
        """What the car charges by: what it has, or what is installed now."""
        car = visit.car
        try:
            request = request_of(car, visit.edition, self._clock.now())
            if request is not None:
                await self._install(visit, request)
        except (InstallationError, Impatient, OcppError, CallTimeout, LinkClosed, Ended) as error:
            visit.event("pnc.not_installed", why=str(error))
            if car.contract is None:
                raise Ended(f"no contract: {error}") from error
        if car.contract is None:
            raise Ended("the car has no contract")
        return car.contract

    async def _install(self, visit: Visit, request: Request) -> None:
        """Have the car's wish carried to a certificate service, and the answer back (M01, M02)."""
        if not self._core.settings.flag("contract_installation"):
            raise Ended("ContractCertificateInstallationEnabled is false")
        visit.event("pnc.installation", action=request.action)
        message = self._words.ev_certificate(
            self._core, request.schema, request.action, request.exi
        )
        answer = self._words.opened(await visit.ask(message, stretched=False))
        contract = contract_in(answer, request, visit.car, self._clock.now())
        visit.car.contract = contract
        visit.shown.emaid, visit.shown.installed = contract.emaid, True
        leaf = contract.certificate
        visit.event(
            "pnc.installed",
            emaid=contract.emaid,
            serial=serial_hex(leaf),
            valid_until=rfc3339(leaf.not_valid_after_utc),
        )
