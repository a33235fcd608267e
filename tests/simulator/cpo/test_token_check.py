"""Tokens as they come, in each version."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.cpo.token_check import patched, received
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import InvalidParameters
from simulator.ocpi.versions import VERSIONS
from tests.simulator.cpo.world import token

EMP = Connection(
    "emsp",
    "emsp",
    version="2.2.1",
    their_roles=[{"role": "EMSP", "country_code": "DE", "party_id": "EMP"}],
)
TOKEN_211: dict[str, Any] = {
    "uid": "C1",
    "type": "RFID",
    "auth_id": "DE-EMP-C1",
    "issuer": "Emp",
    "valid": True,
    "whitelist": "ALLOWED",
    "last_updated": "2026-01-10T00:00:00Z",
}


def test_a_token_of_2_1_1_is_judged_by_2_1_1() -> None:
    told = received(TOKEN_211, VERSIONS["2.1.1"], EMP)
    assert not told.problems and not told.quirk
    assert told.require()["contract_id"] == "DE-EMP-C1"
    assert (told.token["country_code"], told.token["party_id"]) == ("DE", "EMP")
    bad = received({**TOKEN_211, "auth_id": "x" * 37}, VERSIONS["2.1.1"], EMP)
    assert [p.pointer for p in bad.problems] == ["/auth_id"]
    with pytest.raises(InvalidParameters):
        bad.require()


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
def test_the_published_example_is_read_in_every_version(version: str) -> None:
    example = {k: v for k, v in TOKEN_211.items() if k != "auth_id"}
    example |= {"valid": "true", "authId": "DE-8PS-C00000007-7", "type": "OTHER"}
    told = received(example, VERSIONS[version], EMP)
    assert told.quirk and not told.problems
    assert told.require()["contract_id"] == "DE-8PS-C00000007-7"
    assert told.token["valid"] is True


@pytest.mark.parametrize("valid", ["yes", "True", 1, None, ["true"]])
def test_no_other_word_is_a_boolean(valid: Any) -> None:
    told = received(token(valid=valid), VERSIONS["2.2.1"], EMP)
    assert not told.quirk
    assert [p.pointer for p in told.problems] == ["/valid"]


@pytest.mark.parametrize("raw", [None, [], "token", 5])
def test_what_is_no_object_is_a_problem(raw: Any) -> None:
    assert received(raw, VERSIONS["2.2.1"], EMP).problems


def test_a_patch_is_judged_by_what_it_leaves_behind() -> None:
    before = token("C1")
    assert patched(before, {"uid": "c1", "valid": False}) == {**before, "valid": False}
    for change, place in (({"issuer": None}, "/issuer"), ({"uid": "C2"}, "/uid")):
        with pytest.raises(InvalidParameters) as caught:
            patched(before, change)
        assert caught.value.pointer == place


def test_a_patch_does_not_answer_for_what_stood_there_before() -> None:
    before = token("C1", language="deu")
    assert patched(before, {"valid": False})["valid"] is False
