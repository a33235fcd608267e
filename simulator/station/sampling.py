"""When the meters of a station are read, and what becomes of it.

Rule: two timers a transaction, what is told and what is noted for the last message, and one for all
clock-aligned readings; none of them while its interval is 0 (OCPP 1.6 section 3.16, 2.0.1 J01,
J02).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from simulator.kernel.clock import Clock
from simulator.station.core import Core, Evse, Moment
from simulator.station.dialect import Dialect
from simulator.station.samples import Context
from simulator.station.timers import Timers
from simulator.station.uplink import Uplink

_ALIGNED = "aligned"
# A timer that fires a little early must not find the same boundary again.
_SLACK_S = 0.05


class Sampling:
    """The readings of one station, from power-on to power-off."""

    __slots__ = ("_clock", "_core", "_dialect", "_sampled", "_timers", "_uplink")

    def __init__(
        self,
        core: Core,
        dialect: Dialect,
        uplink: Uplink,
        timers: Timers,
        *,
        clock: Clock,
        sampled: Callable[[Evse], object],
    ) -> None:
        self._core = core
        self._dialect = dialect
        self._uplink = uplink
        self._timers = timers
        self._clock = clock
        self._sampled = sampled  # told of each periodic sample, after it

    # By interval

    def rearm(self, evse: Evse) -> None:
        """Sample as the settings say, from now on."""
        self.disarm(evse)
        if evse.transaction is None:
            return
        settings, number = self._core.settings, evse.evse_id
        told_s = settings.integer("meter_interval_s")
        self._timers.every((number, "sample"), told_s, lambda: self._periodic(evse))
        interval, measurands = self._dialect.noted
        noted_s = settings.integer(interval) if settings.members(measurands) else 0
        self._timers.every((number, "note"), noted_s, lambda: self._note(evse, Context.PERIODIC))

    def disarm(self, evse: Evse) -> None:
        """Its transaction is over."""
        self._timers.disarm((evse.evse_id, "sample"))
        self._timers.disarm((evse.evse_id, "note"))

    def _periodic(self, evse: Evse) -> None:
        self.sample(evse, Context.PERIODIC)
        self._sampled(evse)

    # By the clock

    def align(self) -> None:
        """Arm the clock-aligned readings of the whole station, as the settings say."""
        self._timers.disarm(_ALIGNED)
        settings = self._core.settings
        noted, measurands = self._dialect.noted_by_clock
        told_s = settings.integer("aligned_interval_s")
        noted_s = settings.integer(noted) if settings.members(measurands) else 0
        left_s = {each: self._to_boundary_s(each) for each in (told_s, noted_s) if each}
        if left_s:
            wait_s = min(left_s.values())
            told, due = left_s.get(told_s) == wait_s, left_s.get(noted_s) == wait_s
            self._timers.arm(_ALIGNED, wait_s, partial(self._aligned, told, due))

    def _to_boundary_s(self, interval_s: int) -> float:
        """Seconds to the next multiple of an interval, counted from midnight UTC."""
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        left_s = interval_s - (now - midnight) / timedelta(seconds=1) % interval_s
        return left_s if left_s > _SLACK_S else left_s + interval_s

    def _aligned(self, told: bool, noted: bool) -> None:
        for evse in self._core.evses:
            if noted:
                self._note(evse, Context.CLOCK)
            if told:
                act = self.meter if evse.transaction is None else self.sample
                act(evse, Context.CLOCK)
        self.align()

    # Readings

    def sample(self, evse: Evse, context: Context) -> None:
        """Take a reading for the transaction and tell it; without one, there is nothing to tell."""
        tx = evse.transaction
        if tx is None:
            return
        moment = self.moment(evse, sample=True)
        message = self._dialect.sampled(self._core, tx, context, moment, evse.phase)
        tx.last_wh = moment.reading.energy_wh
        self._uplink.send(message, tx.session, tx)

    def meter(self, evse: Evse, context: Context) -> None:
        """Take a reading of the EVSE itself and tell it; one that was asked for, while Pending too
        (1.6 section 4.2, 2.0.1 B02).
        """
        moment = self.moment(evse, sample=True)
        message = self._dialect.metered(self._core, evse, context, moment)
        if message is not None and context is Context.TRIGGER:
            self._uplink.notify(message, evse.session, triggered=True)
        else:
            self._uplink.send(message, evse.session)

    def _note(self, evse: Evse, context: Context) -> None:
        if evse.transaction is not None:
            self._dialect.note(self._core, evse.transaction, context, self.moment(evse))

    def moment(self, evse: Evse, *, sample: bool = False) -> Moment:
        """Now, at this EVSE. A sample closes a stretch of the grid's voltage, a look does not."""
        now_s = self._clock.monotonic()
        reading = evse.meter.read(now_s) if sample else evse.meter.show(now_s)
        return Moment(self._clock.now(), reading, self._uplink.online)
