"""What happens at the EVSEs of a station: events in, effects performed.

Rule: the connector's table decides, this shell does what it says, in its order: timers, meter,
messages. Nothing ticks: a timer stands for the next sample, the car's end of charging and a cable
that does not come, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.authorization import IdToken
from simulator.station.connector import Effect, Event, State, after_power_on, step
from simulator.station.core import Cause, Core, Evse, Moment, Transaction
from simulator.station.dialect import Dialect
from simulator.station.ev import Car
from simulator.station.samples import Context
from simulator.station.sampling import Sampling
from simulator.station.timers import Timers
from simulator.station.uplink import Uplink

_EMPTY = frozenset({State.AVAILABLE, State.UNAVAILABLE})


class Charging:
    """The EVSEs of one station, from power-on to power-off."""

    __slots__ = (
        "_actor",
        "_chance",
        "_clock",
        "_core",
        "_dialect",
        "_journal",
        "_on_transaction_over",
        "_timers",
        "sampling",
        "uplink",
    )

    def __init__(
        self,
        core: Core,
        dialect: Dialect,
        uplink: Uplink,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        actor: str,
        on_transaction_over: Callable[[], None],
    ) -> None:
        self._core = core
        self._dialect = dialect
        self.uplink = uplink
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._actor = actor
        self._on_transaction_over = on_transaction_over
        self._timers = Timers(clock)
        self.sampling = Sampling(
            core, dialect, uplink, self._timers, clock=clock, sampled=self._suspend_if_full
        )

    # Power

    def power_on(self) -> None:
        """Sense what is plugged in, and end what a power cut left open."""
        memory = self._core.memory
        for evse in self._core.evses:
            number = evse.evse_id
            car = memory.cars.get(number)
            tx = memory.transactions.pop(number, None)
            evse.session = memory.names.get(number)
            evse.car = car
            evse.meter.connect(car, self._clock.monotonic())
            evse.phase = after_power_on(
                plugged=car is not None,
                operative=not memory.inoperative.get(number, False),
                had_transaction=tx is not None or memory.spent.get(number, False),
            )
            if tx is not None:
                evse.transaction = tx
                self._end_at_boot(evse, tx)

    def power_off(self) -> None:
        """Stop all timers; keep the registers."""
        self._timers.clear()
        for evse in self._core.evses:
            evse.meter.advance(self._clock.monotonic())
            self._core.memory.registers_wh[evse.evse_id] = evse.meter.register_wh
            self._core.memory.spent[evse.evse_id] = evse.phase.state is State.FINISHING

    # Events

    def car(self, evse: Evse, car: Car | None) -> None:
        """A car is there, or gone with None."""
        evse.car = car
        evse.meter.connect(car, self._clock.monotonic())
        if car is None:
            self._core.memory.cars.pop(evse.evse_id, None)
        else:
            self._core.memory.cars[evse.evse_id] = car

    def apply(self, evse: Evse, event: Event, cause: Cause) -> None:
        """Let an event happen to a connector. Raises Impossible."""
        result = step(evse.phase, event, self._dialect.points(self._core.settings))
        before, evse.phase = evse.phase, result.phase
        if before != evse.phase:
            state = evse.phase.state.value
            self.event(evse, "connector.changed", state=state, by=event.value)
        info = "EV side disconnected" if cause is Cause.EV_DISCONNECTED else None
        self.tell_status(evse, info=info)
        for effect in result.effects:
            _EFFECTS[effect](self, evse, cause)
        self._tidy(evse)

    def _tidy(self, evse: Evse) -> None:
        """Forget the driver with the authorization, the session with the cable; nobody leaves a
        loose cable hanging.
        """
        if evse.phase.state is State.DETACHED and evse.car is None:
            self.apply(evse, Event.UNPLUG, Cause.EV_DISCONNECTED)
        if not evse.phase.authorized:
            evse.token = evse.group = evse.remote_start_id = None
        if evse.phase.state in _EMPTY and evse.transaction is None:
            self.forget(evse)

    def forget(self, evse: Evse) -> None:
        """The session is over: nothing of it is left at the EVSE."""
        self._core.memory.names.pop(evse.evse_id, None)
        evse.session = None

    def session(self, evse: Evse, *, anew: bool = False) -> str:
        """The name that correlates all of this plug-in: `<station>-<evse>-<n>`."""
        if evse.session is None or anew:
            memory, number = self._core.memory, evse.evse_id
            count = memory.sessions[number] = memory.sessions.get(number, 0) + 1
            evse.session = f"{self._core.config.id}-{number}-{count}"
            memory.names[number] = evse.session
            self._journal.link(f"evse/{self._core.config.id}/{number}", evse.session)
        return evse.session

    def renew(self, evse: Evse, cause: Cause) -> None:
        """The driver begins anew while the cable still hangs from the last time."""
        if evse.phase.state is State.FINISHING:
            self.session(evse, anew=evse.transaction is None)
            self.apply(evse, Event.RENEW, cause)

    def begin(
        self,
        evse: Evse,
        token: IdToken,
        group: str | None,
        cause: Cause,
        remote_start_id: int | None = None,
    ) -> None:
        """A driver is authorized. Raises Impossible."""
        evse.token, evse.group, evse.remote_start_id = token, group, remote_start_id
        tx = evse.transaction
        if tx is not None:  # begun by the cable
            tx.token, tx.group, tx.remote_start_id = token, group, remote_start_id
            tx.token_told, tx.stop_cause, tx.stop_token = False, None, None
        self.apply(evse, Event.AUTHORIZE, cause)

    def stop(self, evse: Evse, cause: Cause, token: IdToken | None = None) -> bool:
        """End an authorization and what it carries; False if there is none."""
        if not evse.phase.authorized:
            return False
        self._mark_stopped(evse, cause, token)
        self.apply(evse, Event.DEAUTHORIZE, cause)
        return True

    def halt(self, evse: Evse, cause: Cause) -> None:
        """The station restarts: whatever goes on ends, now or, if it needs the cable, at boot."""
        self._mark_stopped(evse, cause, None)
        self.stop(evse, cause)

    def fail(self, evse: Evse) -> None:
        """A fault is found: what goes on ends."""
        self._mark_stopped(evse, Cause.FAULT, None)
        self.apply(evse, Event.FAULT, Cause.FAULT)

    def disconnect(self, evse: Evse) -> None:
        """The car leaves amid a session (StopTransactionOnEVSideDisconnect). Raises Impossible."""
        self.car(evse, None)
        if self._core.settings.flag("stop_on_ev_disconnect"):
            self._mark_stopped(evse, Cause.EV_DISCONNECTED, None)
            self.apply(evse, Event.EV_DISCONNECT_STOP, Cause.EV_DISCONNECTED)
        else:
            self.apply(evse, Event.EV_DISCONNECT_KEEP, Cause.EV_DISCONNECTED)

    @staticmethod
    def _mark_stopped(evse: Evse, cause: Cause, token: IdToken | None) -> None:
        tx = evse.transaction
        if tx is not None and tx.stop_cause is None:
            tx.stop_cause, tx.stop_token = cause, token

    def set_operative(self, evse: Evse, operative: bool) -> None:
        """Change the availability, now or when the transaction is over; it persists."""
        self._core.memory.inoperative[evse.evse_id] = not operative
        self.apply(evse, Event.OPERATIVE if operative else Event.INOPERATIVE, Cause.REMOTE)

    # Effects

    def _wait_for_cable(self, evse: Evse, cause: Cause) -> None:
        wait_s = self._core.settings.integer("connection_timeout_s")

        def give_up() -> None:
            self.event(evse, "cable.timed_out", after_s=wait_s)
            self.stop(evse, Cause.CABLE_TIMEOUT)

        self._timers.arm((evse.evse_id, "cable"), wait_s, give_up)

    def _stop_waiting(self, evse: Evse, cause: Cause) -> None:
        self._timers.disarm((evse.evse_id, "cable"))

    def _start(self, evse: Evse, cause: Cause) -> None:
        moment = self.sampling.moment(evse, sample=True)
        tx = Transaction(
            name=self._chance.uuid4(),
            evse_id=evse.evse_id,
            connector_id=evse.connector_id,
            session=self.session(evse),
            started_at=moment.now,
            token=evse.token,
            group=evse.group,
            remote_start_id=evse.remote_start_id,
            start_wh=moment.reading.energy_wh,
            last_wh=moment.reading.energy_wh,
        )
        evse.transaction = tx
        memory = self._core.memory
        memory.transactions[evse.evse_id] = memory.unsettled[tx.name] = tx
        self._journal.link(f"tx/{self._core.config.id}/{tx.name}", tx.session)
        token = None if tx.token is None else tx.token.value
        self.event(
            evse,
            "transaction.started",
            transaction=tx.name,
            by=cause.value,
            token=token,
            meter_wh=tx.start_wh,
        )
        message = self._dialect.started(self._core, tx, cause, moment, evse.phase)
        self._dialect.note(self._core, tx, Context.BEGIN, moment)
        self.uplink.send(message, tx.session, tx)
        self.sampling.rearm(evse)

    def _update(self, evse: Evse, cause: Cause) -> None:
        tx = evse.transaction
        assert tx is not None
        moment = self.sampling.moment(evse)
        message = self._dialect.updated(self._core, tx, cause, moment, evse.phase)
        self.uplink.send(message, tx.session, tx)

    def _end(self, evse: Evse, cause: Cause) -> None:
        self._finish(evse, cause, self.sampling.moment(evse, sample=True))

    def _end_at_boot(self, evse: Evse, tx: Transaction) -> None:
        """It ended when the power went, by a reset or a cut; it is told now."""
        was_reset = tx.stop_cause in (Cause.SOFT_RESET, Cause.HARD_RESET)
        tx.stop_cause = tx.stop_cause or Cause.POWER_LOSS
        now = self.sampling.moment(evse)
        moment = Moment(self._core.memory.off_since or now.now, now.reading, online=False)
        self._finish(evse, tx.stop_cause if was_reset else Cause.POWER_LOSS, moment)

    def _finish(self, evse: Evse, cause: Cause, moment: Moment) -> None:
        tx = evse.transaction
        assert tx is not None
        self._dialect.note(self._core, tx, Context.END, moment)
        message = self._dialect.ended(self._core, tx, cause, moment, evse.phase)
        tx.ended = True
        evse.transaction = None
        memory = self._core.memory
        memory.transactions.pop(evse.evse_id, None)
        self.sampling.disarm(evse)
        why = (tx.stop_cause or cause).value
        self.event(
            evse,
            "transaction.ended",
            transaction=tx.name,
            why=why,
            meter_wh=moment.reading.energy_wh,
            energy_wh=moment.reading.energy_wh - tx.start_wh,
        )
        self.uplink.send(message, tx.session, tx)
        self._on_transaction_over()

    def _offer(self, evse: Evse, cause: Cause) -> None:
        full = evse.car is None or evse.car.full
        self.apply(evse, Event.EV_SUSPEND if full else Event.ENERGY, Cause.CAR)

    def _energy_on(self, evse: Evse, cause: Cause) -> None:
        evse.meter.switch(True, self._clock.monotonic())
        self._watch_car(evse)

    def _energy_off(self, evse: Evse, cause: Cause) -> None:
        evse.meter.switch(False, self._clock.monotonic())
        self._timers.disarm((evse.evse_id, "full"))

    def _watch_car(self, evse: Evse) -> None:
        """Look again when the car should have had what it wanted."""
        full_in_s = evse.meter.full_in_s()
        if full_in_s is not None:
            look = partial(self._look_at_car, evse)
            self._timers.arm((evse.evse_id, "full"), full_in_s + 0.001, look)

    def _look_at_car(self, evse: Evse) -> None:
        evse.meter.advance(self._clock.monotonic())
        if not self._suspend_if_full(evse):
            self._watch_car(evse)

    def _suspend_if_full(self, evse: Evse) -> bool:
        if evse.phase.state is not State.CHARGING or evse.car is None or not evse.car.full:
            return False
        self.event(evse, "car.full", soc_percent=round(evse.car.soc_percent, 1))
        self.apply(evse, Event.EV_SUSPEND, Cause.CAR)
        return True

    # Status

    def tell_status(self, evse: Evse, *, info: str | None = None, always: bool = False) -> None:
        """Tell the CSMS the status, if it is news and can be told; else when the link is back."""
        if not self.uplink.online:
            return
        for connector_id, word in self._dialect.statuses(evse).items():
            if always or evse.told.get(connector_id) != word:
                message = self._dialect.status(evse, connector_id, self._clock.now(), info)
                lost = partial(evse.told.pop, connector_id, None)
                self.uplink.notify(message, evse.session, lost=lost)
                evse.told[connector_id] = word

    # Small things

    def event(self, evse: Evse, what: str, **data: Any) -> None:
        """Record a decision of this EVSE."""
        self._journal.event(self._actor, what, session=evse.session, evse=evse.evse_id, **data)


_EFFECTS: dict[Effect, Callable[[Charging, Evse, Cause], None]] = {
    Effect.WAIT_FOR_CABLE: Charging._wait_for_cable,
    Effect.STOP_WAITING: Charging._stop_waiting,
    Effect.START_TRANSACTION: Charging._start,
    Effect.ENERGY_OFF: Charging._energy_off,
    Effect.UPDATE_TRANSACTION: Charging._update,
    Effect.END_TRANSACTION: Charging._end,
    Effect.OFFER_ENERGY: Charging._offer,
    Effect.ENERGY_ON: Charging._energy_on,
}
