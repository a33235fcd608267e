"""A check's report as JSON (`roamlab-check/1`), for machines and for keeping.

Rule: it holds all that the other reports show; a reader ignores members that it does not know.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec

from mock_peer.check_model import Line, Report, Verdict
from mock_peer.report_message import redacted, without_secrets
from simulator.kernel.clock import rfc3339
from simulator.ocpi.envelope import write_json

FORMAT = "roamlab-check/1"


def report_json(report: Report) -> bytes:
    """The report as indented JSON."""
    plain = {
        "format": FORMAT,
        "kind": report.kind,
        "versions_url": without_secrets(report.versions_url),
        "version": report.version,
        "parties": list(report.parties),
        "began": rfc3339(report.began),
        "duration_s": round(report.duration_s, 3),
        "exit_code": int(report.exit_code),
        "problem": report.problem,
        "missing": list(report.missing),
        "counts": {verdict.value: report.count(verdict) for verdict in Verdict},
        "matrix": [asdict(row) for row in report.matrix],
        "rules": [_line(line) for line in report.lines],
        "messages": [redacted(record) for record in report.messages.values()],
    }
    return msgspec.json.format(write_json(plain), indent=2) + b"\n"


def _line(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "module": line.module,
        "verdict": line.verdict.value,
        "severity": line.severity,
        "statement": line.statement,
        "source": line.source,
        "why": line.ruling.why,
        "hint": line.hint,
        "messages": list(line.messages),
        "findings": [asdict(fault) for fault in line.faults],
    }
