"""The names that messages can have on either wire: OCPP's actions, OCPI's methods and modules; the
rules that may be found broken; and the words that simple facts about them can have.

Rule: what no message of any version is called is a misspelling, for nothing could ever fit it. A
pattern fits whatever it fits: it is the way to name what is not the standards' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.ocpi.versions import CONFIGURATION, VERSIONS
from simulator.rule_table import rule_ids
from simulator.scenario.compare import COMPARATORS, is_comparison
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import actions

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_WILD = "*?["
# Facts that are one of a few words, and those that are whole numbers.
_WORDS: Mapping[str, frozenset[str]] = {
    "direction": frozenset({"sent", "received"}),
    "severity": frozenset({"reject", "drop", "warn", "note"}),
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
        return _unknown("OCPP action", name, _actions())
    if leg == "fault":
        return _unknown("fault", name, frozenset(FAULTS))
    if leg == "finding":  # with no peer installed, whoever finds anything has rules of its own
        return _unknown("rule", name, rules) if (rules := rule_ids()) else None
    if leg != "ocpi":
        return None
    if " " not in name:
        return _unknown("OCPI method or module", name, _METHODS | _modules())
    method, _, module = name.partition(" ")
    wrong = _unknown("OCPI method", method, _METHODS)
    return wrong or _unknown("OCPI module", module, _modules())


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


def _unknown(what: str, name: str, known: frozenset[str]) -> str | None:
    if name in known or any(sign in name for sign in _WILD):
        return None
    return f"no {what} is called '{name}'.{did_you_mean(name, known)}"


@cache
def _actions() -> frozenset[str]:
    return frozenset().union(*(actions(version) for version in OcppVersion))


@cache
def _modules() -> frozenset[str]:
    """Those of every version; `-` is a request outside of all modules."""
    named = {interface.module for row in VERSIONS.values() for interface in row.modules}
    return frozenset(named | CONFIGURATION | {"-"})
