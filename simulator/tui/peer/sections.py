"""The sections of screen 5, in their order.

Rule: a section's name here is its name on the screen.
"""

from __future__ import annotations

from simulator.tui.peer import answers, connections, faults, modules, queue, rules, tokens
from simulator.tui.peer.look import Section

SECTIONS: tuple[Section, ...] = (
    connections.SECTION,
    modules.SECTION,
    rules.SECTION,
    tokens.SECTION,
    queue.SECTION,
    answers.SECTION,
    faults.SECTION,
)
