"""A support case: what belongs to it, what it names, how it is written."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from mock_peer.support_bundle import FACTS, FORMAT, as_json, as_text, as_zip, bundle
from simulator.kernel.journal import Record
from simulator.mistakes import Exit, Mistake
from tests.mock_peer.checking import check_our_cpo, envelope, finding, record

HEADER = {"format": "roamlab-journal/1", "seed": 1, "clock": "real", "world": "demo"}
REFERENCE = envelope({"allowed": "ALLOWED", "authorization_reference": "REF"})
SESSION = {"id": "S1", "authorization_reference": "REF", "country_code": "DE", "party_id": "ABC",
           "cdr_token": {"uid": "T1", "contract_id": "C1"}, "evse_uid": "E1"}  # fmt: skip
CDR = {"id": "D1", "session_id": "S1", "cdr_location": {"id": "L1", "evse_id": "DE*ABC*E1"}}


def records() -> list[Record]:
    return [
        record(1, "POST", "tokens", "/T1/authorize", answer=REFERENCE),
        record(2, "PUT", "sessions", "/DE/ABC/S1", body=SESSION),
        record(3, "PUT", "sessions", "/DE/ABC/S2", body={**SESSION, "id": "S2",
               "authorization_reference": "OTHER"}),
        record(4, "PUT", "tokens", "/DE/8PS/T1", received=False, body={"uid": "T1"}),
        record(5, "POST", "cdrs", body=CDR, answer=envelope(code=2001, status_message="no"),
               headers={"Authorization": "Token abc", "X-Original-Protocol": "OCPI-2.1.1"}),
        finding(6, "cdr.valid", 5),
        record(7, "GET", "locations", received=False),
        {**finding(8, "x", None), "leg": "event", "session": "plug-1", "what": "plugged"},
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["S1", "s1", "D1", "REF"])
def test_a_session_is_found_by_whatever_names_it(name: str) -> None:
    case = bundle(HEADER, records(), name)
    assert [one["seq"] for one in case.exchanges] == [1, 2, 5]
    assert [one["rule"] for one in case.findings] == ["cdr.valid"]


def test_a_token_names_all_its_sessions_and_no_push_of_it() -> None:
    assert [one["seq"] for one in bundle(HEADER, records(), "T1").exchanges] == [1, 2, 3, 5]


def test_the_journal_s_correlation_counts_too() -> None:
    told = records()
    told[1]["session"] = "plug-1"
    case = bundle(HEADER, told, "plug-1")
    assert [one["seq"] for one in case.exchanges] == [1, 2, 5]
    assert [one["seq"] for one in case.records] == [1, 2, 5, 6, 8]


def test_what_support_asks_for_is_named() -> None:
    case = bundle(HEADER, records(), "S1")
    assert case.facts == {
        "session_id": ["S1"],
        "cdr_id": ["D1"],
        "token_uid": ["T1"],
        "contract_id": ["C1"],
        "authorization_reference": ["REF"],
        "cpo_country_code": ["DE"],
        "cpo_party_id": ["ABC"],
        "location_id": ["L1"],
        "evse_uid": ["E1"],
        "evse_id": ["DE*ABC*E1"],
    }
    assert set(case.facts) == {fact.name for fact in FACTS}
    cdr = case.exchanges[-1]
    assert cdr["x_original_protocol"] == "OCPI-2.1.1"
    assert (cdr["status_code"], cdr["status_message"]) == (2001, "no")
    assert (cdr["from"], cdr["to"]) == ("cpo-2", "plugsurfing")
    assert cdr["request"]["headers"]["Authorization"] == "Token ***"
    assert case.environment["world"] == "demo"


def test_nothing_of_a_session_is_exit_code_5_with_a_hint() -> None:
    with pytest.raises(Mistake, match=r"no message of session 'X'.*plug-1") as caught:
        bundle(HEADER, records(), "X")
    assert caught.value.exit_code is Exit.NOTHING


def test_the_case_is_written_as_a_page_as_json_and_as_an_archive() -> None:
    case = bundle(HEADER, records(), "S1")
    page = as_text(case)
    assert "- token_uid: T1" in page
    assert "HTTP 200, OCPI 2001 no" in page
    plain: dict[str, Any] = json.loads(as_json(case))
    assert plain["format"] == FORMAT
    assert len(plain["exchanges"]) == 3
    with zipfile.ZipFile(io.BytesIO(as_zip(case))) as archive:
        assert archive.namelist() == ["case.md", "case.json", "journal.ndjson"]
        assert archive.read("case.json") == as_json(case)
        lines = archive.read("journal.ndjson").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 5, 6]
    assert as_zip(case) == as_zip(case)
    assert b"Token abc" not in as_json(case)


async def test_a_session_of_our_own_cpo_makes_a_case() -> None:
    _, journal, _ = await check_our_cpo()
    cdr = next(r for r in journal.records if r.get("module") == "cdrs")
    name = json.loads(cdr["request"]["body"])["session_id"]
    case = bundle(journal.header, journal.records, name)
    assert case.exchanges[0]["method"] == "POST"
    assert {one["url"].split("/")[6] for one in case.exchanges} == {"tokens", "sessions", "cdrs"}
    assert case.facts["token_uid"] == ["04A1B2C3D4E5F6"]
