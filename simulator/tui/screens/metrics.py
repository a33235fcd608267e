"""Screen 6, Metrics: what goes on, over the last minutes.

Rule: drawn once a second, from the figures that the control API gives to machines
(`GET /v1/metrics`): nothing is counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Grid
from textual.content import Content
from textual.widget import Widget

from simulator.scenario.metrics import METRICS
from simulator.tui.engine import Snapshot
from simulator.tui.keys import bindings
from simulator.tui.paint import Painter
from simulator.tui.plot import Points
from simulator.tui.screens.view import View
from simulator.tui.store import Changes
from simulator.tui.widgets.chart import Chart, Series
from simulator.tui.widgets.detail import Detail

_TONES = {"ocpp": "accent", "ocpi": "good"}
_HELD = 3  # seconds that a gauge nobody looked at is taken to stay as it was
_SEVERITIES = {"reject": "bad", "drop": "bad", "warn": "warn", "note": "quiet"}


class MetricsScreen(View):
    """Figures over time."""

    CSS = """
    MetricsScreen #body { layout: grid; grid-size: 2 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("metrics")]
    PANES: ClassVar[dict[str, str]] = {
        "messages": "Messages a second, 3 min", "latency": "Latency, ms of the world",
        "load": "Sessions and power", "failures": "Failures and CDRs", "rules": "Rules broken",
        "totals": "Since the start",
    }  # fmt: skip
    HELP = (
        "What goes on, over the last three minutes, redrawn each second; the numbers are of the "
        "last minute, the plots' scale is at their right. Messages: an OCPP frame is one, an OCPI "
        "request with its response is one; per real second. Latency: from call to answer in "
        "milliseconds of the world (at scaled:60 a real one is 60), half of them within p50, all "
        "but 5 % within p95. Sessions: those the CPO has open. Power: of this world's stations. "
        "Failures: errors, schemas, refusals; screen 2 shows them with ~err. Waiting are CDRs "
        "that the peer has not answered yet. Since the start: what scenarios' thresholds count "
        "(docs/scenarios.md). The same for machines: GET /v1/metrics."
    )

    def panes(self) -> Iterable[Widget]:
        """Four of plots, two of tables."""
        plots = [Chart(name) for name in ("messages", "latency", "load", "failures")]
        tables = [Detail(name, wrap=False) for name in ("rules", "totals")]
        yield Grid(*plots, *tables, id="body")

    def on_mount(self) -> None:
        """Begin at the first pane."""
        super().on_mount()
        self.query_one("#messages").focus()

    def show_all(self) -> None:
        """Draw all."""
        if self.ready:
            self.call_after_refresh(self.show_seconds)

    def show_changes(self, changes: Changes) -> None:
        """Nothing: once a second is enough."""

    def show_seconds(self) -> None:
        """Draw the figures as they were told last."""
        told = self.store.figures
        if not told:
            nothing = Content("nobody measures here")
            for name in ("rules", "totals"):
                self.query_one(f"#{name}", Detail).show(name, nothing)
            return
        for name, series in charts(told).items():
            self.query_one(f"#{name}", Chart).show(series)
        self.query_one("#rules", Detail).show("rules", rules(told))
        self.query_one("#totals", Detail).show("totals", totals(told))


def charts(told: Snapshot) -> dict[str, list[Series]]:
    """The plots of each pane."""
    points, cdrs = told["seconds"], told["cdrs"]
    return {
        "messages": [
            Series(leg.upper(), f"{told['rates'][leg]:.1f} /s", points[leg], _TONES[leg], "/s")
            for leg in _TONES
        ],
        "latency": [
            Series(leg.upper(), _latency(told["latency_ms"][leg]), points[f"{leg}_p95_ms"],
                   _TONES[leg], " ms")
            for leg in _TONES
        ],
        "load": [
            Series("sessions", str(told["sessions"]), _held(points.get("sessions", ()))),
            Series("power", f"{told['power_kw']:.1f} kW", _held(points.get("power_kw", ())), "good",
                   " kW"),
        ],
        "failures": [
            Series("failures", _failures(told["failures"]), points["failures"], "bad", "/s"),
            Series("CDRs", _cdrs(cdrs), ()),
        ],
    }  # fmt: skip


def _latency(of: Mapping[str, float | None]) -> str:
    if of["p50"] is None:
        return "nothing was answered lately"
    return f"p50 {of['p50']:.0f} · p95 {of['p95']:.0f}"


def _failures(of: Mapping[str, int]) -> str:
    return f"{of['window']} in a minute, {of['total']} in all"


def _cdrs(of: Mapping[str, int]) -> str:
    """What became of CDRs; those that no peer can take (`unsendable`) where there are any."""
    told = [f"{of.get('accepted', 0)} accepted", f"{of.get('refused', 0)} refused",
            f"{of.get('pending', 0)} waiting"]  # fmt: skip
    if unsendable := of.get("unsendable", 0):
        told.append(f"{unsendable} unsendable")
    return "  ".join(told)


def rules(told: Snapshot) -> Content:
    """Rules that broke, the most frequent first."""
    paint = Painter()
    for found in told["findings"]:
        tone = _SEVERITIES.get(found["severity"], "")
        paint.line((f"{found['count']:>6,} ", "strong"), (f"{found['severity']:<7}", tone),
                   found["rule"])  # fmt: skip
    if not told["findings"]:
        paint.line(("none", "good"))
    return paint.content


def totals(told: Snapshot) -> Content:
    """All that is counted, by the names that thresholds have."""
    paint, counted = Painter(), told["totals"]
    for name in METRICS:
        number: float = counted.get(name, 0)
        paint.line((f"{number:>6,.0f} ", "strong"), (name, "" if number else "quiet"))
    return paint.content


def _held(points: Points) -> list[float | None]:
    """What was known last goes on being known for a moment: nobody looks at each second's mark."""
    told: list[float | None] = []
    for number, point in enumerate(points):
        near = [one for one in points[max(0, number - _HELD) : number + 1] if one is not None]
        told.append(point if point is not None else near[-1] if near else None)
    return told
