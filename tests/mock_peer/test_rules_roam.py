"""The Roam rows stand in the one table, each judged, explained and tested."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_peer.rule import V221, Face, Rule
from mock_peer.rules import RULES
from mock_peer.rules_roam import ROAM_RULES

CASES = "".join(
    (Path(__file__).parent / f"test_roam_checks_{part}.py").read_text() for part in ("pull", "push")
)


def test_every_row_of_the_face_is_in_the_table() -> None:
    assert [rule for rule in RULES if rule.face is Face.B] == list(ROAM_RULES)


@pytest.mark.parametrize("rule", ROAM_RULES, ids=lambda rule: rule.id)
def test_a_row_is_judged_explained_and_tested(rule: Rule) -> None:
    assert rule.checks
    assert rule.hint
    assert rule.versions == (V221,)
    assert f'"{rule.id}"' in CASES
