"""Figures over the last minutes: messages a second, latency, failures, from records as they come.

Rule: a record costs a count, no more; what takes longer is worked out when somebody asks. Rates and
windows are of real seconds, latency is the world's.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.kernel.clock import stopwatch
from simulator.kernel.journal import Record
from simulator.scenario.metrics import Tally
from simulator.scenario.sights import CALL, CALLERROR, SEND

SECONDS = 180  # real seconds that are remembered
WINDOW_S = 60  # over which rates and latency are told, unless somebody wants another
# Latencies that are kept of each second and leg, and calls whose answer may yet come.
_SAMPLES, _OPEN = 100, 20_000
WIRES = ("ocpp", "ocpi")
_FAILING = ("reject", "drop")
Key = tuple[str, str | None, str | None, bool]


@dataclass(slots=True)
class Second:
    """What one real second saw: `ms` holds latencies by leg, `gauges` what somebody looked at."""

    number: int
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WIRES, 0))
    failures: int = 0
    ms: dict[str, list[float]] = field(default_factory=lambda: {leg: [] for leg in WIRES})
    gauges: Mapping[str, float] = field(default_factory=dict)
    _p95: dict[str, float | None] = field(default_factory=dict)

    def took(self, leg: str, ms: float) -> None:
        """Note how long something took; enough is enough."""
        if len(self.ms[leg]) < _SAMPLES:
            self.ms[leg].append(ms)

    def p95(self, leg: str) -> float | None:
        """The 95th percentile of its latencies; worked out once, when the second is over."""
        if leg not in self._p95:
            self._p95[leg] = percentile(self.ms[leg], 0.95)
        return self._p95[leg]


class Meter:
    """Figures of a journal, fed with every record; `elapsed_ms` tells real time."""

    def __init__(self, elapsed_ms: Callable[[], float] | None = None) -> None:
        self._elapsed_ms = elapsed_ms or stopwatch()
        self._tally = Tally()
        self._rules: Counter[tuple[str, str]] = Counter()
        self._failures = 0
        self._seconds: deque[Second] = deque(maxlen=SECONDS)
        self._actors: set[str] = set()
        self._calls: dict[Key, str] = {}  # when each was made

    # Feeding

    def take(self, record: Record) -> None:
        """Count a record."""
        self._tally.take(record)
        leg = record["leg"]
        if leg == "ocpp":
            self._ocpp(record)
        elif leg == "ocpi":
            self._ocpi(record)
        elif leg == "finding":
            self._rules[record["rule"], record["severity"]] += 1
            if record["severity"] in _FAILING:
                self._fail(self.now())

    def gauge(self, gauges: Mapping[str, float]) -> None:
        """Note how things stand in this second."""
        self.now().gauges = gauges

    def now(self) -> Second:
        """The second that runs."""
        number = int(self._elapsed_ms() / 1000)
        if not self._seconds or self._seconds[-1].number != number:
            self._seconds.append(Second(number))
        return self._seconds[-1]

    def _ocpp(self, record: Record) -> None:
        actor, peer, kind = record["actor"], record["peer"], record["message_type"]
        if actor not in self._actors:
            self._actors.add(actor)
        # Of two ends that record here the sender tells first; of others it does not matter.
        sent, alone = record["direction"] == "sent", peer not in self._actors
        now, asks = self.now(), kind in (CALL, SEND)
        key = (actor, peer, record["message_id"], asks is sent)  # of a call and of its answer
        if sent or alone:
            now.counts["ocpp"] += 1
            if asks:
                self._call(key, record["at"])
            elif kind == CALLERROR:
                self._fail(now)
        if not asks and (began := self._calls.pop(key, None)) is not None:
            took = datetime.fromisoformat(record["at"]) - datetime.fromisoformat(began)
            now.took("ocpp", took.total_seconds() * 1000)
        if record["errors"] and (alone or not sent):
            self._fail(now)

    def _call(self, key: Key, at: str) -> None:
        self._calls[key] = at
        if len(self._calls) > _OPEN:
            del self._calls[next(iter(self._calls))]

    def _ocpi(self, record: Record) -> None:
        self._actors.add(record["actor"])
        if record["direction"] != "sent" and record["peer"] in self._actors:
            return
        now, code = self.now(), record["status_code"]
        now.counts["ocpi"] += 1
        now.took("ocpi", record["ms"])
        if not (isinstance(code, int) and 1000 <= code < 2000):
            self._fail(now)

    def _fail(self, now: Second) -> None:
        now.failures += 1
        self._failures += 1

    # Asking

    def figures(self, window_s: int = WINDOW_S) -> dict[str, Any]:
        """All of it, plain JSON: over the window, since the beginning, second by second."""
        last = self.now().number
        by_number = {second.number: second for second in self._seconds}
        # The second that runs is not over: it is in no rate.
        window = [by_number[n] for n in range(last - window_s, last) if n in by_number]
        span_s = max(1, min(window_s, last))
        return {
            "window_s": window_s,
            "rates": {leg: _per_s((s.counts[leg] for s in window), span_s) for leg in WIRES},
            "latency_ms": {leg: _latency(window, leg) for leg in WIRES},
            "failures": {"total": self._failures, "window": sum(s.failures for s in window)},
            "findings": self._findings(),
            "totals": dict(self._tally.counted),
            "seconds": _series([by_number.get(n) for n in range(max(0, last - SECONDS), last)]),
        }

    def _findings(self) -> list[dict[str, Any]]:
        """Rules that broke, the most frequent first."""
        ranked = sorted(self._rules.items(), key=lambda item: (-item[1], item[0]))
        return [
            {"rule": rule, "severity": severity, "count": count}
            for (rule, severity), count in ranked
        ]


def _per_s(counts: Iterable[int], span_s: int) -> float:
    return round(sum(counts) / span_s, 2)


def _latency(window: list[Second], leg: str) -> dict[str, float | None]:
    samples = sorted(ms for second in window for ms in second.ms[leg])
    told = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: _rounded(percentile(samples, share)) for name, share in told.items()}


def _series(seconds: list[Second | None]) -> dict[str, list[float | None]]:
    """A list of points for each figure, the newest last; None where nothing is known."""
    series: dict[str, list[float | None]] = {
        leg: [second.counts[leg] if second else 0 for second in seconds] for leg in WIRES
    }
    series["failures"] = [second.failures if second else 0 for second in seconds]
    for leg in WIRES:
        series[f"{leg}_p95_ms"] = [
            _rounded(second.p95(leg)) if second else None for second in seconds
        ]
    for name in sorted({name for second in seconds if second for name in second.gauges}):
        series[name] = [second.gauges.get(name) if second else None for second in seconds]
    return series


def percentile(samples: Iterable[float], share: float) -> float | None:
    """The smallest sample that so large a share is not above; None of none."""
    ranked = sorted(samples)
    if not ranked:
        return None
    return ranked[max(1, math.ceil(len(ranked) * share)) - 1]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
