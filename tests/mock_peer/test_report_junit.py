"""The report as JUnit XML."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from mock_peer.check_model import Verdict
from mock_peer.report_junit import report_junit
from tests.mock_peer.checking import line, mixed, report


def test_a_build_server_counts_what_we_count() -> None:
    root = fromstring(report_junit(mixed()))
    assert root.attrib == {
        "name": "roamlab check cpo",
        "tests": "4",
        "failures": "1",
        "skipped": "2",
        "time": "61.500",
    }
    assert [(s.get("name"), s.get("tests")) for s in root] == [("cdrs", "3"), ("tariffs", "1")]


def test_a_failure_tells_where_and_what_to_do() -> None:
    failure = fromstring(report_junit(mixed())).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "reject"
    assert "zero <or> more" in (failure.text or "")
    assert "what to do about cdr.not-negative" in (failure.text or "")


def test_what_is_skipped_says_why() -> None:
    skipped = [s.get("message") for s in fromstring(report_junit(mixed())).iter("skipped")]
    assert skipped[0] == "NOT EXERCISED: there was none: the same CDR twice"


def test_what_xml_cannot_hold_is_replaced() -> None:
    odd = report(line("r", Verdict.FAIL, "seen \x00\x1b \ud800 \uffff <&>"))
    failure = fromstring(report_junit(odd)).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "seen \\u0000\\u001b \\ud800 \ufffd <&>"
