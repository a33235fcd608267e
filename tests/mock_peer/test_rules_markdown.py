"""The rule table as a document."""

from __future__ import annotations

from mock_peer.rules import RULES
from mock_peer.rules_markdown import rules_markdown


def test_every_rule_stands_in_the_document_and_unjudged_ones_are_marked() -> None:
    lines = {line.split("`")[1]: line for line in rules_markdown().splitlines() if "| `" in line}
    assert set(lines) == {rule.id for rule in RULES}
    for rule in RULES:
        assert ("not judged yet" in lines[rule.id]) is not bool(rule.checks)
