"""Connections: whom they accept, whom they speak for, and how a book keeps them."""

from __future__ import annotations

from simulator.ocpi.connection import RECEIVER, SENDER, Connection, MemoryStore
from simulator.ocpi.envelope import read_json, write_json
from simulator.ocpi.headers import Party
from tests.simulator.ocpi.platforms import CPO, EMSP, role


def test_both_the_token_in_use_and_the_one_just_offered_count() -> None:
    connection = Connection("1", "peer", token_in="old", token_next="new")
    assert connection.accepts("old") and connection.accepts("new")
    assert not connection.accepts("other")
    assert not Connection("1", "peer").accepts("")


def test_a_peer_speaks_for_the_parties_it_named() -> None:
    connection = Connection("1", "peer", their_roles=[CPO, role("CPO", "NL", "XYZ")])
    assert connection.speaks_for(Party("nl", "xyz"))
    assert not connection.speaks_for(Party("DE", "8PS"))
    assert Connection("1", "peer").speaks_for(Party("DE", "8PS"))
    hub = Connection("1", "peer", their_roles=[role("HUB", "DE", "HUB")])
    assert hub.speaks_for(Party("DE", "8PS"))


def test_the_first_roles_name_the_parties() -> None:
    connection = Connection("1", "peer", our_roles=[EMSP], their_roles=[CPO])
    assert connection.our_party == Party("DE", "8PS")
    assert connection.their_party == Party("DE", "ABC")
    assert Connection("1", "peer").our_party is None


def test_a_connection_survives_the_book() -> None:
    connection = Connection(
        "1",
        "peer",
        token_in="in",
        token_out="out",
        versions_url="http://x/versions",
        version="2.2.1",
        registered=True,
        token_form="raw",
        endpoints={("tokens", SENDER): "http://x/s", ("tokens", RECEIVER): "http://x/r"},
        our_roles=[EMSP],
        their_roles=[CPO],
        extra={"strict": True},
    )
    assert Connection.from_json(read_json(write_json(connection.to_json()))) == connection


def test_the_store_finds_by_token_and_forgets() -> None:
    store = MemoryStore()
    first, second = Connection("1", "a", token_in="x"), Connection("2", "b", token_in="y")
    store.save(first)
    store.save(second)
    assert store.by_token("y") is second and store.by_token("z") is None
    assert store.all() == [first, second]
    store.remove(first)
    store.remove(first)
    assert store.by_token("x") is None
    assert store.all() == [second]
