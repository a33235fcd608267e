"""A station on the wire: power, network and the verbs of whoever plays the world.

Rule: it decides nothing. Verbs become events for the cores; `board` is what runs from power-on to
power-off, and only the `Memory` outlives a power cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.station.authorization import IdToken
from simulator.station.board import Board
from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig, StationError
from simulator.station.connector import Event, Impossible
from simulator.station.core import Cause, Core, Evse, Memory, Reset
from simulator.station.dialects import DIALECTS
from simulator.station.ev import Car, draw_car
from simulator.station.factory import certificates_of, settings_of
from simulator.station.snapshot import snapshot
from simulator.wire.chores import Chores
from simulator.wire.faults import FaultBoard
from simulator.wire.ocpp_ws import Link, OcppClient

if TYPE_CHECKING:  # a station without certificates loads no cryptography
    from simulator.station.csms_tls import CsmsTls
    from simulator.wire.tls import Identity

__all__ = ["Car", "ConnectorConfig", "EvseConfig", "Station", "StationConfig", "StationError"]


class Station:
    """One simulated charge point. A verb that cannot be done raises StationError."""

    __slots__ = (
        "_board",
        "_chance",
        "_chores",
        "_client",
        "_csms_tls",
        "_dialect",
        "_faults",
        "_journal",
        "_networked",
        "_ready",
        "clock",
        "config",
        "memory",
        "powered",
    )

    def __init__(
        self,
        config: StationConfig,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        faults: FaultBoard | None = None,
    ) -> None:
        config.check()
        if config.version not in DIALECTS:
            known = ", ".join(DIALECTS)
            raise StationError(f"{config.id}: no station speaks OCPP {config.version}: {known}")
        self.config = config
        self.clock = clock if faults is None else faults.clock_of(f"station/{config.id}")
        self._faults = faults
        self.memory = Memory(settings_of(config), certificates=certificates_of(config))
        self.powered = False
        self._networked = True
        self._dialect = DIALECTS[config.version]
        self._journal = journal
        self._chance = chance.child(f"station/{config.id}")
        self._chores = Chores(journal, f"station/{config.id}")
        self._ready = asyncio.Event()
        self._client: OcppClient | None = None
        self._csms_tls: CsmsTls | None = None
        self._board = self._new_board()

    def _new_board(self) -> Board:
        return Board(
            self.config,
            self.memory,
            self._dialect,
            clock=self.clock,
            chance=self._chance,
            journal=self._journal,
            ready=self._ready,
            spawn=self._spawn,
            reset=self._reset,
            password_changed=self._reconnect,
        )

    @property
    def core(self) -> Core:
        """What the station knows."""
        return self._board.core

    @property
    def link(self) -> Link | None:
        """Its connection; None while there is none."""
        return self._board.uplink.link

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
        self._networked = False
        if self._client is not None:
            await self._client.drop(stay_down=True)

    def cut(self) -> None:
        """Cut its connection; it comes back by itself."""
        if self._client is not None:
            self._spawn(self._client.drop(), "cut")

    async def online(self) -> None:
        """Mend the network."""
        self._networked = True
        if self._client is not None:
            await self._client.start()

    async def power_cut(self, off_s: float = 30.0) -> None:
        """Cut the power for `off_s`: only the memory survives. It boots by itself afterwards."""
        if not self.powered:
            return
        self._board.event("station.power_cut", off_s=off_s)
        await self._restart("PowerUp", off_s, polite=False)

    def lose_power(self, off_s: float = 30.0) -> None:
        """Cut the power as soon as what happens now has happened."""
        self._spawn(self.power_cut(off_s), "power cut")

    async def reset(self) -> None:
        """Restart, as by the button inside: transactions are ended first."""
        await self._reset(Reset(Cause.SOFT_RESET, "LocalReset"))

    # Verbs: the driver

    async def plug(
        self, evse_id: int, car: Car | None = None, *, connector_id: int | None = None
    ) -> None:
        """Put a car's cable in; without a car, one is drawn by chance."""
        evse = self._evse(evse_id)
        if evse_id in self.memory.cars:
            raise StationError(f"{self.config.id}: EVSE {evse_id} has a car already")
        if connector_id is not None:
            self._use(evse, connector_id)
        dc = evse.connector.limits.dc
        car = car or draw_car(self._chance, needs_dc=dc)
        if dc and not car.dc_max_w:
            raise StationError(f"{self.config.id}: EVSE {evse_id} is DC; the {car.model} is not")
        self._board.charging.session(evse)
        self._board.charging.event(
            evse,
            "car.plugged",
            model=car.model,
            soc_percent=round(car.soc_percent, 1),
            battery_kwh=car.battery_kwh,
        )
        self._board.charging.car(evse, car)
        if self.powered:
            self._happen(evse, Event.PLUG, Cause.CABLE)
            self._board.admission.plugged(evse)

    async def unplug(self, evse_id: int) -> None:
        """Pull the cable out, whatever goes on."""
        evse = self._evse(evse_id)
        if evse_id not in self.memory.cars:
            raise StationError(f"{self.config.id}: EVSE {evse_id} has no car")
        self._board.charging.event(evse, "car.unplugged")
        self._board.admission.unplugged(evse)
        if self.powered and evse.phase.authorized:
            self._board.charging.disconnect(evse)
            return
        self._board.charging.car(evse, None)
        if self.powered:
            self._happen(evse, Event.UNPLUG, Cause.EV_DISCONNECTED)

    async def tap(self, evse_id: int, id_token: str, token_type: str = "ISO14443") -> bool:
        """Present a card; True if it started or stopped something. The type is 2.0.1's."""
        evse = self._evse(evse_id)
        if not self.powered:
            raise StationError(f"{self.config.id} has no power")
        return await self._board.admission.tap(evse, IdToken(id_token, token_type))

    async def stop_session(self, evse_id: int) -> None:
        """Press the stop button."""
        evse = self._evse(evse_id)
        if not self._board.charging.stop(evse, Cause.LOCAL):
            raise StationError(f"{self.config.id}: nothing goes on at EVSE {evse_id}")

    async def suspend(self, evse_id: int, *, by_evse: bool = False) -> None:
        """Let the car pause, or the EVSE withhold its energy."""
        event = Event.EVSE_SUSPEND if by_evse else Event.EV_SUSPEND
        self._happen(self._evse(evse_id), event, Cause.EVSE if by_evse else Cause.CAR)

    async def resume(self, evse_id: int) -> None:
        """Let energy flow again."""
        self._happen(self._evse(evse_id), Event.ENERGY, Cause.CAR)

    async def fault(self, evse_id: int, *, cleared: bool = False) -> None:
        """Let a connector fail, or recover."""
        evse = self._evse(evse_id)
        if cleared:
            self._board.charging.apply(evse, Event.FAULT_CLEARED, Cause.FAULT)
        else:
            self._board.charging.fail(evse)

    def snapshot(self) -> dict[str, Any]:
        """What a display shows of the station, now. Plain values."""
        board, now, now_s = self._board, self.clock.now(), self.clock.monotonic()
        return snapshot(board.core, self._dialect, board.uplink, now, now_s, self.powered)

    # Power

    async def _power_on(self) -> None:
        if self.powered:
            return
        self.powered = True
        board, memory = self._board, self.memory
        board.event("station.powered_on", version=str(self.config.version))
        board.charging.power_on()
        tls = self._tls()
        self._client = OcppClient(
            url=self.config.csms_url,
            station_id=self.config.id,
            version=self.config.version,
            clock=self.clock,
            chance=self._chance.child(f"boot/{memory.boots}"),
            journal=self._journal,
            handler=board.handle,
            on_up=self._up,
            on_down=board.down,
            basic_password=self._password(),
            validation=self.config.validation,
            ping_interval_s=float(memory.settings.integer("ping_interval_s")) or None,
            wait_minimum_s=self.config.reconnect_minimum_s,
            random_range_s=self.config.reconnect_random_s,
            peer=self.config.peer,
            ssl=None if tls is None else tls.context,
            on_failed=None if tls is None else tls.failed,
            faults=self._faults,
        )
        self._csms_tls = tls
        memory.boots += 1
        if self._networked:
            await self._client.start()

    async def _power_off(self, *, polite: bool) -> None:
        """Stop all that runs; then nothing is left but the memory."""
        self.powered = False
        self.memory.off_since = self.clock.now()
        self._board.charging.power_off()
        self._board.admission.stop()
        client, self._client = self._client, None
        if client is not None:
            if not polite:
                await client.drop(stay_down=True)
            await client.stop()
        self._board.uplink.down()
        self._ready.clear()
        self._board = self._new_board()

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
        board = self._board
        for evse in board.core.evses:
            board.charging.halt(evse, command.cause)
        await board.uplink.drained(float(self.memory.settings.integer("message_timeout_s")))
        if board is self._board:  # nobody was faster
            await self._restart(command.reason, self.config.reboot_s, polite=True)

    def _tls(self) -> CsmsTls | None:
        """What security profiles 2 and 3 add. Raises TlsError for files that are none."""
        if self.config.profile < 2:
            return None
        from simulator.station.csms_tls import CsmsTls

        board = self._board
        tls = CsmsTls(
            self.config,
            self.memory.certificates,
            clock=self.clock,
            event=board.event,
            secure=board.secure,
            shown=self._disguise,
        )
        tls.context()
        return tls

    def _disguise(self) -> Identity | None:
        """The certificate that a fault has it show, if one does."""
        faults = self._faults
        return None if faults is None else faults.disguises.of(f"station/{self.config.id}")

    async def _up(self, link: Link) -> None:
        if self._csms_tls is not None:
            self._csms_tls.connected()
        await self._board.up(link)

    def _password(self) -> str | None:
        """What its security profile has it say at the door."""
        if self.config.profile == 3:
            return None
        return self.memory.settings.text("basic_auth_password") or self.config.basic_password

    async def _reconnect(self) -> None:
        """Use the new password or certificate: close and connect again (2.0.1 A01, A02)."""
        client = self._client
        if client is not None and self._networked:
            client.basic_password = self._password()
            await client.stop()
            await client.start()

    # Small things

    def _evse(self, evse_id: int) -> Evse:
        evse = self.core.evse(evse_id)
        if evse is None:
            raise StationError(f"{self.config.id} has no EVSE {evse_id}")
        return evse

    def _use(self, evse: Evse, connector_id: int) -> None:
        """Take another connector of an EVSE from its holster."""
        if not 1 <= connector_id <= len(evse.config.connectors):
            raise StationError(f"{self.config.id}: no connector {connector_id} at {evse.evse_id}")
        self.memory.connectors[evse.evse_id] = evse.connector_id = connector_id
        evse.meter.use(evse.connector.limits, self.clock.monotonic())

    def _happen(self, evse: Evse, event: Event, cause: Cause) -> None:
        try:
            self._board.charging.apply(evse, event, cause)
        except Impossible as error:
            raise StationError(f"{self.config.id}, EVSE {evse.evse_id}: {error}") from error

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return self._chores.start(work, name)
