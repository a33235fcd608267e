"""Steps that look: expect, expect_any_order, never, check.

Rule: they change nothing but what was saved; how they look is `expect`, what they look for `match`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simulator.mistakes import did_you_mean
from simulator.scenario.compare import MISSING, count_problem, holds, in_words, problem, shown
from simulator.scenario.expect import (
    WITHIN_S,
    ExpectationFailed,
    expect,
    expect_any_order,
    never,
)
from simulator.scenario.match import FIELDS, FILTER, SUBJECTS, Match, MatchError, is_pointer
from simulator.scenario.sights import Sight, point
from simulator.scenario.snapshot import snapshot
from simulator.scenario.step import Arg, Arguments, Kind, Play, Problem, Result, Step, StepError
from simulator.scenario.variables import is_name

_MATCH_KEYS = (*SUBJECTS, FILTER, *FIELDS, "where", "answer", "headers")
SAVE = "save"


async def expect_one(play: Play, given: Arguments) -> Result:
    """Wait until something has happened; what was seen, the last of several."""
    sight = await expect(play, _match(given), within_s=given["within"], count=given["count"])
    if sight is None:
        return None
    _keep(play, sight, given[SAVE])
    return _told(sight)


async def expect_all(play: Play, given: Arguments) -> Result:
    """Wait until all of these have happened, in any order."""
    of = given["of"]
    met = await expect_any_order(play, [_parsed(each) for each in of], within_s=given["within"])
    for each, sight in zip(of, met, strict=True):
        _keep(play, sight, each.get(SAVE))
    return [_told(sight) for sight in met]


async def expect_never(play: Play, given: Arguments) -> Result:
    """Make sure that something did not happen."""
    after = play.cursor if given["since"] == "step" else play.began
    await never(play, _match(given), after=after, for_s=given["for"])


async def check(play: Play, given: Arguments) -> Result:
    """Hold what the world's actors know against values, by JSON pointers."""
    state = await snapshot(play.world)
    wrong = []
    for pointer, wanted in given["that"].items():
        seen = point(state, pointer)
        if not holds(wanted, seen):
            wrong.append(f"{pointer}: expected {in_words(wanted)}, was {shown(seen)}")
    play.expected_last = True
    if wrong:
        raise ExpectationFailed("check: " + "; ".join(wrong))


