"""Chance: everything random comes from one seed, a stream for each owner."""

from __future__ import annotations

import uuid

import pytest

from simulator.kernel.chance import Chance, fresh_seed, fresh_token


def draws(chance: Chance) -> list[object]:
    return [
        chance.uuid4(),
        chance.token(),
        chance.uniform(0, 1),
        chance.integer(1, 1000),
        chance.choice("abcdef"),
        chance.happens(0.5),
    ]


def test_the_same_seed_and_name_draw_the_same() -> None:
    assert draws(Chance(7).child("cpo")) == draws(Chance(7).child("cpo"))


@pytest.mark.parametrize("other", [Chance(8).child("cpo"), Chance(7).child("peer"), Chance(7)])
def test_another_seed_or_name_draws_otherwise(other: Chance) -> None:
    assert draws(Chance(7).child("cpo")) != draws(other)


def test_a_draw_by_one_owner_changes_nothing_for_another() -> None:
    undisturbed = draws(Chance(7).child("b"))
    root = Chance(7)
    draws(root)
    draws(root.child("a"))
    assert draws(root.child("b")) == undisturbed


def test_grandchildren_have_streams_of_their_own() -> None:
    root = Chance(7)
    assert draws(root.child("a").child("b")) != draws(root.child("b"))
    assert draws(root.child("a").child("b")) != draws(root.child("a"))


def test_a_later_start_draws_otherwise_and_the_first_as_ever() -> None:
    assert draws(Chance(1).of_start(0)) == draws(Chance(1))
    starts = [str(draws(Chance(1).of_start(number))) for number in range(3)]
    assert len(set(starts)) == 3


def test_uuids_are_version_4_of_the_right_variant() -> None:
    chance = Chance(1)
    for _ in range(200):
        drawn = uuid.UUID(chance.uuid4())
        assert (drawn.version, drawn.variant) == (4, uuid.RFC_4122)


def test_tokens_fit_a_header_and_are_hard_to_confuse() -> None:
    token = Chance(1).token(64)
    assert len(token) == 64
    assert token.isalnum()
    assert not set(token) & set("0O1lI")


def test_bounds_are_kept() -> None:
    chance = Chance(3)
    assert {chance.integer(1, 3) for _ in range(100)} == {1, 2, 3}
    assert all(2 <= chance.uniform(2, 3) <= 3 for _ in range(100))
    assert not any(chance.happens(0) for _ in range(100))
    assert all(chance.happens(1) for _ in range(100))


def test_fakes_are_seeded() -> None:
    assert Chance(5).faker("de_DE").address() == Chance(5).faker("de_DE").address()
    assert Chance(5).faker("de_DE").address() != Chance(6).faker("de_DE").address()
    assert Chance(5).faker("de_DE").address() != Chance(5).faker("nl_NL").address()


def test_fresh_seeds_differ() -> None:
    assert len({fresh_seed() for _ in range(10)}) > 1


def test_a_fresh_token_is_long_and_never_the_same() -> None:
    tokens = {fresh_token() for _ in range(100)}
    assert len(tokens) == 100 and all(len(token) == 48 and token.isalnum() for token in tokens)
