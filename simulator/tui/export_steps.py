"""What was done by hand, to be done again: as a scenario file, as a test for pytest.

Rule: only steps; time between them passes as it did. What belongs to the moment alone (how fast the
clock ran, what was recorded) is left out, and so is what failed, or what the journal hides: that is
said.
"""

from __future__ import annotations

import io
import keyword
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator.kernel.journal import Record
from simulator.kernel.redaction import HIDDEN
from simulator.mistakes import Mistake
from simulator.tui.engine import Facts
from simulator.tui.exchange import Exchange

Deed = tuple[str, dict[str, Any]]
Failed = Mapping[int, str]
NONE: Failed = {}
_OF_THE_MOMENT = frozenset({"speed", "record", "stop_recording"})
_WIDE = 100


def deeds(steps: Iterable[Record], failed: Failed = NONE) -> list[Deed]:
    """The steps and the time between them; `failed` says why by number. Raises Mistake where there
    are none.
    """
    return [deed for _, deed in _told(steps, failed)]


def _told(steps: Iterable[Record], failed: Failed) -> list[tuple[int, Deed]]:
    """The same, each with the number of the record behind which it has its place."""
    told = list(_deeds(steps, failed))
    if not told:
        raise Mistake("nothing was done by hand yet: there is nothing to save")
    return told


def _deeds(steps: Iterable[Record], failed: Failed) -> Iterator[tuple[int, Deed]]:
    before: datetime | None = None
    last = 0  # the number of the step before
    for record in steps:
        name, arguments = record["step"], dict(record["arguments"] or {})
        if name in _OF_THE_MOMENT:
            continue
        at = datetime.fromisoformat(record["at"])
        passed = 0 if before is None else round((at - before).total_seconds())
        # An advance is the time that passes: what follows it begins at its end.
        own = arguments.get("by") if name == "advance" else None
        before = at + timedelta(seconds=own) if isinstance(own, int | float) else at
        if passed > 0:
            yield last, ("advance", {"by": f"{passed} s"})
        last = record["seq"]
        if name == "note":  # its number is of this run alone
            arguments.pop("about", None)
        if name == "intercept":  # a virtual clock has no need to stand
            arguments.pop("pause", None)
        if name == "release" and "id" in arguments:  # somebody saw it before
            yield last, ("expect", {"fault": "hold", "where": {"/held": arguments["id"]}})
        if last in failed:
            yield last, ("note", {"text": f"left out: {name}, it failed: {failed[last]}"})
        elif HIDDEN in str(arguments):
            why = f"left out: {name}, a secret of it is hidden in the journal"
            yield last, ("note", {"text": why})
        else:
            yield last, (name, arguments)


def scenario(steps: Iterable[Record], facts: Facts, failed: Failed = NONE) -> str:
    """A scenario file. Raises Mistake."""
    from ruamel.yaml import YAML

    told: list[dict[str, Any]] = []
    for name, arguments in deeds(steps, failed):
        short = name == "advance" and list(arguments) == ["by"]
        told.append({name: arguments["by"] if short else arguments or None})
    text = io.StringIO()
    writer = YAML()
    writer.default_flow_style = None
    writer.width = 110
    writer.dump(
        {
            "name": f"by-hand-{facts.world}",
            "purpose": "What was done by hand in the terminal interface.",
            "world": facts.world,
            "seed": facts.seed,
            "steps": told,
        },
        text,
    )
    return text.getvalue()


def pytest(
    steps: Iterable[Record],
    exchanges: Iterable[Exchange],
    facts: Facts,
    failed: Failed = NONE,
) -> str:
    """A test that does the same, and expects the CDRs that the CPO sent since to come out as they
    did, each before the step that came after it: expectations look forward. On a virtual clock,
    unless the world lived in real time. Raises Mistake.
    """
    steps, exchanges = list(steps), list(exchanges)
    held = {ex.held: ex.record["seq"] for ex in exchanges if ex.leg == "fault"}
    told = [(_place(seq, deed, held), deed) for seq, deed in _told(steps, failed)]
    told += _cdrs(exchanges, steps[0]["seq"])
    told.sort(key=lambda one: one[0])
    clock = "real" if facts.clock == "real" else "virtual"
    lines = [
        f'"""What was done by hand in roamlab, in the world {facts.world}."""',
        "",
        "import pytest",
        "",
        "",
        f"@pytest.mark.roamlab_world({facts.world!r})",
        f"@pytest.mark.roamlab_clock({clock!r})",
        f"@pytest.mark.roamlab_seed({facts.seed})",
        "def test_by_hand(roamlab):",
        *(_line(name, arguments) for _, (name, arguments) in told),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, arguments: dict[str, Any]) -> str:
    words = [f"{_word(argument)}={value!r}" for argument, value in arguments.items()]
    line = f"    roamlab.{name}({', '.join(words)})"
    if len(line) <= _WIDE:
        return line
    return "\n".join([f"    roamlab.{name}(", *(f"        {word}," for word in words), "    )"])


def _word(argument: str) -> str:
    return f"{argument}_" if keyword.iskeyword(argument) else argument


def _place(seq: int, deed: Deed, held: Mapping[str | None, int]) -> int:
    """Behind which record a deed has its place: what was held, behind that it was."""
    name, arguments = deed
    where = arguments.get("where") if name == "expect" else None
    return held.get(where.get("/held"), seq) if isinstance(where, Mapping) else seq


def _cdrs(exchanges: Iterable[Exchange], since: int) -> Iterator[tuple[int, Deed]]:
    """How the CPO's CDRs came out, and where they did."""
    for ex in exchanges:
        if ex.leg == "ocpi" and ex.name == "POST cdrs" and ex.sender == "cpo":
            status, seq = ex.record["status_code"], ex.record["seq"]
            if seq > since and isinstance(status, int):
                wanted = {"ocpi": "POST cdrs", "by": "cpo", "status": status, "within": "10 min"}
                yield seq, ("expect", wanted)
