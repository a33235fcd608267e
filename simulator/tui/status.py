"""The line above every screen: where the world runs, its time, what is special just now.

Rule: what must not be overlooked (frozen, trouble, faults) stands before what is always there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.tui.engine import Snapshot
from simulator.tui.paint import Part
from simulator.wire.fault_kinds import HOLD

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp


def parts(app: RoamlabApp) -> list[Part]:
    """The line, in parts with their tones."""
    if not app.started:
        return [("roamlab", "strong"), "starting the world …"]
    return [*_special(app), *_always(app)]


def _special(app: RoamlabApp) -> list[Part]:
    engine, facts = app.engine, app.engine.facts
    told: list[Part] = [(f"{facts.kind}", "accent"), (facts.world, "strong")]
    if app.worlds.away:
        told.append(("a scenario's own world: esc on 4 leaves it", "warn"))
    if app.frozen:
        told.append(("FROZEN", "warn"))
    if engine.trouble:
        told.append((engine.trouble, "bad"))
    if app.trouble:
        told.append((app.trouble, "bad"))
    if odd := app.store.odd + len(app.stumbles):
        told.append((f"odd:{odd}", "bad"))
    if facts.recording is not None:
        told.append(("●REC", "bad"))
    if facts.paused:
        told.append(("PAUSED", "warn"))
    if facts.read_only:
        told.append(("read-only", "warn"))
    told += _holding(app.store.holding)
    if faults := sum(_strikes(fault) for fault in engine.faults()):
        told.append((f"faults:{faults}", "warn"))
    table = app.under.table if app.under is not None else None
    if marks := len(table.marks) if table is not None else 0:
        told.append((f"marked:{marks}", "accent"))
    return told


def _strikes(fault: Snapshot) -> bool:
    """Whether something may still go wrong by it; what is held is told apart."""
    return fault.get("kind") != HOLD and bool(fault.get("active", True))


def _holding(now: Snapshot) -> list[Part]:
    """That messages are intercepted, and how many are held."""
    active = any(one["active"] for one in now["intercepts"])
    told: list[Part] = [("intercept", "warn")] if active else []
    return [*told, (f"held:{len(now['held'])}", "warn")] if now["held"] else told


def _always(app: RoamlabApp) -> list[Part]:
    facts, store = app.engine.facts, app.store
    return [
        store.at[11:19] or "--:--:--", f"clock {facts.clock}", f"seed {facts.seed}",
        f"{store.rate:.0f} msg/s",
        (f"{store.failures} err", "bad" if store.failures else "quiet"),
    ]  # fmt: skip
