"""A station on the wire: the shell around connector, boot, meter and dialect.

Rule: it decides nothing. Verbs and incoming calls become events for the cores; effects become
messages, timers and journal records. `Memory` is what outlives a power cut: all else is built anew
by `_power_on`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, parse_rfc3339
from simulator.kernel.journal import Journal
from simulator.station.admission import Admission
from simulator.station.authorization import IdToken
from simulator.station.boot import Queued
from simulator.station.charging import Charging
from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig, StationError
from simulator.station.connector import Event, Impossible
from simulator.station.core import (
    Answer,
    Ask,
    Cause,
    Command,
    Configured,
    Core,
    Evse,
    Memory,
    Payload,
    Reset,
    Send,
    SetOperative,
    StartRemotely,
    StopCharging,
    Transaction,
    Trigger,
)
from simulator.station.dialects import DIALECTS
from simulator.station.ev import Car, draw_car
from simulator.station.samples import Context
from simulator.station.settings import SettingError, Settings
from simulator.station.snapshot import snapshot
from simulator.station.uplink import Uplink
from simulator.wire.chores import Chores
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
from simulator.wire.ocpp_ws import Link, OcppClient

__all__ = ["Car", "ConnectorConfig", "EvseConfig", "Station", "StationConfig", "StationError"]

_BOOT_RETRY_S = 60.0
_STALE_PAYLOAD = (KeyError, TypeError, AttributeError, ValueError)


class Station:
    """One simulated charge point. A verb that cannot be done raises StationError."""

    __slots__ = (
        "_admission",
        "_boot_now",
        "_chance",
        "_charging",
        "_chores",
        "_client",
        "_dialect",
        "_journal",
        "_ready",
        "_registering",
        "_reset_due",
        "_uplink",
        "actor",
        "clock",
        "config",
        "core",
        "memory",
        "powered",
    )

    def __init__(
        self, config: StationConfig, *, clock: Clock, chance: Chance, journal: Journal
    ) -> None:
        config.check()
        if config.version not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise StationError(f"{config.id}: no station speaks OCPP {config.version}: {known}")
        self.config = config
        self.clock = clock
        self.actor = f"station/{config.id}"
        self._dialect = DIALECTS[config.version]
        self._journal = journal
        self._chance = chance.child(f"station/{config.id}")
        self._chores = Chores(journal, self.actor)
        self.memory = Memory(_settings(config))
        self._client: OcppClient | None = None
        self._ready = asyncio.Event()
        self._boot_now = asyncio.Event()
        self._registering = False
        self._reset_due: Reset | None = None
        self.powered = False
        self._build()

    def _build(self) -> None:
        """All that a power cut destroys."""
        self.core = Core(self.config, self.memory, self._chance)
        self._uplink = Uplink(
            self.core,
            self._dialect,
            clock=self.clock,
            journal=self._journal,
            actor=self.actor,
            spawn=self._spawn,
            acknowledged=self._acknowledged,
        )
        self._charging = Charging(
            self.core,
            self._dialect,
            self._uplink,
            clock=self.clock,
            chance=self._chance,
            journal=self._journal,
            actor=self.actor,
            on_idle=self._idle,
        )
        self._admission = Admission(
            self.core,
            self._dialect,
            self._uplink,
            self._charging,
            clock=self.clock,
            journal=self._journal,
        )

    # Verbs: power and network

    async def start(self) -> None:
        """Power on: connect and boot in the background."""
        if not self.powered:
            await self._power_on()

    async def stop(self) -> None:
        """Leave the world: nothing of the station runs any more."""
        if self.powered:
            await self._power_off(polite=True)
        await self._chores.stop()

    async def wait_ready(self, timeout_s: float | None = 60.0) -> None:
        """Wait until the CSMS has accepted the station. Raises TimeoutError."""
        if not await self.clock.wait_event(self._ready, timeout_s):
            raise TimeoutError(f"{self.config.id} was not accepted within {timeout_s} s")

    async def offline(self) -> None:
        """Cut the network; the station goes on by itself."""
        if self._client is not None:
            await self._client.drop(stay_down=True)

    async def online(self) -> None:
        """Mend the network."""
        if self._client is not None:
            await self._client.start()

    async def power_cut(self, off_s: float = 30.0) -> None:
        """Cut the power for `off_s`: only the memory survives. It boots by itself afterwards."""
        if not self.powered:
            return
        self._event("station.power_cut", off_s=off_s)
        self.memory.cut_at = self.clock.now()
        await self._restart("PowerUp", off_s, polite=False)

    async def reset(self) -> None:
        """Restart, as by the button inside: transactions are ended first."""
        await self._reset(Reset(Cause.SOFT_RESET, "LocalReset"))

    # Verbs: the driver

    async def plug(self, evse_id: int, car: Car | None = None) -> None:
        """Put a car's cable in; without a car, one is drawn by chance."""
        evse = self._evse(evse_id)
        if evse_id in self.memory.cars:
            raise StationError(f"{self.config.id}: EVSE {evse_id} has a car already")
        dc = evse.connector.limits.dc
        car = car or draw_car(self._chance, needs_dc=dc)
        if dc and not car.dc_max_w:
            raise StationError(f"{self.config.id}: EVSE {evse_id} is DC; the {car.model} is not")
        self._charging.session(evse)
        self._charging.event(
            evse,
            "car.plugged",
            model=car.model,
            soc_percent=round(car.soc_percent, 1),
            battery_kwh=car.battery_kwh,
        )
        self._charging.car(evse, car)
        if self.powered:
            self._try(evse, lambda: self._charging.apply(evse, Event.PLUG, Cause.CABLE))

    async def unplug(self, evse_id: int) -> None:
        """Pull the cable out, whatever goes on."""
        evse = self._evse(evse_id)
        if evse_id not in self.memory.cars:
            raise StationError(f"{self.config.id}: EVSE {evse_id} has no car")
        self._charging.event(evse, "car.unplugged")
        if self.powered and evse.phase.authorized:
            self._charging.disconnect(evse)
            return
        self._charging.car(evse, None)
        if self.powered:
            self._try(evse, lambda: self._charging.apply(evse, Event.UNPLUG, Cause.EV_DISCONNECTED))

    async def tap(self, evse_id: int, id_token: str, type: str = "ISO14443") -> bool:  # noqa: A002 - OCPP's own name
        """Present a card; True if it started or stopped something."""
        evse = self._evse(evse_id)
        if not self.powered:
            raise StationError(f"{self.config.id} has no power")
        return await self._admission.tap(evse, IdToken(id_token, type))

    async def stop_session(self, evse_id: int) -> None:
        """Press the stop button."""
        evse = self._evse(evse_id)
        if not self._charging.stop(evse, Cause.LOCAL):
            raise StationError(f"{self.config.id}: nothing goes on at EVSE {evse_id}")

    async def fault(self, evse_id: int, *, cleared: bool = False) -> None:
        """Let a connector fail, or recover."""
        evse = self._evse(evse_id)
        if cleared:
            self._charging.apply(evse, Event.FAULT_CLEARED, Cause.FAULT)
        else:
            self._charging.fail(evse)

    def snapshot(self) -> dict[str, Any]:
        """What a display shows of the station, now. Plain values."""
        return snapshot(
            self.core, self._dialect, self._uplink, self.clock.monotonic(), self.powered
        )

    # Power

    async def _power_on(self) -> None:
        self.powered = True
        self._event("station.powered_on", version=str(self.config.version))
        self._charging.power_on()
        settings = self.memory.settings
        self._client = OcppClient(
            url=self.config.csms_url,
            station_id=self.config.id,
            version=self.config.version,
            clock=self.clock,
            chance=self._chance.child(f"boot/{self.memory.boots}"),
            journal=self._journal,
            handler=self._handle,
            on_up=self._up,
            on_down=self._down,
            basic_password=settings.text("basic_auth_password") or self.config.basic_password,
            validation=self.config.validation,
            ping_interval_s=float(settings.integer("ping_interval_s")) or None,
            wait_minimum_s=self.config.reconnect_minimum_s,
            random_range_s=self.config.reconnect_random_s,
            peer=self.config.peer,
        )
        self.memory.boots += 1
        await self._client.start()

    async def _power_off(self, *, polite: bool) -> None:
        """Stop all that runs; then nothing is left but the memory."""
        self.powered = False
        self._charging.power_off()
        client, self._client = self._client, None
        if client is not None:
            if not polite:
                await client.drop(stay_down=True)
            await client.stop()
        self._uplink.down()
        self._ready.clear()
        self._build()

    async def _restart(self, reason: str, off_s: float, *, polite: bool) -> None:
        """Off now; on again after `off_s`, in the background."""
        await self._power_off(polite=polite)
        self.memory.boot_reason = reason

        async def on_again() -> None:
            await self.clock.sleep(off_s)
            await self._power_on()

        self._spawn(on_again(), "power on")

    async def _reset(self, command: Reset) -> None:
        """End what goes on, deliver what can be delivered, restart."""
        if command.when_idle and not self._idle_for(command):
            self._reset_due = command
            return
        self._event("station.reset", cause=command.cause.value, evse=command.evse_id)
        evses = self.core.evses
        if command.evse_id is not None:
            evses = (evses[command.evse_id - 1],)
        for evse in evses:
            self._charging.stop(evse, command.cause)
        if command.evse_id is not None:
            return
        await self._uplink.drained(float(self.memory.settings.integer("message_timeout_s")))
        await self._restart(command.reason, self.config.reboot_s, polite=True)

    def _idle_for(self, command: Reset) -> bool:
        if command.evse_id is None:
            return self.core.idle
        return self.core.evses[command.evse_id - 1].transaction is None

    def _idle(self) -> None:
        """No transaction goes on any more: a reset may have waited for that."""
        command, self._reset_due = self._reset_due, None
        if command is not None:
            self._spawn(self._reset(command), "reset")

    # The link

    async def _up(self, link: Link) -> None:
        link.session_for = self._session_for
        self._uplink.up(link)
        if not self.core.boot.accepted:
            await self._register()
            return
        offline_s = self.clock.monotonic() - self._uplink.down_since_s
        threshold_s = self.memory.settings.integer("offline_threshold_s")
        always = self._dialect.reports_all_after_offline and offline_s > threshold_s
        self._event("station.online", offline_s=round(offline_s, 3))
        self._speak(always=always)

    def _down(self, reason: str) -> None:
        self._ready.clear()
        self._uplink.down()
        self._event("station.offline", reason=reason)

    def _speak(self, *, always: bool) -> None:
        """The CSMS listens: tell what it has missed."""
        for evse in self.core.evses:
            self._charging.tell_status(evse, always=always)
        self._uplink.resume()
        self._charging.align()
        self._ready.set()

    async def _register(self) -> None:
        """Boot until accepted (1.6 section 4.2, 2.0.1 B01 to B03)."""
        if self._registering:
            self._boot_now.set()
            return
        self._registering = True
        try:
            while (wait_s := await self._boot()) is not None:
                self._boot_now.clear()
                await self.clock.wait_event(self._boot_now, wait_s)
        finally:
            self._registering = False

    async def _boot(self) -> float | None:
        """One BootNotification; returns the wait before the next, None once accepted."""
        try:
            answer = await self._uplink.call(self._dialect.boot(self.core), None)
            # The clock is the world's: the CSMS's time is read, and not taken over.
            parse_rfc3339(answer["currentTime"])
            status, interval_s = answer["status"], answer["interval"]
        except (OcppError, CallTimeout) as error:
            self._event("boot.failed", error=str(error))
            return _BOOT_RETRY_S
        except _STALE_PAYLOAD as error:
            self._event("boot.failed", error=f"{type(error).__name__}: {error}")
            return _BOOT_RETRY_S
        wait_s = self.core.boot.answered(status, float(interval_s))
        self._event(f"boot.{self.core.boot.status.value.lower()}", interval_s=interval_s)
        if wait_s is None:
            if interval_s > 0:
                self.memory.settings.set("heartbeat_interval_s", str(int(interval_s)))
            station = self._dialect.station_status(self.clock.now())
            if station is not None:
                self._uplink.notify(station, None)
            self._speak(always=True)
        return wait_s

    # Incoming calls

    async def _handle(self, call: Call) -> Reply:
        await self._hold_tongue()
        handler = self._dialect.handlers.get(call.action)
        if handler is None:
            self._event("request.refused", action=call.action)
            known = call.action in actions(self.config.version)
            raise not_supported(call.action) if known else not_implemented(call.action)
        try:
            answer: Answer = handler(self.core, call.payload, self.clock.now())
        except _STALE_PAYLOAD as error:  # only where validation is not strict
            raise OcppError(
                ErrorCode.FORMAT_VIOLATION, f"{type(error).__name__}: {error}"
            ) from error
        self._event("request.answered", action=call.action, status=answer.payload.get("status"))
        if not answer.then:
            return Reply(answer.payload)
        return Reply(answer.payload, after=partial(self._perform_all, answer.then))

    async def _hold_tongue(self) -> None:
        """A rejected station does not answer (1.6 section 4.2, 2.0.1 B03): wait until it may."""
        link = self._uplink.link
        while link is not None and not self.core.boot.may_answer():
            if await self.clock.wait_event(link.closed, 1.0):
                raise LinkClosed("the link closed while the station was rejected")

    async def _perform_all(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            if not self.powered:
                return
            await self._perform(command)

    async def _perform(self, command: Command) -> None:
        match command:
            case StartRemotely():
                await self._admission.start_remotely(command)
            case StopCharging(evse_id, cause):
                self._charging.stop(self._evse(evse_id), cause)
            case SetOperative(evse_ids, operative):
                for evse_id in evse_ids:
                    self._charging.set_operative(self._evse(evse_id), operative)
            case Reset():
                self._spawn(self._reset(command), "reset")
            case Trigger(what, place):
                self._trigger(what, place)
            case Send(messages):
                for message in messages:
                    self._uplink.notify(message, None, triggered=True)
            case Configured(names):
                await self._configured(names)

    def _trigger(self, what: Ask, place: int | None) -> None:
        """Send what was asked for, in its present state."""
        evses = self.core.evses if place is None else tuple(filter(None, (self.core.evse(place),)))
        now = self.clock.now()
        if what is Ask.BOOT:
            self._spawn(self._register(), "boot")
        elif what is Ask.HEARTBEAT:
            self._uplink.notify(self._dialect.heartbeat(), None, triggered=True)
        elif what is Ask.STATUS:
            station = self._dialect.station_status(now)
            if station is not None and not place:
                self._uplink.notify(station, None, triggered=True)
            for evse in evses:
                message = self._dialect.status(evse, now)
                self._uplink.notify(message, evse.session, triggered=True)
        else:
            for evse in evses:
                if what is Ask.METER or evse.transaction is not None:
                    self._charging.sample(evse, Context.TRIGGER)

    async def _configured(self, names: tuple[str, ...]) -> None:
        """Let new values act at once, where they do."""
        self._event("station.configured", settings=list(names))
        for name in names:
            act = _ACTS.get(name)
            if act is not None:
                act(self)
        if "basic_auth_password" in names and self._client is not None:
            self._client.basic_password = self.memory.settings.text("basic_auth_password")
            self._spawn(self._reconnect(), "reconnect")

    async def _reconnect(self) -> None:
        """Use the new password: close and connect again (2.0.1 A01)."""
        if self._client is not None:
            await self._client.stop()
        if self._client is not None:
            await self._client.start()

    def _resample(self) -> None:
        for evse in self.core.evses:
            self._charging.rearm(evse)

    # Small things

    def _acknowledged(self, message: Queued, tx: Transaction | None, answer: Payload) -> None:
        self._admission.acknowledged(message, tx, answer)

    def _session_for(self, action: str | None, payload: Payload) -> str | None:
        keys = self._dialect.session_keys(self.config.id, payload)
        return self._journal.session_of(*keys) if keys else None

    def _evse(self, evse_id: int) -> Evse:
        evse = self.core.evse(evse_id)
        if evse is None:
            raise StationError(f"{self.config.id} has no EVSE {evse_id}")
        return evse

    def _try(self, evse: Evse, act: Callable[[], None]) -> None:
        try:
            act()
        except Impossible as error:
            raise StationError(f"{self.config.id}, EVSE {evse.evse_id}: {error}") from error

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._chores.start(work, name)

    def _event(self, what: str, **data: Any) -> None:
        self._journal.event(self.actor, what, **data)


# Settings whose new value acts at once.
_ACTS: dict[str, Callable[[Station], None]] = {
    "heartbeat_interval_s": lambda station: station._uplink.beat(),
    "aligned_interval_s": lambda station: station._charging.align(),
    "aligned_ended_interval_s": lambda station: station._charging.align(),
    "stop_aligned_measurands": lambda station: station._charging.align(),
    "meter_interval_s": Station._resample,
    "ended_interval_s": Station._resample,
    "stop_sampled_measurands": Station._resample,
    "ended_measurands": Station._resample,
}


def _settings(config: StationConfig) -> Settings:
    values = {
        "meter_interval_s": str(config.meter_interval_s),
        "aligned_interval_s": str(config.clock_aligned_interval_s),
        "connectors": str(len(config.evses)),
        **config.settings,
    }
    try:
        return Settings(values)
    except SettingError as error:
        raise StationError(f"{config.id}: settings: {error}") from error
