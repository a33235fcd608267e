"""Reports: they add up, escape what they hold, and fetch nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import msgspec

from simulator.mistakes import Exit
from simulator.scenario.report import html, junit, ndjson
from simulator.scenario.verdict import Done, Outcome, Verdict

EVIL = "<script>alert('&')</script>\x00\x1b[31m \ud800 ]]>"


def outcomes() -> list[Outcome]:
    told = []
    for number, verdict in enumerate([*Verdict, Verdict.PASS]):
        outcome = Outcome(f"{EVIL}{number}", f"a{number % 2}.yaml", real_ms=100.0, seed=7)
        if verdict is not Verdict.PASS:
            outcome.ended(verdict, f"why {EVIL}", Exit.FAILED)
            outcome.line, outcome.details = 12, f"nearest {EVIL}"
        outcome.steps.append(Done("plug", 3, "2026-01-15T07:00:00.000Z", 5, EVIL))
        told.append(outcome)
    return told


def test_junit_adds_up() -> None:
    root = ElementTree.fromstring(junit(outcomes()))
    assert root.attrib["tests"] == "5"
    for name in ("tests", "failures", "errors", "skipped"):
        assert sum(int(suite.attrib[name]) for suite in root) == int(root.attrib[name])
    assert (len(root.findall(".//testcase")), root.attrib["time"]) == (5, "0.500")
    for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert len(root.findall(f".//{element}")) == int(root.attrib[name]) == 1
    failure = root.find(".//failure")
    assert failure is not None
    assert str(failure.text).startswith("a1.yaml:12\nnearest <script>")
    assert "why <script>" in failure.attrib["message"]


def test_junit_tells_repeated_runs_apart() -> None:
    told = [Outcome("often", "a.yaml", seed=seed) for seed in (7, 8)]
    told += [Outcome("once", "a.yaml", seed=7), Outcome("often", "b.yaml", seed=7)]
    cases = ElementTree.fromstring(junit(told)).findall(".//testcase")
    assert [case.attrib["name"] for case in cases] == [
        "often seed=7", "often seed=8", "once", "often",
    ]  # fmt: skip


def test_every_report_holds_the_remarks_on_what_is_no_failure() -> None:
    told = [Outcome("quiet", "a.yaml", remarks=["fault-1 never struck: drop <&>"])]
    (case,) = ElementTree.fromstring(junit(told)).findall(".//testcase")
    assert [(each.tag, each.text) for each in case] == [("system-out", told[0].remarks[0])]
    assert msgspec.json.decode(ndjson(told))["remarks"] == told[0].remarks
    assert "fault-1 never struck: drop &lt;&amp;&gt;" in html(told).decode()


def test_ndjson_holds_an_outcome_a_line() -> None:
    lines = ndjson(outcomes()[:1]).splitlines()
    assert msgspec.json.decode(lines[0])["verdict"] == "PASS"


def test_html_is_escaped_whole_and_alone() -> None:
    page = html(outcomes()).decode()
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=|url\(|@import|https?://", page)
    assert page.count("<details open>") == 2  # what failed lies open
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            while tags and tags.pop() != tag:
                pass

    Reader().feed(page)
    assert not tags


def test_nothing_played_is_a_report_too() -> None:
    assert b"nothing was played" in html([])
    assert ElementTree.fromstring(junit([])).attrib["tests"] == "0"
    assert ndjson([]) == b""
