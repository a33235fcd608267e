"""A car proves its contract, and the station looks at the chain."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from simulator.kernel.chance import Chance
from simulator.pki.contract import Contract, verify_challenge
from simulator.pki.path import Reason
from simulator.station.contract_proof import doubt, draw_challenge, examine
from simulator.station.pnc import Chain
from tests.simulator.station.certificate_box import NOW, OCSP, box, root

EMAID = "DE-8PS-C12345678-3"


def contract(seed: int = 7, **how: Any) -> Contract:
    return box(seed).issue_contract(EMAID, how.pop("now", NOW), Chance(31).child(str(how)), **how)


def test_challenges_are_of_sixteen_bytes_and_never_the_same() -> None:
    chance = Chance(1)
    challenges = [draw_challenge(chance) for _ in range(20)]
    assert {len(each) for each in challenges} == {16}
    assert len(set(challenges)) == 20
    assert challenges[0] == draw_challenge(Chance(1))


def test_a_car_with_its_own_contract_is_believed() -> None:
    assert doubt(contract(), b"16 bytes of luck") is None


@pytest.mark.parametrize("claimed", ["DE-8PS-C12345678", "de8psc123456783", "DE-8PS-C12345678-0"])
def test_spellings_of_one_contract_are_one(claimed: str) -> None:
    assert doubt(replace(contract(), emaid=claimed), bytes(16)) is None


def test_another_key_is_not_believed() -> None:
    other = box(8).issue_contract(EMAID, NOW, Chance(32))
    thief = replace(contract(), key=other.key)
    why = doubt(thief, bytes(16))
    assert why == "the signature over the challenge is not by the contract's key"
    assert not verify_challenge(thief.certificate, bytes(16), b"\0" * 64)


def test_a_claim_to_another_contract_is_not_believed() -> None:
    why = doubt(replace(contract(), emaid="DE8PSC999999999"), bytes(16))
    assert why == "the certificate is of 'DE8PSC123456783', and the car says 'DE8PSC999999999'"


def test_a_good_chain_and_its_hashes() -> None:
    shown = contract()
    examined = examine(shown.chain, [root("V2G"), root("MO")], NOW)
    assert (examined.chain, examined.verdict.reason) == (Chain.GOOD, Reason.OK)
    assert examined.hashes is not None
    assert [row["responderURL"] for row in examined.hashes] == [OCSP] * 3
    assert examined.hashes[0]["serialNumber"] == f"{shown.certificate.serial_number:x}"


def test_without_responder_there_are_no_hashes() -> None:
    examined = examine(contract(ocsp=False).chain, [root("MO")], NOW)
    assert (examined.chain, examined.hashes) == (Chain.GOOD, None)


@pytest.mark.parametrize("roots", [[], [root("V2G")], [root("MO", 8)]], ids=len)
def test_the_missing_root_is_told_from_a_bad_chain(roots: list[x509.Certificate]) -> None:
    """A root of the right name with another key has issued nothing of it."""
    assert examine(contract().chain, roots, NOW).chain is Chain.NO_ROOT


def test_dates_and_what_else_may_be_wrong() -> None:
    roots = [root("MO")]
    good = contract()
    expired = contract(now=NOW - timedelta(hours=3), valid_for=timedelta(hours=1))
    early = contract(not_before=NOW + timedelta(days=1))
    assert examine(expired.chain, roots, NOW).chain is Chain.EXPIRED
    assert examine(early.chain, roots, NOW).chain is Chain.BAD
    torn = (good.chain[0], good.chain[2])  # without what has issued the leaf
    assert examine(torn, roots, NOW).chain is Chain.BAD
    assert examine(good.chain[1:], roots, NOW).chain is Chain.BAD  # a sub-CA is no contract
    assert examine(contract(8).chain, [root("MO")], NOW).chain is Chain.NO_ROOT


def test_the_path_is_told_to_its_root_and_what_was_shown_where_there_is_none() -> None:
    good = examine(contract().chain, [root("MO")], NOW)
    assert [one["subject"].partition("CN=")[2][:2] for one in good.certificates][-1] == "MO"
    assert len(good.certificates) == len(good.verdict.path) == 4 and good.rooted
    lost = examine(contract().chain, [], NOW)
    assert len(lost.certificates) == 3 and not lost.rooted
