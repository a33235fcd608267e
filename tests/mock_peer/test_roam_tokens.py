"""Tokens of EMPs: normalised, rewritten for CPOs, found again."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.roam_tokens import TokenRegister, forwarded, lacking, normalised

TOKEN: dict[str, Any] = {
    "country_code": "DE",
    "party_id": "EMP",
    "uid": "04AABBCC",
    "type": "RFID",
    "contract_id": "DEEMPC00000001X",
    "issuer": "An EMP",
    "group_id": "G",
    "valid": True,
    "whitelist": "ALLOWED",
    "last_updated": "2026-01-15T07:00:00Z",
}


@pytest.mark.parametrize(
    ("told", "spelled"),
    [
        ("DE8PSABCDEFGHI1", "DE-8PS-ABCDEFGHI-1"),
        ("de-8ps-abcdefghi-1", "DE-8PS-ABCDEFGHI-1"),
        ("DE8PSABCDEFGHI", "DE-8PS-ABCDEFGHI"),
        ("whatever", "whatever"),
    ],
)
def test_contract_ids_get_dashes(told: str, spelled: str) -> None:
    assert normalised(told) == spelled


@pytest.mark.parametrize(
    ("told", "goes_on"),
    [
        ("NEVER", "NEVER"),
        ("ALLOWED_OFFLINE", "ALLOWED_OFFLINE"),
        ("ALLOWED", "ALLOWED_OFFLINE"),
        ("ALWAYS", "ALLOWED_OFFLINE"),
    ],
)
def test_the_whitelist_type_that_cpos_read(told: str, goes_on: str) -> None:
    assert forwarded({**TOKEN, "whitelist": told})["whitelist"] == goes_on


def test_cpos_get_a_token_of_plugsurfing() -> None:
    goes_on = forwarded(TOKEN)
    assert (goes_on["country_code"], goes_on["party_id"]) == ("DE", "8PS")
    assert goes_on["issuer"] == "DE*8PS"
    assert goes_on["contract_id"] == "DE-EMP-C00000001-X"
    assert goes_on["uid"] == TOKEN["uid"]
    assert "group_id" not in goes_on


def test_a_token_is_found_by_uid_and_type_whatever_the_case() -> None:
    register = TokenRegister()
    register.take("1", TOKEN)
    held = register.find("04aabbcc", "RFID")
    assert held is not None
    assert held.cdr_token == {
        "country_code": "DE",
        "party_id": "EMP",
        "uid": "04AABBCC",
        "type": "RFID",
        "contract_id": "DE-EMP-C00000001-X",
    }
    assert register.find("04AABBCC", "OTHER") is None
    assert [one.uid for one in register.of("1")] == ["04AABBCC"]
    assert list(register.of("2")) == []


def test_of_several_tokens_of_a_contract_the_first_is_meant() -> None:
    register = TokenRegister()
    for uid in ("A1", "A2", "A1"):
        register.take("1", {**TOKEN, "uid": uid})
    assert len(register) == 2
    meant = register.meant(None, None, "DE-EMP-C00000001")
    assert meant is not None
    assert meant.uid == "A1"
    exact = register.meant("A2", "RFID", "DE-EMP-C00000001")
    assert exact is not None
    assert exact.uid == "A2"
    by_auth_id = register.meant("DE-EMP-C00000001-X", None, None)
    assert by_auth_id is not None
    assert by_auth_id.uid == "A1"
    assert register.meant("unknown", "RFID", "DE-EMP-C99999999") is None


def test_a_token_that_changes_its_contract_leaves_the_old_one() -> None:
    register = TokenRegister()
    register.take("1", TOKEN)
    register.take("1", {**TOKEN, "contract_id": "DE-EMP-C00000002-X"})
    assert register.of_contract("DE-EMP-C00000001") == []
    assert [held.uid for held in register.of_contract("DEEMPC00000002")] == ["04AABBCC"]


@pytest.mark.parametrize(
    ("token", "where"),
    [
        (TOKEN, None),
        ({**TOKEN, "uid": 5}, "/uid"),
        ({"country_code": "DE", "party_id": "EMP"}, "/uid"),
        (None, ""),
        ([TOKEN], ""),
    ],
)
def test_what_a_token_cannot_do_without(token: Any, where: str | None) -> None:
    assert lacking(token) == where
