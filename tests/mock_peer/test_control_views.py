"""What the control API shows."""

from __future__ import annotations

from mock_peer.control_views import Views
from mock_peer.rules import RULES


def test_a_rule_is_shown_with_whether_it_is_judged() -> None:
    shown = {view.id: view for view in map(Views.rule, RULES)}
    assert shown["cdr.price"].judged is True
    assert shown["cdr.price"].severity == "warn"
    assert shown["token.fields"].severity is None
    assert {view.face for view in shown.values()} == {"A", "B"}
