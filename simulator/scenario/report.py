"""Reports of scenario runs: JUnit XML for build servers, NDJSON for programs, HTML for people.

Rule: a report holds what the outcomes say, whole and escaped; the HTML fetches nothing from
anywhere.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from simulator.scenario.verdict import Outcome, Verdict

# What XML 1.0 cannot hold.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def ndjson(outcomes: Sequence[Outcome]) -> bytes:
    """One JSON object a line."""
    lines = (json.dumps(outcome.to_json(), ensure_ascii=False) + "\n" for outcome in outcomes)
    return "".join(lines).encode(errors="replace")  # names of files may be no characters


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """A suite for each file, a case for each run: one that is repeated is named with its seed."""
    root = Element("testsuites", {"name": "roamlab run", **_counts(outcomes)})
    for path in dict.fromkeys(outcome.path for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.path == path]
        suite = SubElement(root, "testsuite", {"name": _legal(path), **_counts(own)})
        often = Counter(outcome.title for outcome in own)
        for outcome in own:
            # Build servers take cases of one name for the same one, and show the last.
            told = f" seed={outcome.seed}" if often[outcome.title] > 1 else ""
            _case(suite, outcome, f"{outcome.title}{told}")
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    verdicts = Counter(outcome.verdict for outcome in outcomes)
    return {
        "tests": str(len(outcomes)),
        "failures": str(verdicts[Verdict.FAIL]),
        "errors": str(verdicts[Verdict.ERROR]),
        "skipped": str(verdicts[Verdict.NOT_APPLICABLE]),
        "time": f"{sum(outcome.real_ms for outcome in outcomes) / 1000:.3f}",
    }


_ELEMENTS = {Verdict.FAIL: "failure", Verdict.ERROR: "error", Verdict.NOT_APPLICABLE: "skipped"}


def _case(suite: Element, outcome: Outcome, name: str) -> None:
    case = SubElement(
        suite,
        "testcase",
        name=_legal(name),
        classname=_legal(outcome.path),
        time=f"{outcome.real_ms / 1000:.3f}",
    )
    element = _ELEMENTS.get(outcome.verdict)
    if element is not None:
        told = SubElement(case, element, message=_legal(outcome.why or ""))
        if outcome.verdict is not Verdict.NOT_APPLICABLE:
            place = f"{outcome.path}:{outcome.line}\n" if outcome.line else ""
            told.text = _legal(f"{place}{outcome.details}")
    if outcome.remarks:
        SubElement(case, "system-out").text = _legal("\n".join(outcome.remarks))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


_STYLE = """
body { margin: 0; background: #f6f7f9; color: #1c2430;
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 40px 24px; }
h1 { font-size: 26px; margin: 0 0 4px; }
.told { color: #5b6675; margin: 0 0 24px; }
details, .run { background: #fff; border: 1px solid #dfe4ea; border-radius: 8px; margin: 8px 0;
  padding: 10px 16px; }
summary { cursor: pointer; }
.chip { display: inline-block; min-width: 8em; font-weight: 600; }
.PASS { color: #1a7f4b; } .FAIL, .ERROR { color: #b3261e; } .NOT { color: #8a5a00; }
.why { overflow-wrap: anywhere; } .soft { color: #5b6675; font-size: 13px; }
pre { overflow-x: auto; background: #f6f7f9; padding: 12px; border-radius: 6px;
  font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; }
@media print { body { background: #fff; } details { break-inside: avoid; } }
"""


def html(outcomes: Sequence[Outcome]) -> bytes:
    """One page: every run with its verdict, failures opened."""
    verdicts = Counter(str(outcome.verdict) for outcome in outcomes)
    told = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())
    body = "\n".join(_run(outcome) for outcome in outcomes)
    page = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>roamlab run: {escape(told)}</title><style>{_STYLE}</style></head>
<body><main><h1>roamlab run</h1><p class="told">{escape(told or "nothing was played")}</p>
{body}
</main></body></html>
"""
    return _legal(page).encode()


def _run(outcome: Outcome) -> str:
    word = str(outcome.verdict)
    head = (
        f'<span class="chip {escape(word.split()[0])}">{escape(word)}</span> '
        f"<strong>{escape(outcome.title)}</strong> "
        f'<span class="soft">{escape(outcome.path)}, {outcome.real_ms:.0f} ms, '
        f"{outcome.world_s:.0f} s of the world, seed {outcome.seed}</span>"
    )
    why = f'<p class="why">{escape(outcome.why)}</p>' if outcome.why else ""
    why += "".join(f'<p class="soft">{escape(remark)}</p>' for remark in outcome.remarks)
    steps = "\n".join(
        f"{step.at[11:23]}  line {step.line:>3}  {step.name}"
        + (f"  -- {step.problem}" if step.problem else "")
        for step in outcome.steps
    )
    text = "\n\n".join(part for part in (outcome.details, steps) if part)
    opened = "" if outcome.ok else " open"
    return f"<details{opened}><summary>{head}</summary>{why}<pre>{escape(text)}</pre></details>"
