"""A station between power-on and power-off: registration, incoming calls, commands.

Rule: it decides nothing. Calls go to the dialect's handlers, their commands to charging, admission
and uplink. A power cut destroys all of it but the `Memory` that it was given.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.admission import Admission
from simulator.station.boot import Queued
from simulator.station.charging import Charging
from simulator.station.config import StationConfig
from simulator.station.core import (
    Answer,
    Ask,
    Command,
    Configured,
    Core,
    Memory,
    Payload,
    Reset,
    SecurityEvent,
    Send,
    SetOperative,
    StartRemotely,
    StopCharging,
    Transaction,
    Trigger,
)
from simulator.station.dialect import Dialect
from simulator.station.samples import Context
from simulator.station.settings import BY_NAME
from simulator.station.uplink import Spawn, Uplink
from simulator.wire.ocpp_rpc import (
    Call,
    CallTimeout,
    ErrorCode,
    LinkClosed,
    OcppError,
    Reply,
    actions,
    not_implemented,
    not_supported,
)
from simulator.wire.ocpp_ws import Link

if TYPE_CHECKING:  # a station without certificates loads no cryptography
    from simulator.station.signing import CertificateKeeping

_BOOT_RETRY_S = 60.0
# What a payload that nobody validated may do to its reader.
_UNREADABLE = (KeyError, TypeError, AttributeError, ValueError)


class Board:
    """What lives from power-on to power-off."""

    __slots__ = (
        "_boot_now",
        "_clock",
        "_journal",
        "_password_changed",
        "_registering",
        "_reset",
        "_reset_due",
        "_spawn",
        "actor",
        "admission",
        "certificates",
        "charging",
        "core",
        "dialect",
        "memory",
        "ready",
        "uplink",
    )

    def __init__(
        self,
        config: StationConfig,
        memory: Memory,
        dialect: Dialect,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        ready: asyncio.Event,
        spawn: Spawn,
        reset: Callable[[Reset], Coroutine[Any, Any, None]],
        password_changed: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self.actor = f"station/{config.id}"
        self.memory = memory
        self.dialect = dialect
        self.ready = ready
        self._clock = clock
        self._journal = journal
        self._spawn = spawn
        self._reset = reset
        self._password_changed = password_changed
        self._boot_now = asyncio.Event()
        self._registering = False
        self._reset_due: Reset | None = None
        self.core = Core(config, memory, chance)
        self.uplink = Uplink(
            self.core,
            dialect,
            clock=clock,
            journal=journal,
            actor=self.actor,
            spawn=spawn,
            acknowledged=self._acknowledged,
        )
        self.charging = Charging(
            self.core,
            dialect,
            self.uplink,
            clock=clock,
            chance=chance,
            journal=journal,
            actor=self.actor,
            on_transaction_over=self._transaction_over,
        )
        self.admission = Admission(
            self.core,
            dialect,
            self.uplink,
            self.charging,
            clock=clock,
            chance=chance,
            journal=journal,
            spawn=spawn,
        )
        self.certificates = self._keeping(chance)

    def _keeping(self, chance: Chance) -> CertificateKeeping | None:
        """Who keeps the station's certificates valid, where it has a store for them."""
        if self.memory.certificates is None:
            return None
        from simulator.station.signing import CertificateKeeping

        return CertificateKeeping(
            self.core,
            self.memory.certificates,
            self.dialect.certificates,
            self.uplink,
            clock=self._clock,
            chance=chance.child(f"certificates/{self.memory.boots}"),
            journal=self._journal,
            actor=self.actor,
            spawn=self._spawn,
            reconnect=lambda: self._spawn(self._password_changed(), "reconnect"),
        )

    # The link

    async def up(self, link: Link) -> None:
        """A connection stands: boot if need be, else go on."""
        link.session_for = self._session_for
        self.uplink.up(link)
        if not self.core.boot.accepted:
            await self._register()
            return
        offline_s = self._clock.monotonic() - self.uplink.down_since_s
        threshold_s = self.memory.settings.integer("offline_threshold_s")
        always = self.dialect.reports_all_after_offline and offline_s > threshold_s
        self.event("station.online", offline_s=round(offline_s, 3))
        self._speak(always=always)

    def down(self, reason: str) -> None:
        """The connection is gone."""
        self.ready.clear()
        self.uplink.down()
        if self.certificates is not None:
            self.certificates.pause()
        self.event("station.offline", reason=reason)

    def _speak(self, *, always: bool) -> None:
        """The CSMS listens: tell what it has missed."""
        for evse in self.core.evses:
            self.charging.tell_status(evse, always=always)
        self.uplink.resume()
        self.charging.sampling.align()
        if self.certificates is not None:
            self.certificates.resume()
        self.admission.resume()
        self.ready.set()

    async def _register_again(self) -> None:
        """As the CSMS asked; without a link there is nobody to ask."""
        with contextlib.suppress(LinkClosed):
            await self._register()

    async def _register(self) -> None:
        """Boot until accepted (1.6 section 4.2, 2.0.1 B01 to B03). Raises LinkClosed."""
        if self._registering:
            self._boot_now.set()
            return
        self._registering = True
        try:
            while (wait_s := await self._boot()) is not None:
                self._boot_now.clear()
                await self._clock.wait_event(self._boot_now, wait_s)
        finally:
            self._registering = False

    async def _boot(self) -> float | None:
        """One BootNotification; returns the wait before the next, None once accepted."""
        try:
            answer = await self.uplink.call(self.dialect.boot(self.core), None)
            # The clock is the world's: the CSMS's time is not taken over.
            status, interval_s = answer["status"], int(answer["interval"])
        except (OcppError, CallTimeout, *_UNREADABLE) as error:
            self.event("boot.failed", error=f"{type(error).__name__}: {error}")
            return _BOOT_RETRY_S
        wait_s = self.core.boot.answered(status, interval_s)
        self.event(f"boot.{self.core.boot.status.value.lower()}", interval_s=interval_s)
        if wait_s is None:
            self._accepted(interval_s)
        else:
            self.ready.clear()
        return wait_s

    def _accepted(self, interval_s: int) -> None:
        row = BY_NAME["heartbeat_interval_s"]
        if interval_s > 0:
            self.memory.settings.keep(row, str(min(interval_s, row.high)))
        station = self.dialect.station_status(self._clock.now())
        if station is not None:
            self.uplink.notify(station, None)
        self._speak(always=True)

    # Incoming calls

    async def handle(self, call: Call) -> Reply:
        """Answer the CSMS. Raises OcppError."""
        await self._hold_tongue()
        handler = self.dialect.handlers.get(call.action)
        if handler is None:
            self.event("request.refused", action=call.action)
            known = call.action in actions(self.core.config.version)
            raise not_supported(call.action) if known else not_implemented(call.action)
        try:
            answer: Answer = handler(self.core, call.payload, self._clock.now())
        except _UNREADABLE as error:  # only where validation is not strict
            raise OcppError(
                ErrorCode.FORMAT_VIOLATION, f"{type(error).__name__}: {error}"
            ) from error
        told = {} if answer.why is None else {"why": answer.why}
        status = answer.payload.get("status")
        self.event("request.answered", action=call.action, status=status, **told)
        if not answer.then:
            return Reply(answer.payload)
        return Reply(answer.payload, after=partial(self._perform_all, answer.then))

    async def _hold_tongue(self) -> None:
        """A rejected station does not answer (1.6 section 4.2, 2.0.1 B03): wait until it may."""
        link = self.uplink.link
        while link is not None and not self.core.boot.may_answer():
            if await self._clock.wait_event(link.closed, 1.0):
                raise LinkClosed("the link closed while the station was rejected")

    async def _perform_all(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            await self._perform(command)

    async def _perform(self, command: Command) -> None:
        match command:
            case StartRemotely():
                await self.admission.start_remotely(command)
            case StopCharging(evse_id, cause):
                self.charging.stop(self.core.evses[evse_id - 1], cause)
            case SetOperative(evse_ids, operative):
                for evse_id in evse_ids:
                    self.charging.set_operative(self.core.evses[evse_id - 1], operative)
            case Reset():
                self._reset_or_wait(command)
            case Trigger():
                self._trigger(command)
            case Send(messages):
                for message in messages:
                    self.uplink.notify(message, None, triggered=True)
            case Configured(names):
                await self._configured(names)
            case _ if self.certificates is not None:
                self.certificates.perform(command)

    def _trigger(self, command: Trigger) -> None:
        """Send what was asked for, in its present state."""
        what, place = command.what, command.evse_id
        evses = self.core.evses if place is None else tuple(filter(None, (self.core.evse(place),)))
        now = self._clock.now()
        if what is Ask.BOOT:
            self._spawn(self._register_again(), "boot")
        elif what is Ask.HEARTBEAT:
            self.uplink.notify(self.dialect.heartbeat(), None, triggered=True)
        elif what is Ask.STATUS:
            station = self.dialect.station_status(now)
            if station is not None and not place:
                self.uplink.notify(station, None, triggered=True)
            for evse in evses:
                connector_id = command.connector_id or evse.connector_id
                message = self.dialect.status(evse, connector_id, now)
                self.uplink.notify(message, evse.session, triggered=True)
        else:
            act = (
                self.charging.sampling.meter if what is Ask.METER else self.charging.sampling.sample
            )
            for evse in evses:
                act(evse, Context.TRIGGER)

    async def _configured(self, names: tuple[str, ...]) -> None:
        """Let new values act at once, where they do."""
        self.event("station.configured", settings=list(names))
        for name in names:
            act = _ACTS.get(name)
            if act is not None:
                act(self)
        if "basic_auth_password" in names:
            self._spawn(self._password_changed(), "reconnect")

    def _resample(self) -> None:
        for evse in self.core.evses:
            self.charging.sampling.rearm(evse)

    # Resets

    def _reset_or_wait(self, command: Reset) -> None:
        """Restart, or one EVSE of it, at once or when it is idle."""
        if command.when_idle and not self._is_idle(command):
            self._reset_due = command
            return
        self.event("station.reset", cause=command.cause.value, only_evse=command.evse_id)
        if command.evse_id is None:
            self._spawn(self._reset(command), "reset")
        else:  # an EVSE has no more to restart than what goes on at it
            self.charging.stop(self.core.evses[command.evse_id - 1], command.cause)

    def _is_idle(self, command: Reset) -> bool:
        if command.evse_id is None:
            return self.core.idle
        return self.core.evses[command.evse_id - 1].transaction is None

    def _transaction_over(self) -> None:
        """A reset may have waited for that."""
        command = self._reset_due
        if command is not None and self._is_idle(command):
            self._reset_due = None
            self._reset_or_wait(command)

    # Small things

    def secure(self, event: SecurityEvent) -> None:
        """Something happened for whoever looks after security (2.0.1 A04)."""
        if self.certificates is not None:
            self.certificates.secure(event)
        else:  # without the messages for it there is the journal
            self.event("security.event", kind=event.kind, info=event.info)

    def _acknowledged(self, message: Queued, tx: Transaction | None, answer: Payload) -> None:
        self.admission.acknowledged(message, tx, answer)

    def _session_for(self, action: str | None, payload: Payload) -> str | None:
        keys = self.dialect.session_keys(self.core.config.id, payload)
        return self._journal.session_of(*keys) if keys else None

    def event(self, what: str, **data: Any) -> None:
        """Record a decision of the whole station."""
        self._journal.event(self.actor, what, **data)


def _pnc_configured(board: Board) -> None:
    """What the CSMS says outranks what the station had concluded."""
    board.core.pnc_suspended = False
    if board.certificates is not None:
        board.certificates.look()


# Settings whose new value acts at once.
_ACTS: dict[str, Callable[[Board], None]] = {
    "heartbeat_interval_s": lambda board: board.uplink.beat(),
    "aligned_interval_s": lambda board: board.charging.sampling.align(),
    "aligned_ended_interval_s": lambda board: board.charging.sampling.align(),
    "stop_aligned_measurands": lambda board: board.charging.sampling.align(),
    "meter_interval_s": Board._resample,
    "ended_interval_s": Board._resample,
    "stop_sampled_measurands": Board._resample,
    "ended_measurands": Board._resample,
    "pnc_enabled": _pnc_configured,
}
