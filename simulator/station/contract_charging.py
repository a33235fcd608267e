"""Plug & Charge at the plug: a car with a contract comes, proves it, and charges without a card.

Rule: the order is ISO 15118's (TLS, contract installed if need be, contract shown, challenge
signed, authorization), the words with the CSMS are OCPP's, and every step is told in the journal.
Between car and station no ISO 15118 message is on a wire: EXI is not spoken here; certificates,
keys, signatures and the TLS handshake are real. Whatever fails ends in external identification
(EIM): a card or a remote start still may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.pki.certificates import common_name, serial_hex
from simulator.pki.contract import Contract
from simulator.pki.installation import InstallationError
from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.certificate_kinds import Use
from simulator.station.certificate_records import Own, age
from simulator.station.charging import Charging
from simulator.station.connector import State
from simulator.station.contract_installation import contract_in, request_of
from simulator.station.contract_proof import Examined, doubt, draw_challenge, examine
from simulator.station.core import Cause, Core, Evse, Message, Payload
from simulator.station.dialect import Contracts
from simulator.station.ev import Car
from simulator.station.patience import Impatient, Patience
from simulator.station.plug_tls import look_only, shake_hands
from simulator.station.pnc import (
    KNOWN,
    NOT_SPOKEN,
    Do,
    Facts,
    Outcome,
    Said,
    Shown,
    look,
    usable,
)
from simulator.station.uplink import Spawn, Uplink
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError

Remember = Callable[[IdToken, TokenInfo], None]


@dataclass(slots=True)
class _Visit:
    """A car at a connector, and how far it has come."""

    evse: Evse
    car: Car
    edition: str
    shown: Shown


class _End(Exception):
    """Plug & Charge goes no further: why, and the statuses that were given for it."""

    def __init__(
        self, why: str, status: str | None = None, certificate_status: str | None = None
    ) -> None:
        super().__init__(why)
        self.status = status
        self.certificate_status = certificate_status


class ContractCharging:
    """The cars with contracts at one station, from power-on to power-off."""

    __slots__ = (
        "_chance",
        "_charging",
        "_clock",
        "_core",
        "_patience",
        "_remember",
        "_spawn",
        "_uplink",
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
        self._uplink = uplink
        self._charging = charging
        self._remember = remember
        self._patience = Patience(uplink, clock, spawn)
        self._clock = clock
        self._chance = chance
        self._spawn = spawn
        self._visits: dict[int, asyncio.Task[None]] = {}

    # Cars come and go

    def plugged(self, evse: Evse) -> None:
        """A cable is in: begin, if the car can and the station may."""
        car = evse.car
        if car is None or evse.pnc is not None or not car.plugs_and_charges:
            return
        edition, why = self._offer(evse, car)
        evse.pnc = Shown(edition, None if car.contract is None else car.contract.emaid)
        if edition is None:
            evse.pnc.state, evse.pnc.why = "not offered", why
            self._event(evse, "pnc.not_offered", why=why)
            return
        visit = _Visit(evse, car, edition, evse.pnc)
        self._visits[evse.evse_id] = self._spawn(self._attend(visit), "Plug & Charge")

    def _offer(self, evse: Evse, car: Car) -> tuple[str | None, str]:
        """The edition of ISO 15118 to go on in, or why not."""
        pnc = self._core.config.pnc
        if evse.phase.state is not State.PLUGGED or evse.asking:
            return None, "a card or a command came first, or the connector is not free"
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
        for task in self._visits.values():
            task.cancel()
        self._visits.clear()

    # One car

    async def _attend(self, visit: _Visit) -> None:
        evse, contract = visit.evse, visit.car.contract
        self._event(
            evse,
            "pnc.began",
            iso15118=visit.edition,
            emaid=None if contract is None else contract.emaid,
            note=NOT_SPOKEN,
        )
        try:
            await self._secure(visit)
            contract = await self._contract(visit)
            self._challenge(visit, contract)
            await self._authorize(visit, contract)
        except _End as end:
            self._refuse(visit, end)

    async def _secure(self, visit: _Visit) -> None:
        """The car looks at the station before it shows anything."""
        pnc, own, roots = self._core.config.pnc, self._own(), visit.car.v2g_roots
        if pnc is None or own is None:
            raise _End("the station's V2G certificate is gone")
        if pnc.tls:
            seen = await shake_hands(own, roots, visit.edition, self._clock)
        else:
            seen = look_only(own, roots, self._clock)
        visit.shown.tls = seen.words
        self._event(
            visit.evse,
            "pnc.tls",
            leaf=seen.leaf,
            certificates=seen.certificates,
            socket=pnc.tls,
            protocol=seen.protocol,
            cipher=seen.cipher,
            refused=seen.refused,
        )
        if seen.refused is not None:
            raise _End(f"the car does not trust the station: {seen.refused}")

    def _challenge(self, visit: _Visit, contract: Contract) -> None:
        """The car proves that it has the contract's key."""
        doubted = doubt(contract, draw_challenge(self._chance))
        name = common_name(contract.certificate)
        self._event(visit.evse, "pnc.challenge", certificate=name, refused=doubted)
        if doubted is not None:
            visit.shown.chain = "not proven"
            raise _End(doubted, "Invalid")

    # The contract comes into the car

    async def _contract(self, visit: _Visit) -> Contract:
        """What the car charges by: what it has, or what is installed now."""
        car, now = visit.car, self._clock.now()
        try:
            request = request_of(car, visit.edition, now)
            if request is not None:
                self._may_install()
                self._event(visit.evse, "pnc.installation", action=request.action)
                message = self._words.ev_certificate(
                    self._core, request.schema, request.action, request.exi
                )
                answer = await self._ask(visit, message, stretched=False)
                opened = self._words.opened(answer)
                self._installed(visit, contract_in(opened, request, car, self._clock.now()))
        except (InstallationError, Impatient, OcppError, CallTimeout, LinkClosed, _End) as error:
            self._event(visit.evse, "pnc.not_installed", why=str(error))
            if car.contract is None:
                raise _End(f"no contract: {error}") from error
        if car.contract is None:
            raise _End("the car has no contract")
        return car.contract

    def _may_install(self) -> None:
        if not self._core.settings.flag("contract_installation"):
            raise _End("ContractCertificateInstallationEnabled is false")

    def _installed(self, visit: _Visit, contract: Contract) -> None:
        visit.car.contract = contract
        visit.shown.emaid, visit.shown.installed = contract.emaid, True
        leaf = contract.certificate
        self._event(
            visit.evse,
            "pnc.installed",
            emaid=contract.emaid,
            serial=serial_hex(leaf),
            valid_until=rfc3339(leaf.not_valid_after_utc),
        )

    # Authorization

    async def _authorize(self, visit: _Visit, contract: Contract) -> None:
        token = IdToken(common_name(contract.certificate), "eMAID")
        visit.shown.emaid = token.value
        if len(token.value) > self._words.longest_emaid:
            raise _End(f"an EMAID of {len(token.value)} characters cannot be told", "Invalid")
        roots = self._roots()
        examined = examine(contract.chain, roots, self._clock.now())
        outcome = self._look(visit, token, examined, online=self._uplink.online)
        if outcome.do.asks:
            message = self._message(token, contract, examined, outcome.do)
            visit.shown.ocpp = self._words.called(self._core, token)
            began_s = self._clock.monotonic()
            try:
                answer = await self._ask(visit, message, stretched=True)
            except OcppError as error:
                raise _End(f"the CSMS refuses the question: {error}") from error
            except Impatient as error:
                raise _End(str(error)) from error
            except (CallTimeout, LinkClosed):
                outcome = self._look(visit, token, examined, online=False)
            else:
                elapsed_s = self._clock.monotonic() - began_s
                said = self._words.said(answer)
                self._event(
                    visit.evse,
                    "pnc.answered",
                    emaid=token.value,
                    certificate_status=said.certificate_status,
                    status=said.info.status,
                    elapsed_s=round(elapsed_s, 3),
                )
                self._answered(visit, token, outcome, said)
                return
        self._settle(visit, token, outcome)

    def _roots(self) -> list[Any]:
        store = self._core.certificates
        return [] if store is None else store.roots(Use.MO_ROOT, Use.V2G_ROOT)

    def _look(self, visit: _Visit, token: IdToken, examined: Examined, *, online: bool) -> Outcome:
        """What the table says, with all that is known now."""
        flag, pnc = self._core.settings.flag, self._core.config.pnc
        known = self._known(token)
        facts = Facts(
            online=online,
            chain=examined.chain,
            hashes=examined.hashes is not None,
            central=flag("central_contract_validation"),
            both=pnc is not None and pnc.shows_both,
            offline_validation=flag("contract_validation_offline"),
            offline_local=flag("local_authorize_offline"),
            offline_unknown=flag("allow_offline_unknown"),
            known=None if known is None else known.accepted,
        )
        outcome = look(facts)
        visit.shown.chain, visit.shown.why = examined.chain.value, outcome.why
        visit.shown.shown = outcome.do.value if outcome.do.asks else None
        self._event(
            visit.evse,
            "pnc.examined",
            emaid=token.value,
            online=online,
            chain=examined.chain.value,
            detail=examined.verdict.detail,
            do=outcome.do.value,
            why=outcome.why,
        )
        return outcome

    def _known(self, token: IdToken) -> TokenInfo | None:
        if not self._core.settings.flag("cache_enabled"):
            return None
        now = self._clock.now()
        return usable(self._core.memory.cache.look_up(token, now), now)

    def _message(self, token: IdToken, contract: Contract, examined: Examined, do: Do) -> Message:
        proof: Payload = {}
        if do is not Do.SHOW_HASHES:
            proof["certificate"] = contract.chain_pem
            if len(contract.chain_pem) > self._words.longest_chain:
                raise _End("the chain is longer than OCPP carries", "Invalid")
        if do is not Do.SHOW_CERTIFICATE:
            proof["iso15118CertificateHashData"] = examined.hashes
        return self._words.authorize(self._core, token, proof)

    def _answered(self, visit: _Visit, token: IdToken, outcome: Outcome, said: Said) -> None:
        """Both statuses count."""
        if usable(said.info, self._clock.now()) is not None:
            self._remember(token, said.info)
        shown, status = visit.shown, said.info.status
        shown.certificate_status, shown.status = said.certificate_status, status
        if not said.accepted:
            raise _End("the CSMS refuses", status, said.certificate_status)
        self._accept(visit, token, said.info.group, outcome.why)

    def _settle(self, visit: _Visit, token: IdToken, outcome: Outcome) -> None:
        """Do what the table says without the CSMS."""
        known = self._known(token)
        if outcome.do is Do.ACCEPT:
            self._accept(visit, token, None if known is None else known.group, outcome.why)
            return
        status = known.status if outcome.status == KNOWN and known is not None else outcome.status
        raise _End(outcome.why, status)

    def _accept(self, visit: _Visit, token: IdToken, group: str | None, why: str) -> None:
        evse = visit.evse
        if evse.phase.state is not State.PLUGGED or evse.phase.faulted or evse.asking:
            raise _End("a card or a command came first, or the connector is not free")
        visit.shown.state = "accepted"
        self._event(evse, "pnc.accepted", emaid=token.value, why=why)
        self._charging.begin(evse, token, group, Cause.CONTRACT)

    def _refuse(self, visit: _Visit, end: _End) -> None:
        shown = visit.shown
        shown.state, shown.why = "refused", str(end)
        shown.status = end.status or shown.status
        told = {"status": end.status, "certificate_status": end.certificate_status}
        self._event(
            visit.evse,
            "pnc.refused",
            emaid=shown.emaid,
            why=str(end),
            **{name: value for name, value in told.items() if value is not None},
            then="EIM",
        )

    async def _ask(self, visit: _Visit, message: Message, *, stretched: bool) -> Payload:
        """Ask the CSMS while the car waits; what is told of a car that has gone is not."""
        visit.shown.state = "asking"

        def tell(what: str, **data: Any) -> None:
            if visit.evse.pnc is visit.shown:
                self._event(visit.evse, what, **data)

        session = visit.evse.session
        return await self._patience.ask(message, session, tell, stretched=stretched)

    def _event(self, evse: Evse, what: str, **data: Any) -> None:
        self._charging.event(evse, what, **data)
