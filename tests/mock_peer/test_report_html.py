"""The report as one page: complete, self-contained, and safe whatever came over the wire."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from mock_peer.check_model import Fault, Verdict
from mock_peer.report_html import Safe, h, report_html
from tests.mock_peer.checking import check_our_cpo, envelope, line, mixed, record, report

VOID = {"meta", "link", "br", "img"}


class Page(HTMLParser):
    """Reads a page, and fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if name := told.get("id"):
            self.ids.append(name)
        for attribute in ("href", "src"):
            if target := told.get(attribute):
                self.links.append(target)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_elements_escape_what_they_hold() -> None:
    assert h("p", "a < b", h("b", "&"), ["x", Safe("<i>")], cls='"q"') == (
        '<p class="&quot;q&quot;">a &lt; b<b>&amp;</b>x<i></p>'
    )


def test_the_page_tells_each_rule_and_marks_the_place() -> None:
    page = Page(report_html(mixed()))
    for one in mixed().lines:
        assert one.id in page.text
        assert one.statement in page.text
    assert "1 of 4 rules are broken" in page.text
    assert "expected zero <or> more" in page.text
    assert re.search(r'class="row marked"[^>]*>&quot;total_energy&quot;', report_html(mixed()))
    assert "what to do about cdr.not-negative" in page.text


def test_its_links_lead_inside_and_nothing_is_fetched() -> None:
    text = report_html(mixed())
    page = Page(text)
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert "url(" not in text
    assert "<script" not in text


def test_nothing_from_the_wire_is_taken_for_html() -> None:
    evil = "<script>alert(1)</script>"
    broken = line(
        "cdr.valid", Verdict.FAIL, evil, 7, faults=(Fault("reject", "/id", evil, evil, 7, (evil,)),)
    )
    told = report(
        broken,
        messages=[record(7, "POST", "cdrs", body={"id": evil}, headers={"X-Evil": evil})],
        parties=(evil,),
        problem=evil,
    )
    text = report_html(told)
    assert "<script" not in text
    assert evil in Page(text).text


def test_banners_tell_how_it_ended() -> None:
    good = line("r", Verdict.PASS)
    assert "Nothing is broken" in Page(report_html(report(good))).text
    waiting = Page(report_html(report(good, missing=("CDR",)))).text
    assert "something required did not come" in waiting
    assert "Awaited in vain: CDR." in waiting


def test_secrets_are_hidden() -> None:
    kept = record(7, "POST", "credentials", body={"token": "sesame"}, answer=envelope())
    told = report(line("r", Verdict.PASS, "", 7), messages=[kept])
    assert "sesame" not in report_html(told)


async def test_a_real_report_is_a_page_with_a_matrix() -> None:
    found, _, _ = await check_our_cpo(wait_s=0)
    page = Page(report_html(found))
    assert "Plugsurfing asks" in page.text
    assert "hubclientinfo" in page.text
