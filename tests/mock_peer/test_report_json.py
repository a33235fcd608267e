"""The report as JSON."""

from __future__ import annotations

import json

from mock_peer.report_json import FORMAT, report_json
from tests.mock_peer.checking import check_our_cpo, mixed, record, report


def test_it_holds_all_that_the_report_tells() -> None:
    plain = json.loads(report_json(mixed()))
    assert plain["format"] == FORMAT
    assert plain["exit_code"] == 1
    assert plain["counts"] == {"PASS": 1, "FAIL": 1, "NOT APPLICABLE": 1, "NOT EXERCISED": 1}
    broken = plain["rules"][0]
    assert broken["id"] == "cdr.not-negative"
    assert broken["findings"][0]["pointer"] == "/total_energy"
    assert broken["messages"] == [7]
    assert [one["seq"] for one in plain["messages"]] == [7]
    assert broken["hint"]


def test_secrets_are_hidden() -> None:
    kept = record(7, "POST", "credentials", body={"token": "sesame"})
    assert b"sesame" not in report_json(report(messages=[kept]))


async def test_a_real_report_is_json_to_the_last_number() -> None:
    found, _, _ = await check_our_cpo(wait_s=0)
    plain = json.loads(report_json(found))
    assert {row["module"] for row in plain["matrix"]} >= {"locations", "cdrs"}
    assert plain["matrix"][0]["ours"]["GET"] == [True, 4, 0]
