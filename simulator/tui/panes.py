"""What each pane shows and what can be done in it, for the help page of whatever is focused.

Rule: every pane of every screen has its words here.
"""

from __future__ import annotations

from collections.abc import Mapping

HELP: Mapping[str, str] = {
    # Fleet
    "stations": "One station a line. Actions mean the one at the cursor, or all that are marked.",
    "station": "All about the station at the cursor: each EVSE with its car, session, power and "
    "state of charge, then certificates and configuration. The arrows scroll.",
    "tail": "What that station and the CPO said lately; enter shows a line in Traffic.",
    # Traffic
    "traffic": "One exchange a line: who, what, how it came out. ✗ counts what is wrong with it. "
    "f keeps the newest in sight; moving the cursor lets the list stand.",
    "exchange": "The exchange at the cursor: first what is wrong, then request and response, with "
    "▲ at the places that a rule or a schema objects to. The arrows scroll, esc goes back.",
    # Sessions
    "sessions": "One session a line, with its energy, price and what became of its CDR.",
    "session": "The session at the cursor: why it was refused, the price line by line, the "
    "contract, the ladder of who said what to whom. The arrows scroll, esc goes back.",
    # Scenarios
    "files": "Scenario files with their last verdict. F5 plays them, F10 steps the one here.",
    "steps": "The steps of the file at the cursor, with how far they are; b plays up to one.",
    "verdict": "What the file is for, how it ended, and where it failed what nearly fitted.",
    # Peer
    "partner": "A part of what CPO and peer have with each other; [ and ] go to other parts.",
    "about": "All about the row at the cursor. The arrows scroll.",
    # Metrics
    "messages": "Messages a second on either wire; the figure at the right is the scale's top.",
    "latency": "From call to answer, on the world's clock: half of all were faster than p50, "
    "95 of 100 faster than p95.",
    "load": "Sessions that go on, and the power that flows in all of them.",
    "failures": "Refusals, errors and broken rules a second, and what became of the CDRs.",
    "rules": "The rules that were broken, most often first; Traffic shows each: ~rule NAME.",
    "totals": "The same names as thresholds of scenario files have.",
    # Story
    "lanes": "Who says what to whom, the newest below; F10 goes on with the story.",
}
