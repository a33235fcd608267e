"""What the screens show: exchanges, sessions and stations, kept as plain values.

Rule: the store is asked some times a second and says what has changed since; it never sends
anything, and it holds no more than it was given room for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.kernel.journal import Record
from simulator.tui.engine import NOTHING_HELD, Engine, Snapshot
from simulator.tui.exchange import Exchange
from simulator.tui.odd import ODD
from simulator.tui.pairing import Pairing
from simulator.tui.ring import Ring
from simulator.tui.visits import Visits

EXCHANGES = 50_000
STEPS_KEPT = 2_000
# Points of a station's power and state of charge, one a second.
POINTS = 120
# Stations that one look may cost: each is a snapshot of some 150 us.
LOOKS = 60
# Ticks over which the rate of messages is taken.
_RATE_TICKS = 20


@dataclass(slots=True)
class Changes:
    """What one look found: stations and sessions by name, exchanges by number."""

    stations: set[str] = field(default_factory=set)
    visits: set[str] = field(default_factory=set)
    exchanges: set[int] = field(default_factory=set)
    added: int = 0

    def __bool__(self) -> bool:
        return bool(self.stations or self.visits or self.exchanges)


class Store:
    """A world as the screens see it. `versions` rise with each change of their kind."""

    def __init__(self, engine: Engine, *, size: int = EXCHANGES) -> None:
        self.engine = engine
        self.exchanges: Ring[Exchange] = Ring(size)
        self.visits = Visits()
        self.stations: dict[str, Snapshot] = {}
        self.history: dict[tuple[str, int], deque[tuple[float, float | None]]] = {}
        self.steps: deque[Record] = deque(maxlen=STEPS_KEPT)
        self.events: deque[Record] = deque(maxlen=STEPS_KEPT)
        self.failed_steps: dict[int, str] = {}  # by number: why
        self.versions = {"exchanges": 0, "visits": 0, "stations": 0}
        self.failures = 0
        self.odd = 0  # records of which something could not be told
        self.holding: Snapshot = NOTHING_HELD
        self.at = ""
        self.figures: Snapshot = {}  # what goes on, as the engine last told
        self.focus: str | None = None  # the station that is looked at each time
        self._pairing = Pairing()
        self._stale: dict[str, None] = {}  # in the order they became so
        self._busy: set[str] = set()  # stations where energy flows
        self._ticks: deque[tuple[float, int]] = deque(maxlen=_RATE_TICKS)

    def read(self) -> Changes:
        """Take in what was recorded since the last look."""
        changes = Changes()
        for record in self.engine.take():
            try:
                self._hear(record, changes)
                self.at = str(record["at"])
            except ODD:
                self.odd += 1
        for name in ("exchanges", "visits"):
            if getattr(changes, name):
                self.versions[name] += 1
        return changes

    def _hear(self, record: Record, changes: Changes) -> None:
        leg = record["leg"]
        if leg == "step":
            self.steps.append(record)
            if record["step"] == "note" and (about := record["arguments"].get("about")) is not None:
                self._comment(record, about, changes)
        elif leg == "event":
            self.events.append(record)
            if record["what"] == "step.failed":
                told = record["data"]
                self.failed_steps[int(told["about"])] = str(told["why"])
        actor = record["actor"]
        if actor.startswith("station/"):
            self._stale[actor[8:]] = None
        for exchange, new in self._pairing.take(record):
            if new:
                self.exchanges.append(exchange)
                changes.added += 1
            changes.exchanges.add(exchange.number)
            if leg != "event" and _told_by(record, exchange) and exchange.failed:
                self.failures += 1
        if record["session"] is not None and (session := self.visits.take(record)) is not None:
            changes.visits.add(session)

    def _comment(self, note: Record, about: int, changes: Changes) -> None:
        """A note belongs to the exchange that it is about, if that is still known."""
        for number in range(self.exchanges.last, self.exchanges.first - 1, -1):
            exchange = self.exchanges.get(number)
            if exchange is not None and exchange.holds(about):
                exchange.comments.append(note)
                changes.exchanges.add(number)
                return

    async def look(self) -> set[str]:
        """Look at the figures, and at the stations that need it; gives those that have changed."""
        self.figures = await self.engine.figures()
        # Where nothing happens no record tells the time, and yet it passes.
        self.at = max(self.at, str(self.figures.get("at") or ""))
        await self.look_at_held()
        names = self._due()
        found = await self.engine.stations(names)
        changed = set()
        for name, now in found.items():
            self._stale.pop(name, None)
            if self.stations.get(name) != now:
                changed.add(name)
                self.stations[name] = now
            self._remember(name, now)
        if changed:
            self.versions["stations"] += 1
        return changed

    async def look_at_held(self) -> None:
        """Look at what is held on its way, and what is intercepted."""
        self.holding = await self.engine.held()

    def _due(self) -> list[str]:
        """What was never seen, then what is looked at, what has changed, where energy flows."""
        names: dict[str, None] = {} if self.focus is None else {self.focus: None}
        if len(self.stations) < len(self.engine.names()):
            unseen = (name for name in self.engine.names() if name not in self.stations)
            names.update(dict.fromkeys(list(unseen)[: LOOKS * 4]))
        for source in (self._stale, sorted(self._busy)):
            for name in source:
                if len(names) >= LOOKS:
                    break
                names[name] = None
        for name in names:
            self._busy.discard(name)  # it comes back if energy still flows: others are next
        return list(names)

    def _remember(self, name: str, now: Snapshot) -> None:
        for evse in now["evses"]:
            key = (name, evse["evse_id"])
            if evse["car"] is None and key not in self.history:
                continue
            if evse["car"] is not None:
                self._busy.add(name)
            points = self.history.setdefault(key, deque(maxlen=POINTS))
            points.append((evse["power_w"], evse["soc_percent"]))

    # Figures

    def tick(self, wall_ms: float) -> None:
        """Note the real time, for the rate of messages."""
        self._ticks.append((wall_ms, self.exchanges.last))

    @property
    def rate(self) -> float:
        """Exchanges a real second, lately."""
        if len(self._ticks) < 2:
            return 0.0
        (began, before), (ended, now) = self._ticks[0], self._ticks[-1]
        return (now - before) * 1000 / (ended - began) if ended > began else 0.0

    def of_station(self, name: str, limit: int) -> Sequence[Exchange]:
        """The newest exchanges of a station, oldest first; only the last few thousand are asked."""
        found: list[Exchange] = []
        last = self.exchanges.last
        for number in range(last, max(self.exchanges.first - 1, last - 4_000), -1):
            exchange = self.exchanges.get(number)
            if exchange is not None and name in (exchange.sender, exchange.receiver):
                found.append(exchange)
                if len(found) == limit:
                    break
        return found[::-1]


def _told_by(record: Record, exchange: Exchange) -> bool:
    """Whether this record is the one that shows how an exchange came out: a failure counts once."""
    if exchange.leg == "ocpp":
        return record is exchange.answer
    return record is exchange.record and not exchange.far
