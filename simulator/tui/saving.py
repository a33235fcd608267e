"""What can be taken along, to choose from, and where it was put.

Rule: a file that was there before is never written over.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from simulator.mistakes import Mistake
from simulator.tui import export
from simulator.tui.screens.traffic import TrafficScreen
from simulator.tui.widgets.palette import Choice, Palette

if TYPE_CHECKING:
    from simulator.tui.app import RoamlabApp


def offer(app: RoamlabApp) -> None:
    """Ask what is wanted, and save it."""
    wanted = [Choice("scenario", "scenario", f"the {len(app.store.steps)} steps done so far")]
    if isinstance(app.view, TrafficScreen):
        picked = len(app.view.picked())
        wanted += [
            Choice("ndjson", "NDJSON", f"{picked} exchanges, as a journal file"),
            Choice("curl", "curl", "this OCPI request, to the clipboard and a file"),
        ]
    app.push_screen(Palette("save", wanted), lambda what: _save(app, what))


def _save(app: RoamlabApp, what: str | None) -> None:
    if what is None:
        return
    try:
        stem, suffix, text = _exported(app, what)
        app.say(_keep(app, stem, suffix, text))
    except Mistake as error:
        app.say(str(error), "error")


def _keep(app: RoamlabApp, stem: str, suffix: str, text: str) -> str:
    """Where it was put. In a browser that is where the browser's user is. Raises Mistake."""
    if app.is_web:
        app.deliver_text(io.StringIO(text), save_filename=f"{stem}.{suffix}")
        return f"{stem}.{suffix} goes to your downloads"
    return f"saved {export.save(app.folder, stem, suffix, text)}"


def _exported(app: RoamlabApp, what: str) -> tuple[str, str, str]:
    facts = app.engine.facts
    if what == "scenario":
        return f"by-hand-{facts.world}", "yaml", export.scenario(app.store.steps, facts)
    assert isinstance(app.view, TrafficScreen)
    if what == "ndjson":
        return f"traffic-{facts.world}", "ndjson", export.ndjson(app.view.picked(), facts)
    ex = app.view.current
    if ex is None:
        raise Mistake("nothing is at the cursor")
    text = export.curl(ex)
    app.copy_to_clipboard(text)
    return "request", "sh", text
