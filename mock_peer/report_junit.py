"""A check's report as JUnit XML, for build servers: a suite for each module, a case for each rule.

Rule: FAIL is a failure; what is not applicable or not exercised is skipped, with the reason.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mock_peer.check_model import FAULTS, Line, Report, Verdict
from mock_peer.report_message import visible
from simulator.kernel.clock import rfc3339

# What XML 1.0 cannot hold, and `visible` leaves.
_ILLEGAL = re.compile("[\ufffe\uffff]")
_SKIPPED = (Verdict.NOT_APPLICABLE, Verdict.NOT_EXERCISED)


def report_junit(report: Report) -> bytes:
    """The report as XML."""
    name = f"roamlab check {report.kind}"
    root = Element("testsuites", {"name": name, **_counts(report.lines)})
    root.set("time", f"{report.duration_s:.3f}")
    for module, lines in report.modules:
        suite = SubElement(root, "testsuite", {"name": module, **_counts(lines)})
        suite.set("timestamp", rfc3339(report.began))
        for line in lines:
            _case(suite, line, f"{name}.{module}")
    indent(root)
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _counts(lines: tuple[Line, ...]) -> dict[str, str]:
    failures = sum(line.verdict is Verdict.FAIL for line in lines)
    skipped = sum(line.verdict in _SKIPPED for line in lines)
    return {"tests": str(len(lines)), "failures": str(failures), "skipped": str(skipped)}


def _case(suite: Element, line: Line, classname: str) -> None:
    case = SubElement(suite, "testcase", name=line.id, classname=classname, time="0")
    why = _legal(line.ruling.why)
    if line.verdict in _SKIPPED:
        SubElement(case, "skipped", message=f"{line.verdict.value}: {why}")
    elif line.verdict is Verdict.FAIL:
        failure = SubElement(case, "failure", message=why, type=line.severity or "check")
        failure.text = _details(line)


def _details(line: Line) -> str:
    told = [line.statement, f"source: {line.source}", f"what to do: {line.hint}"]
    for fault, _ in line.kinds[:FAULTS]:
        where = f"{fault.pointer or '/'} in message {fault.message}"
        told.append(f"{where}: expected {fault.expected}, not {fault.seen!r}")
    return "\n".join(map(_legal, told))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", visible(text))
