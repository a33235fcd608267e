"""What a codec is told about an object's surroundings."""

from __future__ import annotations

import pytest

from simulator.ocpi.codec import NOTHING_AROUND, Around, Wire
from simulator.ocpi.connection import Connection
from simulator.ocpi.headers import Party
from tests.simulator.ocpi.platforms import CPO, EMSP, role

OURS, THEIRS = Party("DE", "ABC"), Party("DE", "8PS")


def test_what_we_send_and_what_the_peer_sends() -> None:
    connection = Connection("1", "peer", our_roles=[CPO], their_roles=[EMSP])
    sent = Around.to(connection, location=lambda location_id: {"id": location_id})
    assert (sent.sender, sent.receiver) == (OURS, THEIRS)
    assert sent.location("L1") == {"id": "L1"}
    got = Around.of(connection, token=lambda contract_id: {"contract_id": contract_id})
    assert (got.sender, got.receiver, got.role) == (THEIRS, OURS, "EMSP")
    assert got.token("C1") == {"contract_id": "C1"}


@pytest.mark.parametrize(
    ("ours", "theirs"), [("CPO", "EMSP"), ("EMSP", "CPO"), ("NSP", "OTHER"), (None, "OTHER")]
)
def test_without_roles_the_peer_is_our_opposite(ours: str | None, theirs: str) -> None:
    roles = [] if ours is None else [role(ours, "DE", "ABC")]
    assert Around.of(Connection("1", "peer", our_roles=roles)).role == theirs


def test_where_nothing_is_around_nothing_is_known() -> None:
    assert NOTHING_AROUND.location("L1") is None and NOTHING_AROUND.token("C1") is None


def test_most_objects_lose_nothing() -> None:
    assert Wire({"id": "1"}).losses == ()
