"""The names that can be looked for: of messages on either wire, of events, of rules and faults; and
the words that simple facts about them can have.

Rule: what nothing will ever be called is a misspelling, and refused. A pattern fits whatever it
fits: it is the way to name what is not the standards' own, nor this program's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.kernel.events import EVENTS
from simulator.mistakes import did_you_mean
from simulator.ocpi.versions import VERSIONS
from simulator.rule_table import rule_ids
from simulator.scenario.compare import COMPARATORS, is_comparison
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.spoken import (
    METHODS,
    MODULES,
    unknown,
    unspoken_action,
    unspoken_method,
    unspoken_module,
)

# Facts that are one of a few words, and those that are whole numbers.
_WORDS: Mapping[str, frozenset[str]] = {
    "direction": frozenset({"sent", "received"}),
    "severity": frozenset({"reject", "drop", "warn", "note"}),
    "version": frozenset({*OcppVersion, *VERSIONS}),
}
_NUMBERS = frozenset({"http", "status"})


def misspelt(leg: str, name: str) -> str | None:
    """Why nothing on this leg will ever be called so; None if something can be.

    An OCPI name is a method and a module, as in `POST cdrs`; of one that holds a variable nothing
    is known yet.
    """
    name = " ".join(name.split())
    if "${" in name:
        return None
    if leg == "ocpp":
        return unspoken_action(name)
    if leg == "event":
        return unknown("event", name, EVENTS)
    if leg == "fault":
        return unknown("fault", name, FAULTS)
    if leg == "finding":  # with no peer installed, whoever finds anything has rules of its own
        return unknown("rule", name, rules) if (rules := rule_ids()) else None
    if leg != "ocpi":
        return None
    if " " not in name:
        return unknown("OCPI method or module", name, METHODS | MODULES)
    method, _, module = name.partition(" ")
    return unspoken_method(method) or unspoken_module(module)


def never_so(field: str, wanted: Any) -> str | None:
    """Why a fact will never be as it is told here; None if it can be.

    Comparators may say anything, and of a variable nothing is known yet. What was `seen` alone can
    be a mapping, so any other is one of comparators.
    """
    if isinstance(wanted, Mapping) and field != "seen" and not is_comparison(wanted):
        first = str(next(iter(wanted), ""))
        return f"no comparator '{first}'.{did_you_mean(first, COMPARATORS)}"
    if not isinstance(wanted, str) or "${" in wanted:
        return None
    if field in _NUMBERS:
        return f"expected a number, or comparators, not text: '{wanted}'"
    words = _WORDS.get(field, frozenset({wanted}))
    return None if wanted in words else f"never '{wanted}'.{did_you_mean(wanted, words)}"
