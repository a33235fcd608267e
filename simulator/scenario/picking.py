"""What a filter sees of a sight, and the filters of expectations.

Rule: a call is judged together with its answer where the filter asks for what only an answer tells.
"""

from __future__ import annotations

from simulator.kernel.filter_rows import LACKING, OfRecord
from simulator.kernel.filters import ANSWERED, Filter, Several, asked, parse
from simulator.scenario.sights import Sight

# A variable stands there, whose value is not known yet.
_VARIABLE = "${"


def row(sight: Sight) -> OfRecord:
    """A sight as a filter's row."""
    return OfRecord(sight.record, sight.answer)


def read(text: str) -> tuple[Filter, ...]:
    """What must all hold of a sight, so that it can be told what did not. Raises FilterError."""
    if _VARIABLE in text:
        return ()
    wanted = parse(text, lacking=LACKING)
    return wanted.parts if isinstance(wanted, Several) and wanted.every else (wanted,)


def waits(wanted: tuple[Filter, ...]) -> bool:
    """Whether it takes an answer to judge."""
    return any(name in ANSWERED for part in wanted for name in asked(part))
