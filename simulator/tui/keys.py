"""Every key: one table, from which bindings, help, footer and documents are made.

Rule: a key has an id by which a user's file gives it another; where `what` begins with a step's
name, it does what that step does and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key: `place` is what must be focused (`app`: anything); `foot` shows it in the footer."""

    place: str
    name: str
    keys: str
    action: str
    label: str
    what: str
    foot: bool = False

    @property
    def id(self) -> str:
        """Its name in a configuration file."""
        return f"{self.place}.{self.name}"


# fmt: off
KEYS: tuple[KeyRow, ...] = (
    KeyRow("app", "help", "?", "help", "help", "what the focused pane shows, and its keys", True),
    KeyRow("app", "palette", "ctrl+p,:", "palette", "commands", "every command, by typing", True),
    KeyRow("app", "filter", "/", "filter", "filter", "pick rows (the filter language)", True),
    KeyRow("app", "jump", "ctrl+o", "jump", "jump", "go to a pane by a letter"),
    KeyRow("app", "freeze", "space", "freeze", "freeze", "freeze the view, not the world", True),
    KeyRow("app", "last", "-", "last", "last view", "the screen before this one"),
    KeyRow("app", "back", "escape", "back", "back", "leave what was opened; take the filter away"),
    KeyRow("app", "fleet", "1", "view('fleet')", "fleet", "screen 1, Fleet: the stations"),
    KeyRow("app", "traffic", "2", "view('traffic')", "traffic", "screen 2, Traffic: both wires"),
    KeyRow("app", "sessions", "3", "view('sessions')", "sessions",
           "screen 3, Sessions: from plug-in to the CDR"),
    KeyRow("app", "scenarios", "4", "view('scenarios')", "scenarios",
           "screen 4, Scenarios: run and step them"),
    KeyRow("app", "peer", "5", "view('peer')", "peer", "screen 5, Peer: what it holds and rules"),
    KeyRow("app", "metrics", "6", "view('metrics')", "metrics", "screen 6, Metrics: over time"),
    KeyRow("app", "story", "0", "view('story')", "story", "screen 0, Story: for an audience"),
    KeyRow("app", "faster", "+", "speed('1')", "faster", "speed: the clock runs faster"),
    KeyRow("app", "slower", "_", "speed('-1')", "slower", "speed: the clock runs slower"),
    KeyRow("app", "pause", ".", "pause", "pause",
           "speed: the world's time stands still, or goes on"),
    KeyRow("app", "record", "ctrl+r", "record", "record",
           "record: take the journal down into a new file; again: stop_recording"),
    KeyRow("app", "wide", "w", "wide", "wide", "the focused pane alone, or all again"),
    KeyRow("app", "export", "x", "export", "export",
           "save what was done by hand as a scenario or a test, exchanges as HAR, NDJSON, curl",
           True),
    KeyRow("app", "screenshot", "f12", "screenshot", "screenshot", "save the screen as SVG"),
    KeyRow("app", "theme", "ctrl+t", "theme", "theme", "dark or light"),
    KeyRow("app", "quit", "q", "quit", "quit", "end; an embedded world ends, too", True),
    KeyRow("app", "interrupt", "ctrl+c", "interrupt", "quit", "end at once, exit code 130"),

    KeyRow("table", "open", "enter", "open", "open", "what belongs to this row", True),
    KeyRow("table", "mark", "m", "mark", "mark", "mark the row: actions then mean all marked",
           True),
    KeyRow("table", "follow", "f", "follow", "follow", "keep the newest in sight"),
    KeyRow("table", "up", "up,k", "cursor('-1')", "up", "one row up"),
    KeyRow("table", "down", "down,j", "cursor('1')", "down", "one row down"),
    KeyRow("table", "page_up", "pageup", "cursor('-page')", "page up", "a page up"),
    KeyRow("table", "page_down", "pagedown", "cursor('page')", "page down", "a page down"),
    KeyRow("table", "home", "home", "cursor('home')", "top", "the first row"),
    KeyRow("table", "end", "end", "cursor('end')", "end", "the last row"),

    KeyRow("fleet", "plug", "p", "do('plug')", "plug", "plug: a car arrives", True),
    KeyRow("fleet", "unplug", "u", "do('unplug')", "unplug", "unplug: the cable is pulled"),
    KeyRow("fleet", "tap", "t", "do('tap')", "tap", "tap: a card is held to the reader", True),
    KeyRow("fleet", "start", "s", "do('start')", "start", "start: plug in and present a card",
           True),
    KeyRow("fleet", "stop", "S", "do('stop')", "stop", "stop: the button, and the cable", True),
    KeyRow("fleet", "boot", "b", "do('boot')", "boot", "boot: restart, or switch on"),
    KeyRow("fleet", "fault", "!", "do('fault')", "fault", "fault: let something go wrong", True),
    KeyRow("fleet", "order", "o", "order", "order", "sort by the next column"),

    KeyRow("traffic", "correlate", "c", "correlate", "correlate",
           "all that belongs to the same session", True),
    KeyRow("traffic", "ladder", "l", "ladder", "ladder", "its session's ladder", True),
    KeyRow("traffic", "comment", ";", "comment", "comment", "note: say something about this"),
    KeyRow("traffic", "resend", "r", "resend", "send again",
           "send_ocpp, send_ocpi: the same once more, by the same sender", True),
    KeyRow("traffic", "copy", "y", "copy", "copy", "its request to the clipboard"),
    KeyRow("traffic", "next_failure", "n", "failure('1')", "next error", "the next failure", True),
    KeyRow("traffic", "previous_failure", "N", "failure('-1')", "previous error",
           "the failure before"),

    KeyRow("traffic", "intercept", "i", "intercept", "intercept",
           "intercept: hold what a filter picks, on its way", True),
    KeyRow("traffic", "toggle_intercept", "I", "toggle_intercept", "intercept on/off",
           "stop_intercepting, or intercept again"),
    KeyRow("traffic", "release", "a", "release", "release", "release: let the held one go on",
           True),
    KeyRow("traffic", "release_all", "A", "release_all", "release all",
           "release: let all that is held go on"),
    KeyRow("traffic", "edit", "e", "edit", "edit held", "release: change the held one first", True),

    KeyRow("sessions", "traffic", "c", "correlate", "its traffic", "its exchanges on both wires",
           True),

    KeyRow("peer", "next_part", "]", "section('1')", "part", "the next part", True),
    KeyRow("peer", "previous_part", "[", "section('-1')", "part before", "the part before"),
    KeyRow("peer", "partner", "P", "partner", "next peer", "the next peer or EMP", True),
    KeyRow("peer", "register", "g", "act('register')", "register",
           "register: exchange credentials (an EMP: emp_register)", True),
    KeyRow("peer", "unregister", "G", "act('unregister')", "unregister",
           "unregister: end the connection", True),
    KeyRow("peer", "rotate", "R", "act('rotate')", "rotate",
           "rotate: other credentials tokens, perhaps another version", True),
    KeyRow("peer", "rule", "r", "act('rule')", "rule",
           "rule: switch it off, or give it another severity", True),
    KeyRow("peer", "token", "p", "act('push_token')", "push token",
           "push_token: make or change a token (an EMP: emp_token)", True),
    KeyRow("peer", "block", "b", "act('block_token')", "block",
           "block_token: the CPO refuses it, whatever its eMSP says", True),
    KeyRow("peer", "unblock", "B", "act('unblock_token')", "unblock",
           "unblock_token: leave it to its eMSP again"),
    KeyRow("peer", "answer", "a", "act('answer')", "answer",
           "answer: what real-time authorization answers (an EMP: emp_answer)", True),
    KeyRow("peer", "start", "s", "act('start_session')", "start",
           "start_session: the peer sends START_SESSION (an EMP: emp_start)", True),
    KeyRow("peer", "stop", "S", "act('stop_session')", "stop",
           "stop_session: the peer sends STOP_SESSION (an EMP: emp_stop)"),
    KeyRow("peer", "retry", "t", "act('retry_cdr')", "try again",
           "retry_cdr: send a refused CDR again", True),
    KeyRow("peer", "fault", "!", "act('fault')", "fault", "fault: let something go wrong", True),
    KeyRow("peer", "clear", "d", "act('clear_faults')", "take away",
           "clear_faults: take the fault away", True),

    KeyRow("story", "next", "f10", "next", "next step", "what comes next in the story", True),
    KeyRow("story", "rest", "f5", "rest", "all of it", "all that is left of the story", True),

    KeyRow("scenarios", "run", "f5", "run", "run",
           "play the file, or all marked, each in a world of its own; of one that is stepped the "
           "rest", True),
    KeyRow("scenarios", "step", "f10", "step", "step",
           "perform its next step; before the first its own world is built and shown", True),
    KeyRow("scenarios", "until", "b", "until", "run to", "perform all before the step at the "
           "cursor", True),
    KeyRow("scenarios", "rerun", "R", "rerun", "rerun failed", "play those again that failed",
           True),
    KeyRow("scenarios", "here", "h", "here", "load here",
           "let its steps wait in the world that is shown", True),
    KeyRow("scenarios", "halt", "e", "halt", "end",
           "let a scenario that is stepped go, with its own world; else play no more files"),
)
# fmt: on
# Actions that do something to the world, or play one of their own.
_DOING = frozenset(
    {
        "act",
        "comment",
        "do",
        "edit",
        "halt",
        "here",
        "intercept",
        "next",
        "pause",
        "record",
        "release",
        "release_all",
        "rerun",
        "resend",
        "rest",
        "run",
        "speed",
        "step",
        "toggle_intercept",
        "until",
    }
)  # fmt: skip


def looks(action: str) -> bool:
    """Whether a key's action does nothing to the world, so that it means something read-only."""
    return action.partition("(")[0] not in _DOING


def rows(place: str) -> Iterator[KeyRow]:
    """The keys of a place."""
    return (row for row in KEYS if row.place == place)


def bindings(place: str) -> list[Binding]:
    """The same for Textual; an interrupt and a picture are heard before anybody else."""
    return [
        Binding(
            row.keys, row.action, row.label, show=row.foot, id=row.id,
            priority=row.name in ("interrupt", "jump", "screenshot"),
        )
        for row in rows(place)
    ]  # fmt: skip
