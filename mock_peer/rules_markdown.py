"""The rule table as a document: `python -m mock_peer.rules_markdown > docs/rules.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from mock_peer.profiles.plugsurfing import TERRITORY_22X, TERRITORY_211
from mock_peer.rule import Face, Rule
from mock_peer.rules import RULES, SOURCES
from mock_peer.rules_cdr import HOME_CHARGING

_INTRO = """\
# Rules of the mock Plugsurfing

Made from the rule table (`mock_peer/rules.py`) by `python -m mock_peer.rules_markdown`; not to be
edited by hand.

A broken rule yields a finding: rule, severity, JSON pointer, what was seen, what was expected, the
objects, and the message it came from. `GET /_mock/findings` lists them; `docs/peer.md` tells how to
switch a rule off or change its severity for a connection.

| severity | meaning | answer when strict | answer when silent |
|---|---|---|---|
| reject | refused, or not paid for | the rule's error | 1000, only the finding tells |
| drop | accepted, the named part is ignored or removed | 1000 | 1000 |
| warn | accepted, a requirement is breached | 1000 | 1000 |
| note | nothing is wrong: a verdict worth telling | 1000 | 1000 |
| - | what Plugsurfing itself does; a breach would be a defect of the mock | | |

HTTP errors (401, 404, 405, broken JSON) and the verdict of a real-time authorization are the same
when silent.
"""


def rules_markdown() -> str:
    """The whole document."""
    face_a = [rule for rule in RULES if rule.face is Face.A]
    face_b = [rule for rule in RULES if rule.face is Face.B]
    return "\n".join(
        (
            _INTRO,
            "## Plugsurfing as EMP towards CPOs",
            "",
            *_table(face_a),
            "",
            "### Territory",
            "",
            f"- OCPI 2.2 and 2.2.1: {' '.join(sorted(TERRITORY_22X))} (USA: marked as special)",
            f"- OCPI 2.1.1: {' '.join(sorted(TERRITORY_211))}",
            "",
            "### Home charging",
            "",
            *_home_charging(),
            "",
            "## Plugsurfing as CPO towards EMPs (Roam OCPI)",
            "",
            *_table(face_b),
            "",
            "## Sources",
            "",
            *(f"- {name}: {title}" for name, title in SOURCES.items()),
            "",
        )
    )


def _table(rows: Iterable[Rule]) -> Iterator[str]:
    yield "| rule | versions | severity | strict answer | it demands that | what to do | source |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        cells = (
            f"`{row.id}`",
            " ".join(row.versions),
            str(row.severity) if row.severity else "-",
            row.answers if row.checks else "stated, not judged yet",
            row.statement,
            row.hint,
            row.source,
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _home_charging() -> Iterator[str]:
    yield "| home_charging_compensation | remark | total_cost.incl_vat | verdict |"
    yield "|---|---|---|---|"
    for flag, remark, with_vat, verdict in HOME_CHARGING:
        cells = (
            "true" if flag is None else str(flag).lower(),
            remark or "any other" if flag else remark or "any",
            {None: "any", True: "set", False: "null"}[with_vat],
            verdict or "no home charging",
        )
        yield "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(rules_markdown())
