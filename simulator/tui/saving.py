"""What can be taken along, to choose from, and where it was put.

Rule: a file that was there before is never written over.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from simulator.kernel.journal import Record
from simulator.mistakes import Mistake
from simulator.tui import export, export_steps
from simulator.tui.exchange import Exchange
from simulator.tui.export_har import har
from simulator.tui.screens.sessions import SessionsScreen
from simulator.tui.screens.traffic import TrafficScreen
from simulator.tui.widgets.palette import Choice, Palette

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp

# Name of a file without its ending, the ending, the text.
Export = tuple[str, str, str]


def offer(app: RoamlabApp) -> None:
    """Ask what is wanted, and save it."""
    steps = f"the {len(app.store.steps)} steps done so far"
    wanted = [
        Choice("scenario", "scenario", f"{steps}, for roamlab run"),
        Choice("pytest", "pytest", f"{steps}, as a test"),
    ]
    if words := _picked(app).words:
        wanted += [
            Choice("har", "HAR", f"{words}, for a browser's network panel"),
            Choice("ndjson", "NDJSON", f"{words}, as a journal file"),
        ]
    if isinstance(app.view, TrafficScreen):
        wanted.append(Choice("curl", "curl", "this OCPI request, to the clipboard and a file"))
    app.push_screen(Palette("save", wanted), lambda what: _save(app, what))


def screenshot(app: RoamlabApp) -> None:
    """The screen as it is, page and form too, as an SVG file; without words that go away again."""
    toasts = [one for one in app.screen.query("ToastRack") if one.display]
    for toast in toasts:
        toast.display = False

    def take() -> None:
        svg = app.export_screenshot(title=f"roamlab {app.engine.facts.world}")
        for toast in toasts:
            toast.display = True
        _put(app, lambda: (f"screenshot-{app.current_mode}", "svg", svg))

    # The first refresh lays the screen out anew, the second draws it.
    app.screen.call_after_refresh(lambda: app.screen.call_after_refresh(take))


def _save(app: RoamlabApp, what: str | None) -> None:
    if what is not None:
        _put(app, lambda: _EXPORTS[what](app))


def _put(app: RoamlabApp, make: Callable[[], Export]) -> None:
    try:
        app.say(_keep(app, *make()))
    except Mistake as error:
        app.say(str(error), "error")


def _keep(app: RoamlabApp, stem: str, suffix: str, text: str) -> str:
    """Where it was put. In a browser that is where the browser's user is. Raises Mistake."""
    if app.is_web:
        app.deliver_text(io.StringIO(text), save_filename=f"{stem}.{suffix}")
        return f"{stem}.{suffix} goes to your downloads"
    return f"saved {export.save(app.folder, stem, suffix, text)}"


def _scenario(app: RoamlabApp) -> Export:
    facts, store = app.engine.facts, app.store
    text = export_steps.scenario(store.steps, facts, store.failed_steps)
    return f"by-hand-{facts.world}", "yaml", text


def _pytest(app: RoamlabApp) -> Export:
    facts, store = app.engine.facts, app.store
    text = export_steps.pytest(store.steps, store.exchanges.after(0), facts, store.failed_steps)
    return "test_by_hand", "py", text


def _har(app: RoamlabApp) -> Export:
    picked = _picked(app)
    return f"{picked.stem}-{app.engine.facts.world}", "har", har(picked.exchanges)


def _ndjson(app: RoamlabApp) -> Export:
    facts, picked = app.engine.facts, _picked(app)
    text = export.ndjson(picked.exchanges, facts, picked.records)
    return f"{picked.stem}-{facts.world}", "ndjson", text


def _curl(app: RoamlabApp) -> Export:
    ex = app.view.current if isinstance(app.view, TrafficScreen) else None
    if ex is None:
        raise Mistake("nothing is at the cursor")
    text = export.curl(ex)
    app.copy_to_clipboard(text)
    return "request", "sh", text


class _Picked(NamedTuple):
    """What of a screen may be saved: how its file's name begins, what it is in words (none: there
    is nothing), exchanges, and records that are in none.
    """

    stem: str = ""
    words: str = ""
    exchanges: Sequence[Exchange] = ()
    records: Sequence[Record] = ()


def _picked(app: RoamlabApp) -> _Picked:
    view = app.view
    if isinstance(view, TrafficScreen):
        exchanges = view.picked()
        return _Picked("traffic", f"{len(exchanges)} exchanges", exchanges)
    visits = view.picked if isinstance(view, SessionsScreen) else []
    if not visits:
        return _Picked()
    names = {visit.id for visit in visits}
    words = "this session" if len(visits) == 1 else f"{len(visits)} sessions"
    return _Picked("sessions", words, [ex for ex in app.store.exchanges if ex.session in names],
                   [record for visit in visits for record in visit.records])  # fmt: skip


_EXPORTS: Mapping[str, Callable[[RoamlabApp], Export]] = {
    "scenario": _scenario, "pytest": _pytest, "har": _har, "ndjson": _ndjson, "curl": _curl,
}  # fmt: skip
