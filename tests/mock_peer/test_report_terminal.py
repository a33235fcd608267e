"""The report on the terminal."""

from __future__ import annotations

import io

from rich.console import Console

from mock_peer.check_model import Report
from mock_peer.report_terminal import show
from tests.mock_peer.checking import check_our_cpo, mixed, report


def printed(told: Report, width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(told, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_rule_stands_with_its_verdict_and_why() -> None:
    text = printed(mixed())
    for line in mixed().lines:
        assert line.id in text
        assert line.ruling.why in text
    assert "1 PASS  1 FAIL  1 NOT APPLICABLE  1 NOT EXERCISED" in text


def test_what_failed_stands_last_with_its_message_and_what_to_do() -> None:
    text = printed(mixed())
    end = text[text.index("\ncdr.not-negative") :]
    assert "/total_energy: expected zero <or> more" in end
    assert "what to do: what to do about cdr.not-negative" in end
    assert '▸   "total_energy": 1.5,' in end


def test_what_did_not_come_and_what_went_wrong_is_said() -> None:
    text = printed(report(missing=("CDR",), problem="the registration failed"))
    assert "awaited in vain: CDR" in text
    assert "the registration failed" in text


async def test_the_matrix_fits_a_narrow_terminal() -> None:
    found, _, _ = await check_our_cpo(wait_s=0)
    text = printed(found, width=80)
    assert "→7" in text
    assert max(len(line) for line in text.splitlines()) <= 80
