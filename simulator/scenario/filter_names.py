"""The names that a filter's words can be parts of, where there are only so many.

Rule: a word that is part of nothing that can ever be called so is misspelt; a pattern fits whatever
it fits. States, codes, URLs, tokens and texts can be anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from simulator.kernel.events import EVENTS
from simulator.kernel.filter_rows import who
from simulator.kernel.filters import FilterError, Word, parse, singles
from simulator.kernel.journal import LEGS
from simulator.mistakes import did_you_mean
from simulator.rule_table import rule_ids
from simulator.wire.fault_kinds import FAULTS
from simulator.wire.spoken import METHODS, MODULES, actions_of_all

_NUMBERED = re.compile(r"-\d+$")
_PATTERN = "A pattern (* and ?) can be of any."
_WILD = frozenset("*?")


def unpicked(text: str, actors: Collection[str] | None = None) -> str | None:
    """Why a filter picks nothing, ever: the first of its words that no name has a part of. Without
    `actors` nobody is unknown; what cannot be read is not told here.
    """
    try:
        read = parse(text)
    except FilterError:
        return None
    words = (single for single in singles(read) if isinstance(single, Word))
    return next(_strangers(words, actors), None)


def _strangers(words: Iterator[Word], actors: Collection[str] | None) -> Iterator[str]:
    for each in words:
        known = actors if each.name == "cp" else _known().get(each.name)
        if known is None or "${" in each.word or not _WILD.isdisjoint(each.word):
            continue
        word, names = each.word.lower(), [name.lower() for name in known]
        if each.name == "cp" and _NUMBERED.sub("", word) in _called(names):
            continue  # a party that registered anew, or a second one
        if not any(word in name for name in names):
            hint = did_you_mean(each.word, known)
            yield f"~{each.name}: no name there is has '{each.word}' in it.{hint} {_PATTERN}"


def _called(actors: Iterable[str]) -> set[str]:
    """Their names, and those without their kind."""
    return {name for actor in actors for name in who(actor)}


@cache
def _known() -> dict[str, frozenset[str]]:
    """By operator, all that there are. With no peer installed, whoever finds anything has rules of
    its own, and what was said can be one of them.
    """
    legs = {"leg": LEGS}
    if not (rules := rule_ids()):
        return legs
    exchanges = {f"{method} {module}" for method in METHODS for module in MODULES}
    said = exchanges | actions_of_all() | EVENTS | FAULTS.keys() | rules | _steps()
    return {**legs, "rule": rules, "a": frozenset(said)}


def _steps() -> frozenset[str]:
    from simulator.scenario.steps import STEPS  # which look at filters themselves

    return frozenset(STEPS)
