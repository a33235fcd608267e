"""A stretch of a journal becomes a scenario: what was done in a session, and what came of it.

Rule: only from records. What was done are its steps where there are any, else what the station
noticed of hands and cards; what came of it are the main exchanges on both wires, and findings.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from simulator.kernel.journal import JournalError
from simulator.mistakes import Exit
from simulator.scenario.derive_deeds import Deed, deeds_of
from simulator.scenario.derive_sights import Expected, expectations_of
from simulator.scenario.replay_recording import Recording, moment
from simulator.world_file import WorldFile

# What comes so soon after a step is expected before time is advanced: `expect` waits that long.
_SOON_S = 20.0
_MORE_S = 60.0
_PLAIN = re.compile(r"[A-Za-z_/$][A-Za-z0-9_./*$-]*")
_NOT_TEXT = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def scenario_from(recording: Recording, session: str, world: str, plan: WorldFile | None) -> str:
    """The text of a scenario file. `world` is its name or file, `plan` what stands there, for the
    names of cars. Raises JournalError.
    """
    recording.stretch(session)  # it is there
    deeds = deeds_of(recording, session, plan)
    if not deeds:
        raise JournalError(
            f"{recording.path}: nothing in {session} tells what was done: no steps, and no plug,"
            " card or command", Exit.NOTHING,
        )  # fmt: skip
    expected = expectations_of(recording, session)
    return "\n".join([*_head(recording, session, world, expected), "steps:",
                      *_steps(deeds, expected, session)]) + "\n"  # fmt: skip


def _head(
    recording: Recording, session: str, world: str, expected: list[Expected]
) -> Iterator[str]:
    versions = dict.fromkeys(r["version"] for r in recording.records
                             if r["leg"] == "ocpp" and r["session"] == session)  # fmt: skip
    yield f"name: {_text(f'from-{session}')}"
    yield f"purpose: {_text(f'As in session {session} of {recording.path.name}.')}"
    yield f"tags: {_flow(['recorded', *(f'ocpp-{version}' for version in versions)])}"
    yield f"world: {_text(world)}"
    yield "clock: virtual"
    if isinstance(recording.header.get("seed"), int):
        yield f"seed: {recording.header['seed']}"


def _steps(deeds: list[Deed], expected: list[Expected], session: str) -> Iterator[str]:
    """Deeds in their order, what came of each behind it, and the time that went by."""
    for number, deed in enumerate(deeds):
        following = deeds[number + 1] if number + 1 < len(deeds) else None
        yield f"  - {deed.step}: {_flow(deed.arguments)}" if deed.arguments else f"  - {deed.step}:"
        ours = [
            each
            for each in expected
            if (number == 0 or each.seq > deed.seq)
            and (following is None or each.seq < following.seq)
        ]
        gap_s = None if following is None else following.at_s - deed.at_s
        soon = [each for each in ours if gap_s is None or each.at_s - deed.at_s <= _SOON_S]
        late = [each for each in ours if each not in soon]
        within_s = max((each.at_s - deed.at_s for each in soon), default=0.0) + _MORE_S
        yield from _expected(soon, within_s if gap_s is None else None)
        if gap_s is not None and gap_s > 0:
            yield f"  - advance: {_duration(gap_s)}"
        yield from _expected(late, None)
    if not any(each.match.get("severity") == "reject" for each in expected):
        yield f"  - never: {_flow({'finding': '*', 'severity': 'reject'})}"


def _expected(group: list[Expected], within_s: float | None) -> Iterator[str]:
    if not group:
        return
    within = {} if within_s is None else {"within": _duration(round(within_s))}
    if len(group) == 1:
        yield f"  - expect: {_flow({**group[0].match, **within})}"
        return
    yield "  - expect_any_order:"
    if within:
        yield f"      within: {within['within']}"
    yield "      of:"
    for each in group:
        yield f"        - {_flow(each.match)}"


def _duration(duration_s: float) -> str:
    ms = round(duration_s * 1000)
    if ms % 60_000 == 0 and ms:
        return f"{ms // 60_000} min"
    return f"{ms // 1000} s" if ms % 1000 == 0 else f"{ms} ms"


# YAML, of the plainest kind


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(k))}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(text: str) -> str:
    """A text that YAML takes for one, in quotes where it would not."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT and "*" not in text[:1]
    return text if plain else json.dumps(text, ensure_ascii=False)


__all__ = ["moment", "scenario_from"]
