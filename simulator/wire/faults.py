"""The board of faults: which are placed, whom they strike, and what the journal is told.

Rule: without faults nothing costs anything: who asks the board looks at `active` first. Each fault
draws from a stream of its own, so that placing one never changes what another does; they strike in
the order in which they were placed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.redaction import redact_frame
from simulator.mistakes import did_you_mean
from simulator.wire.fault_kinds import FAULTS as FAULTS
from simulator.wire.fault_kinds import HOLD
from simulator.wire.fault_spec import Fault as Fault
from simulator.wire.fault_spec import FaultError as FaultError
from simulator.wire.fault_spec import Moment as Moment
from simulator.wire.faults_tls import Disguises
from simulator.wire.moment import SENT
from simulator.wire.spoken import unknown

if TYPE_CHECKING:
    from simulator.wire.holding import Desk

Undo = Callable[[], object]
Hook = Callable[[Fault, str], Undo | None]
_DAY_S = 86400.0
# Messages that are known to have passed one end, when the other end sees them.
_PASSED = 4096


class Placed:
    """A fault on the board: how often it fitted, and struck."""

    __slots__ = ("_passed", "chance", "fault", "hits", "id", "placed_s", "seen", "timer", "undo")

    def __init__(self, number: str, fault: Fault, chance: Chance, now_s: float) -> None:
        self.id = number
        self.fault = fault
        self.chance = chance
        self.placed_s = now_s
        self.seen = 0
        self.hits = 0
        self.undo: Undo | None = None
        self._passed: OrderedDict[object, int] = OrderedDict()
        self.timer: Any = None

    def over(self, now_s: float) -> bool:
        """It will not strike any more."""
        if self.fault.for_s is not None and now_s >= self.placed_s + self.fault.for_s:
            return True
        return self.fault.times is not None and self.hits >= self.fault.times

    def strikes(self, moment: Moment) -> bool:
        """Whether it strikes this message; counts it."""
        fault = self.fault
        if not fault.fits(moment) or (fault.row.either_end and self._has_passed(moment)):
            return False
        self.seen += 1
        if self.seen <= fault.after:
            return False
        if fault.probability < 1 and not self.chance.happens(fault.probability):
            return False
        self.hits += 1
        return True

    def _has_passed(self, moment: Moment) -> bool:
        """Whether this is the other end of a message that was seen before."""
        key = moment.key
        if key is None:
            return False
        passed = self._passed.get(key, 0)
        if moment.direction != SENT:
            if passed > 1:
                self._passed[key] = passed - 1
            else:
                self._passed.pop(key, None)
            return passed > 0
        self._passed[key] = passed + 1
        if len(self._passed) > _PASSED:
            self._passed.popitem(last=False)
        return False


class Hit:
    """A fault that strikes a message. Whoever does it says what was done."""

    __slots__ = ("_board", "chance", "fault", "id", "moment")

    def __init__(self, board: FaultBoard, placed: Placed, moment: Moment) -> None:
        self._board = board
        self.id = placed.id
        self.fault = placed.fault
        self.chance = placed.chance
        self.moment = moment

    def did(self, what: str, moment: Moment | None = None, **more: Any) -> None:
        """Tell the journal what was done, to this message or to a later one."""
        self._board.tell(self.id, self.fault, moment or self.moment, what, **more)

    def delay_s(self) -> float:
        """How long a `delay` takes this time, in whole milliseconds."""
        return round(max(0.0, self._drawn_s()), 3)

    def _drawn_s(self) -> float:
        by_s, spread_s = float(self.fault["by"]), float(self.fault["spread"])
        how = self.fault["distribution"]
        if how == "uniform":
            return self.chance.uniform(by_s - spread_s, by_s + spread_s)
        if how == "normal":
            return self.chance.random.gauss(by_s, spread_s)
        if how == "exponential":
            return self.chance.random.expovariate(1 / by_s) if by_s else 0.0
        return by_s

    def call_hook(self) -> str:
        """Do what the world has registered for it; returns what was done, in words."""
        return self._board.call_hook(self.fault, self.moment.actor)


class FaultBoard:
    """The faults of a world, or of a peer. `actor` tells the journal who placed them; `actors` are
    those that may be struck, where they are known.
    """

    def __init__(
        self, chance: Chance, clock: Clock, journal: Journal, *, actor: str = "world"
    ) -> None:
        self._chance = chance
        self._clock = clock
        self._journal = journal
        self._actor = actor
        self._placed: dict[str, Placed] = {}
        self.actors: frozenset[str] | None = None
        self.active = False  # whether a message may be struck at all: asked for each
        self.holds = False  # whether one may be held
        self._armed: tuple[Placed, ...] = ()  # what may strike messages yet
        self._skews: tuple[Placed, ...] = ()
        self._hooks: dict[str, Hook] = {}
        self.disguises = Disguises()
        self.desk: Desk | None = None  # where messages are held, if somebody can let them go on
        self._count = 0

    # Placing

    def hook(self, name: str, hook: Hook) -> None:
        """Register what is done when such a fault strikes; what it returns undoes it."""
        self._hooks[name] = hook

    def add(self, spec: Any) -> str:
        """Place a fault (a spec, or a Fault); returns its id. Raises FaultError."""
        fault = spec if isinstance(spec, Fault) else Fault.parse(spec)
        self._check_actor(fault)
        hook = fault.row.hook
        if hook is not None and hook not in self._hooks:
            raise FaultError("kind", f"{fault.kind}: there is nothing here that it could strike")
        if fault.kind == HOLD:
            self._check_hold(fault)
        self._count += 1
        number = f"fault-{self._count}"
        now_s = self._clock.monotonic()
        placed = Placed(number, fault, self._chance.child(number), now_s)
        undo = self._hooks[hook](fault, _whom(fault)) if hook and fault.row.lasting else None
        self._placed[number] = placed
        self._event("fault.placed", placed, spec=fault.to_json())
        if fault.row.lasting:
            placed.undo = undo
            self._begin(placed)
        self._arm()
        return number

    def _check_actor(self, fault: Fault) -> None:
        """Raises FaultError where there is nobody of that name: it would never strike."""
        told = fault.match.get("actor")
        if told is not None and self.actors is not None:
            why = unknown("actor", told, self.actors)
            if why is not None:
                raise FaultError("actor", why)

    def _check_hold(self, fault: Fault) -> None:
        """Raises FaultError where nobody could let a message go on, or time cannot stand."""
        if self.desk is None:
            raise FaultError("kind", "hold: nobody here could let a message go on")
        if fault["pause"] and self._clock.mode != "scaled":
            raise FaultError("pause", f"a {self._clock} clock cannot pause: take scaled:1")

    def remove(self, number: str) -> None:
        """Take a fault away. Raises FaultError."""
        if number not in self._placed:
            raise FaultError("id", f"no fault '{number}'.{did_you_mean(number, self._placed)}")
        placed = self._placed.pop(number)
        if placed.timer is not None:
            placed.timer.cancel()
        if placed.undo is not None:
            placed.undo()
        self._event("fault.removed", placed, hits=placed.hits)
        self._arm()

    def clear(self) -> None:
        """Take all away."""
        for number in list(self._placed):
            self.remove(number)

    def list(self) -> list[dict[str, Any]]:
        """All that were placed and not removed: id, hits, whether it may strike yet, and spec."""
        now_s = self._clock.monotonic()
        return [
            {"id": p.id, "hits": p.hits, "active": not p.over(now_s), **p.fault.to_json()}
            for p in self._placed.values()
        ]

    def _begin(self, placed: Placed) -> None:
        """A lasting fault strikes at once."""
        fault = placed.fault
        placed.hits = 1
        moment = Moment("actor", _whom(fault) or self._actor, None, "", "")
        self.tell(placed.id, fault, moment, fault.row.help)
        if fault.for_s is not None:
            placed.timer = self._clock.call_later(fault.for_s, lambda: self.remove(placed.id))

    def _arm(self) -> None:
        now_s = self._clock.monotonic()
        live = [p for p in self._placed.values() if not p.over(now_s)]
        self._armed = tuple(p for p in live if not p.fault.row.lasting)
        self.active = bool(self._armed)
        self.holds = any(p.fault.row.either_end for p in self._armed)
        self._skews = tuple(p for p in live if p.fault.kind == "clock_skew")

    # Striking

    def strike(self, moment: Moment, *, holds_only: bool = False) -> Iterator[Hit]:
        """The faults that strike a message, one after the other: who has lost it stops asking."""
        for placed in self._armed:
            if holds_only and not placed.fault.row.either_end:
                continue
            if placed.over(self._clock.monotonic()):
                self._arm()
                continue
            if placed.strikes(moment):
                if placed.over(self._clock.monotonic()):
                    self._arm()
                yield Hit(self, placed, moment)

    def call_hook(self, fault: Fault, actor: str) -> str:
        """Do what was registered for a fault's kind; returns what was done, in words."""
        try:
            self._hooks[fault.row.hook or ""](fault, actor)
        except FaultError as error:
            return f"nothing: {error.why}"
        return fault.row.help

    def tell(self, number: str, fault: Fault, moment: Moment, did: str, **more: Any) -> None:
        """Record that a fault struck; `more` particulars go with it."""
        message = moment.message
        self._journal.append(
            "fault",
            moment.actor,
            moment.peer,
            moment.session,
            fault=fault.kind,
            data={
                "id": number,
                "did": did,
                "wire": moment.wire,
                "direction": moment.direction or None,
                "of": moment.of or None,
                "action": moment.action,
                "message": message if self._journal.secrets else redact_frame(message),
                **more,
            },
        )

    def _event(self, what: str, placed: Placed, **data: Any) -> None:
        self._journal.event(self._actor, what, id=placed.id, **data)

    # Clocks

    def clock_of(self, actor: str) -> Clock:
        """An actor's own view of the world's clock, which a fault can put wrong."""
        from simulator.wire.faults_actor import ClockView

        return ClockView(self._clock, self, actor)

    def shown(self, actor: str, now: datetime) -> datetime:
        """What an actor's clock shows at a moment."""
        now_s = self._clock.monotonic()
        for placed in self._skews:
            if placed.fault.concerns(actor):
                past_days = (now_s - placed.placed_s) / _DAY_S
                wrong_s = placed.fault["seconds"] + placed.fault["drift"] * past_days
                now += timedelta(seconds=wrong_s)
        return now

    @property
    def skewed(self) -> bool:
        """Whether any clock is wrong."""
        return bool(self._skews)


def _whom(fault: Fault) -> str:
    """The one actor that a lasting fault names; '' for all, or a pattern."""
    told = str(fault.match.get("actor", ""))
    return "" if any(wild in told for wild in "*?[") else told
