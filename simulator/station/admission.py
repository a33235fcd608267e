"""Drivers at the station: cards presented, remote starts, contracts in cars, and what the CSMS says
about each.

Rule: nobody charges unless `authorization.decide` or the CSMS said so, and the journal tells which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.authorization import (
    Decision,
    IdToken,
    TokenInfo,
    Verdict,
    decide,
    may_stop,
)
from simulator.station.boot import Queued
from simulator.station.charging import Charging
from simulator.station.connector import Event, Impossible, State
from simulator.station.core import Cause, Core, Evse, Payload, StartRemotely, Transaction
from simulator.station.dialect import Dialect
from simulator.station.uplink import Spawn, Uplink
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError

if TYPE_CHECKING:  # a station without Plug & Charge loads nothing of the PKI
    from simulator.station.contract_charging import ContractCharging


@dataclass(frozen=True, slots=True)
class Admitted:
    """The outcome for an identifier: `why` is `cache`, `online`, `offline_cache`, ..."""

    accepted: bool
    why: str
    status: str | None = None
    group: str | None = None


class Admission:
    """Who may charge at one station, from power-on to power-off."""

    __slots__ = ("_charging", "_clock", "_contracts", "_core", "_dialect", "_journal", "_uplink")

    def __init__(
        self,
        core: Core,
        dialect: Dialect,
        uplink: Uplink,
        charging: Charging,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        spawn: Spawn,
    ) -> None:
        self._core = core
        self._dialect = dialect
        self._uplink = uplink
        self._charging = charging
        self._clock = clock
        self._journal = journal
        self._contracts = self._contract_charging(chance, spawn)

    def _contract_charging(self, chance: Chance, spawn: Spawn) -> ContractCharging | None:
        if self._core.config.pnc is None:
            return None
        from simulator.station.contract_charging import ContractCharging

        return ContractCharging(
            self._core,
            self._dialect.contracts,
            self._uplink,
            self._charging,
            self.remember,
            clock=self._clock,
            chance=chance.child(f"contracts/{self._core.memory.boots}"),
            spawn=spawn,
        )

    # Power, cables

    def resume(self) -> None:
        """The CSMS listens: attend to cars that were plugged in before the station was up."""
        if self._contracts is not None:
            self._contracts.resume()

    def stop(self) -> None:
        """The power goes."""
        if self._contracts is not None:
            self._contracts.stop()

    def plugged(self, evse: Evse) -> None:
        """A cable is in: the car may need no card."""
        if self._contracts is not None:
            self._contracts.plugged(evse)

    def unplugged(self, evse: Evse) -> None:
        """A cable was pulled out."""
        if self._contracts is not None:
            self._contracts.unplugged(evse)

    # At the station

    async def tap(self, evse: Evse, token: IdToken) -> bool:
        """A card is presented: it starts, or stops, or is refused (False)."""
        if evse.asking:
            return self._refuse(evse, token, "another card is being checked")
        if evse.phase.authorized:
            return await self._tap_to_stop(evse, token)
        if not evse.startable:
            return self._refuse(evse, token, f"connector is {_state(evse)}")
        self._charging.renew(evse, Cause.CARD)
        self._charging.session(evse)
        self._charging.event(evse, "card.presented", token=token.value)
        return await self._admit(evse, token, Cause.CARD, None)

    async def _tap_to_stop(self, evse: Evse, token: IdToken) -> bool:
        """The same card stops without a question; another one only if it is of the same group."""
        tx = evse.transaction
        started, group = (evse.token, evse.group) if tx is None else (tx.token, tx.group)
        self._charging.event(evse, "card.presented", token=token.value)
        known = self._core.memory.cache.look_up(token, self._clock.now())
        mine = known.group if known is not None and known.accepted else None
        if not may_stop(started, token, group, mine):
            outcome = await self._check(evse, token)
            if not (outcome.accepted and may_stop(started, token, group, outcome.group)):
                why = "neither the card that started nor of its group"
                return self._refuse(evse, token, why, outcome.status)
        return self._charging.stop(evse, Cause.LOCAL, token)

    async def start_remotely(self, command: StartRemotely) -> None:
        """The CSMS starts for a driver (1.6 section 5.11, 2.0.1 F01, F02)."""
        evse = self._core.evses[command.evse_id - 1]
        if not evse.startable:
            self._refuse(evse, command.token, f"connector is {_state(evse)}")
            return
        self._charging.renew(evse, Cause.REMOTE_START)
        self._charging.session(evse)
        token = command.token.value
        self._charging.event(evse, "remote.start", token=token)
        if self._core.settings.flag("authorize_remote"):
            await self._admit(evse, command.token, Cause.REMOTE_START, command.remote_start_id)
        else:
            outcome = Admitted(True, "remote", group=command.group)
            cause = Cause.REMOTE_START
            self._begin(evse, command.token, outcome, cause, command.remote_start_id)

    async def _admit(
        self, evse: Evse, token: IdToken, cause: Cause, remote_start_id: int | None
    ) -> bool:
        outcome = await self._check(evse, token)
        if not outcome.accepted:
            return self._refuse(evse, token, outcome.why, outcome.status)
        if not evse.startable:  # things may have changed while the CSMS was asked
            return self._refuse(evse, token, f"connector is {_state(evse)}")
        return self._begin(evse, token, outcome, cause, remote_start_id)

    def _begin(
        self,
        evse: Evse,
        token: IdToken,
        outcome: Admitted,
        cause: Cause,
        remote_start_id: int | None,
    ) -> bool:
        self._charging.session(evse)
        self._charging.event(evse, "card.accepted", token=token.value, why=outcome.why)
        self._charging.begin(evse, token, outcome.group, cause, remote_start_id)
        return True

    def _refuse(self, evse: Evse, token: IdToken, why: str, status: str | None = None) -> bool:
        data: dict[str, Any] = {"token": token.value, "why": why}
        if status is not None:
            data["status"] = status
        self._charging.event(evse, "card.refused", **data)
        if evse.phase.state is State.AVAILABLE:
            self._charging.forget(evse)
        return False

    # Asking

    async def _check(self, evse: Evse, token: IdToken) -> Admitted:
        """Decide with what is known, or ask the CSMS; if it cannot answer, decide as if offline."""
        decision, known = self._decide(token, online=self._uplink.online)
        if decision.verdict is Verdict.ASK:
            evse.asking = True
            try:
                answer = await self._uplink.call(self._dialect.authorize(token), evse.session)
            except OcppError as error:
                return Admitted(False, "online", str(error))
            except (CallTimeout, LinkClosed):
                decision, known = self._decide(token, online=False)
            else:
                info = self._dialect.token_info(answer) or TokenInfo("Invalid")
                self.remember(token, info)
                return Admitted(info.accepted, "online", info.status, info.group)
            finally:
                evse.asking = False
        status, group = (None, None) if known is None else (known.status, known.group)
        return Admitted(decision.verdict is Verdict.ACCEPT, decision.why, status, group)

    def _decide(self, token: IdToken, *, online: bool) -> tuple[Decision, TokenInfo | None]:
        cached = self._core.settings.flag("cache_enabled")
        known = self._core.memory.cache.look_up(token, self._clock.now()) if cached else None
        return decide(known, online=online, rules=self._core.rules), known

    def remember(self, token: IdToken, info: TokenInfo) -> None:
        """Put what the CSMS said into the cache, if there is one."""
        settings = self._core.settings
        if settings.flag("cache_enabled"):
            lifetime_s = settings.integer("cache_lifetime_s") or None
            now = self._clock.now()
            self._core.memory.cache.update(token, info, now, lifetime_s=lifetime_s)

    # What the CSMS says to a delivered transaction message

    def acknowledged(self, message: Queued, tx: Transaction | None, answer: Payload) -> None:
        """Learn the transaction's number, and what became of the identifier."""
        if tx is None:
            return
        number = self._dialect.acknowledged(answer)
        if number is not None and tx.csms_id is None:
            tx.csms_id = number
            self._journal.link(f"tx/{self._core.config.id}/{number}", tx.session)
        info = self._dialect.token_info(answer)
        if info is None or message.token is None:
            return
        self.remember(message.token, info)
        if message.token.same(tx.token):
            self._judge(tx, info)

    def _judge(self, tx: Transaction, info: TokenInfo) -> None:
        """A transaction whose driver is refused ends, or gets no more energy (1.6 section 3.5.4,
        2.0.1 C15). MaxEnergyOnInvalidId is left out.
        """
        evse = self._core.evses[tx.evse_id - 1]
        tx.group = info.group or tx.group
        if info.accepted or evse.transaction is not tx:
            return
        self._charging.event(evse, "authorization.withdrawn", status=info.status)
        if self._core.settings.flag("stop_on_invalid_id"):
            self._charging.stop(evse, Cause.INVALID_ID)
            return
        try:
            self._charging.apply(evse, Event.EVSE_SUSPEND, Cause.EVSE)
        except Impossible as error:
            self._charging.event(evse, "authorization.kept", why=str(error))


def _state(evse: Evse) -> str:
    """A connector's state, for people."""
    phase = evse.phase
    return "faulted" if phase.faulted else "closing" if phase.closing else phase.state.value
