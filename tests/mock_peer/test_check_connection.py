"""The checks of any connection: on nothing, on good evidence, on bad."""

from __future__ import annotations

from mock_peer.check_connection import CONNECTION_CHECKS
from mock_peer.check_model import Verdict
from mock_peer.check_probes import PROBES
from mock_peer.check_rulings import check_lines
from simulator.kernel.journal import Record
from tests.mock_peer.checking import envelope, evidence, record, told

ENDPOINT = {"identifier": "credentials", "role": "SENDER", "url": "http://a/c"}
DETAILS = envelope({"version": "2.2.1", "endpoints": [ENDPOINT]})


def verdicts(*records: Record, **more: object) -> dict[str, Verdict]:
    return told(check_lines(CONNECTION_CHECKS, evidence(*records, **more)))  # type: ignore[arg-type]


def test_ids_are_unique_and_each_row_says_what_to_do() -> None:
    ids = [row.id for row in CONNECTION_CHECKS]
    assert len(set(ids)) == len(ids)
    assert all(row.hint and row.statement and row.source for row in CONNECTION_CHECKS)


def test_without_an_answer_the_handshake_fails_and_the_rest_tells_nothing() -> None:
    found = verdicts()
    failing = {name for name, verdict in found.items() if verdict is Verdict.FAIL}
    assert failing == {"check.registration"}
    for name in ("versions", "details", "call-back", "answers", "envelope", "timestamp"):
        assert found[f"check.{name}"] is Verdict.NOT_EXERCISED, name


def test_a_good_handshake_passes() -> None:
    listed = envelope([{"version": "2.2.1", "url": "http://a"}])
    found = verdicts(
        record(1, "GET", "versions", received=False, answer=listed),
        record(2, "GET", "versions", received=False, answer=DETAILS),
        record(3, "GET", "versions"),
        record(4, "GET", "versions"),
        record(5, "POST", "credentials", received=False),
        probes={"versions": 1},
    )
    for name in ("versions", "details", "registration", "call-back", "envelope", "timestamp"):
        assert found[f"check.{name}"] is Verdict.PASS, name


def test_versions_of_others_a_refused_post_and_no_call_back_fail() -> None:
    listed = envelope([{"version": "2.0", "url": "http://a"}])
    found = verdicts(
        record(1, "GET", "versions", received=False, answer=listed),
        record(2, "GET", "versions", received=False, answer=DETAILS),
        record(3, "GET", "versions"),
        record(5, "POST", "credentials", received=False, answer=envelope(code=3001)),
        probes={"versions": 1},
    )
    for name in ("versions", "registration", "call-back"):
        assert found[f"check.{name}"] is Verdict.FAIL, name


def test_every_probe_that_rows_name_is_sent() -> None:
    sent = {probe.name for probe in PROBES}
    for name in ("versions", "no token", "unknown token", "token A again", "registered twice"):
        assert name in sent