def _examine_expect(given: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _examine_match(given)
    yield from _examine_save(given.get(SAVE))
    if given.get("count") is not None and (why := count_problem(given["count"])) is not None:
        yield ("count",), why


def _examine_match(given: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with a match as it was written; the rest of the step is not its affair."""
    told = {key: value for key, value in given.items() if key in _MATCH_KEYS}
    try:
        Match.parse(told)
    except MatchError as error:
        place, _, pointer = error.field.partition(" ")
        yield tuple(step for step in (place, pointer) if step), error.why


def _examine_all(given: Mapping[str, Any]) -> Iterator[Problem]:
    of = given.get("of")
    if isinstance(of, list) and not of:
        yield ("of",), "expected at least one"
    for number, each in enumerate(of if isinstance(of, list) else ()):
        if not isinstance(each, Mapping):
            yield ("of", number), _NO_MATCH
            continue
        told = {key: value for key, value in each.items() if key in (*_MATCH_KEYS, SAVE)}
        for key in each.keys() - told.keys():
            hint = did_you_mean(str(key), (*_MATCH_KEYS, SAVE))
            yield ("of", number, key), f"cannot stand here.{hint}"
        for place, why in (*_examine_match(told), *_examine_save(told.get(SAVE))):
            yield ("of", number, *place), why


def _examine_save(told: Any) -> Iterator[Problem]:
    for name, place in told.items() if isinstance(told, Mapping) else ():
        source, _, pointer = str(place).rpartition(" ")
        if not is_name(name):
            yield (SAVE, name), "no name for a variable: letters, digits and _"
        if source not in ("", "answer") or not is_pointer(pointer):
            yield (SAVE, name), f"'{place}' is no place: /id of the request, or: answer /id"


def _examine_check(given: Mapping[str, Any]) -> Iterator[Problem]:
    told = given.get("that")
    for pointer, wanted in told.items() if isinstance(told, Mapping) else ():
        if not is_pointer(str(pointer)):
            yield ("that", pointer), f"'{pointer}' is no JSON pointer: it begins with /"
        elif (why := problem(wanted)) is not None:
            yield ("that", pointer), why


def _match(given: Arguments) -> Match:
    return _parsed({key: given[key] for key in _MATCH_KEYS if given.get(key) is not None})


def _parsed(given: Any) -> Match:
    """Raises StepError."""
    try:
        return Match.parse({key: value for key, value in given.items() if key != SAVE})
    except MatchError as error:
        raise StepError(str(error)) from error


def _keep(play: Play, sight: Sight, save: Any) -> None:
    """Keep places of what was seen: `/id` of the request, `answer /id` of the answer."""
    for name, place in (save or {}).items():
        source, _, pointer = str(place).rpartition(" ")
        value = point(sight.reply if source == "answer" else sight.request, pointer)
        if value is MISSING:
            raise ExpectationFailed(f"save {name}: nothing stands at {place} of {sight.name}")
        play.variables[name] = value


def _told(sight: Sight) -> dict[str, Any]:
    """What was seen, as plain JSON."""
    answer = None if sight.reply is MISSING else sight.reply
    request = None if sight.request is MISSING else sight.request
    told = {"seq": sight.seq, "at": sight.record["at"], "name": sight.name}
    return {**told, "session": sight.session, "request": request, "answer": answer}


def _args() -> tuple[Arg, ...]:
    subjects = [Arg(name, Kind.TEXT, about) for name, about in _SUBJECTS.items()]
    fields = [
        Arg(name, _KINDS.get(name, Kind.WANTED), about, names=_NAMES.get(name))
        for name, about in _FIELDS.items()
    ]
    return (*subjects, _FILTER, *fields)


_NO_MATCH = "expected a mapping that says what to look for"
_MAPPINGS = ("where", "answer", "headers")
_KINDS = {**dict.fromkeys(("http", "status", "seen"), Kind.ANY),
          **dict.fromkeys(_MAPPINGS, Kind.MAPPING)}  # fmt: skip
_NAMES = {"by": "actor", "peer": "actor", "session": "session"}
_SUBJECTS = {
    "ocpp": "an OCPP action, as in Authorize; * is any",
    "ocpi": "an OCPI request: POST cdrs, cdrs, GET, *",
    "event": "what an actor decided, as in authorization.decided",
    "finding": "a rule that was broken, as in cdr.price",
    "fault": "a fault that struck",
    "step": "a step that was performed",
}
_FIELDS = {
    "by": "the actor that tells it, as in station/DE-AC-1",
    "peer": "the other side",
    "session": "the session it belongs to",
    "direction": "sent (default: told by who began it) or received",
    "version": "the protocol's version",
    "path": "the path of an OCPI request; * and ? are wild",
    "query": "what stands behind its ?, as in type=OTHER; * and ? are wild",
    "http": "the HTTP status of an OCPI answer",
    "status": "the OCPI status code",
    "error": "the code of an OCPP CALLERROR",
    "severity": "of a finding: reject, drop, warn, note",
    "pointer": "of a finding: the place",
    "seen": "of a finding: what stood there",
    "where": "places in the request (JSON pointers) and their values or comparators",
    "answer": "places in the answer",
    "headers": "headers of an OCPI request",
}
_FILTER = Arg(
    FILTER,
    Kind.TEXT,
    "the filter language, alone or beside one of these: ~cp CP1 & ~err",
    names="filter",
)
_WITHIN = Arg("within", Kind.DURATION, "how long to wait, on the world's clock", default=WITHIN_S)
_SAVE = Arg(SAVE, Kind.MAPPING, "variables and the places they are read from: {cdr: /id}")
_SINCE = Arg("since", Kind.TEXT, "since when: the start, or the step before",
             choices=("start", "step"), default="start")  # fmt: skip

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("expect", "expectation", "Wait until something has happened, on either wire.", expect_one,
         (*_args(), _WITHIN, Arg("count", Kind.ANY, "how often: a number, or comparators"), _SAVE),
         acts=False, examine=_examine_expect),
    Step("expect_any_order", "expectation", "Wait until all of these have happened.", expect_all,
         (Arg("of", Kind.LIST, "what to look for, each as in expect", required=True,
              each=_args()), _WITHIN),
         "of", acts=False, examine=_examine_all),
    Step("never", "expectation", "Make sure that something did not happen.", expect_never,
         (*_args(), Arg("for", Kind.DURATION, "and does not for so long", default=0.0), _SINCE),
         acts=False, examine=_examine_match),
    Step("check", "expectation", "Hold what the actors know against values.", check,
         (Arg("that", Kind.MAPPING, "JSON pointers into the world's snapshot, and values",
              required=True),), "that", acts=False, whole=True, examine=_examine_check),
)
# fmt: on
