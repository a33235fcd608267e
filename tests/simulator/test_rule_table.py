"""The rules of an installed peer."""

from __future__ import annotations

import pytest

from simulator.mistakes import Mistake
from simulator.rule_table import rule_ids, rule_table


def test_the_rules_are_found_by_the_entry_point() -> None:
    rows = {row["id"]: row for row in rule_table("plugsurfing")}
    assert rows["cdr.price"]["severity"] == "warn" and rows["cdr.price"]["source"]
    assert rows["token.fields"]["severity"] is None


def test_a_peer_that_is_not_installed() -> None:
    with pytest.raises(Mistake, match=r"no peer 'plugsurfin' is installed. .*plugsurfing"):
        rule_table("plugsurfin")


def test_every_rule_of_every_face_has_its_id() -> None:
    assert {"cdr.price", "roam.cdr-retry"} <= rule_ids()
    assert rule_ids() >= {row["id"] for row in rule_table("plugsurfing")}
