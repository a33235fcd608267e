"""The style sheet is plain, and needs nothing from outside."""

from __future__ import annotations

import re

from mock_peer import report_html
from mock_peer.report_style import STYLE


def test_it_is_balanced_and_fetches_nothing() -> None:
    assert STYLE.count("{") == STYLE.count("}")
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "</" not in STYLE


def test_it_can_be_printed() -> None:
    assert "@media print" in STYLE


def test_every_variable_is_defined() -> None:
    used = set(re.findall(r"var\((--[a-z-]+)\)", STYLE))
    assert used <= set(re.findall(r"(--[a-z-]+):", STYLE))


def test_each_verdict_has_its_look() -> None:
    for look in report_html.CHIPS.values():
        assert f".chip.{look}" in STYLE
