"""Sessions towards EMPs: PUT, PATCH, PUT."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mock_peer.roam_ids import IdMap, Kind
from mock_peer.roam_sessions import Told, next_message, shown_progress, shown_session, told_by
from mock_peer.roam_tokens import Held, normalised
from tests.mock_peer.roam_things import CPO, session, token

HELD = Held("emp-1", token(contract_id=normalised(token()["contract_id"])))


@pytest.mark.parametrize(
    ("told", "status", "kwh", "message"),
    [
        (None, "PENDING", 0, None),
        (None, "ACTIVE", 0, "PUT"),
        (None, "COMPLETED", 3, "PUT"),
        (Told("emp-1", 0, False), "ACTIVE", 0, None),
        (Told("emp-1", 0, False), "ACTIVE", 1, "PATCH"),
        (Told("emp-1", 1, False), "COMPLETED", 1, "PUT"),
        (Told("emp-1", 1, False), "INVALID", 1, "PUT"),
        (Told("emp-1", 1, True), "COMPLETED", 2, None),
    ],
)
def test_the_message_a_change_calls_for(
    told: Told | None, status: str, kwh: int, message: str | None
) -> None:
    assert next_message(told, session(status=status, kwh=Decimal(kwh))) == message


def test_a_session_has_the_emp_s_token_and_no_periods() -> None:
    ids = IdMap()
    source = session(authorization_reference="PS-REF", charging_periods=[{"dimensions": []}])
    shown = shown_session(source, CPO, ids, HELD, "EMP-REF")
    assert "charging_periods" not in shown
    assert shown["authorization_reference"] == "EMP-REF"
    assert shown["cdr_token"]["party_id"] == "EMP"
    assert shown["cdr_token"]["contract_id"] == "DE-EMP-C00000001-X"
    for name, kind, path in (
        ("id", Kind.SESSION, ("S1",)),
        ("location_id", Kind.LOCATION, ("LOC1",)),
        ("evse_uid", Kind.EVSE, ("LOC1", "E1")),
        ("connector_id", Kind.CONNECTOR, ("LOC1", "E1", "1")),
    ):
        assert ids.origin(shown[name], kind) == CPO._replace(ids=path)


def test_a_reference_that_the_emp_did_not_give_is_not_shown() -> None:
    shown = shown_session(session(authorization_reference="PS-REF"), CPO, IdMap(), HELD, None)
    assert "authorization_reference" not in shown


def test_a_patch_holds_energy_and_time_alone() -> None:
    assert shown_progress(session()) == {
        "kwh": Decimal("1.5"),
        "last_updated": "2026-01-15T07:10:00Z",
    }
    assert told_by(session(), "emp-1") == Told("emp-1", Decimal("1.5"), False)
