"""The journal: order, reading, correlation, secrets, and its file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import (
    FORMAT,
    Journal,
    JournalError,
    Record,
    read,
)
from simulator.kernel.redaction import HIDDEN


def exchange(journal: Journal, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "version": "2.2.1",
        "module": "credentials",
        "method": "POST",
        "url": "http://127.0.0.1:8090/ocpi/2.2.1/credentials",
        "direction": "sent",
        "request_headers": {"Authorization": "Token c2VjcmV0", "X-Request-ID": "r1"},
        "request_body": '{"token": "our-secret", "url": "http://x"}',
        "response_headers": {"Content-Type": "application/json"},
        "response_body": '{"data":{"token":"their-secret"},"status_code":1000}',
        "http_status": 200,
        "status_code": 1000,
        "ms": 1.23456,
    }
    fields.update(changes)
    return journal.ocpi("cpo", "plugsurfing", None, **fields)


def frame(journal: Journal, text: str, message_id: str | None = "m1", **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "version": "1.6",
        "direction": "sent",
        "frame": text,
        "message_type": 2,
        "message_id": message_id,
        "action": "Heartbeat",
    }
    session = changes.pop("session", None)
    fields.update(changes)
    return journal.ocpp("station/CP001", "cpo", session, **fields)


async def test_records_are_numbered_from_one_and_carry_the_worlds_time(
    clock: Clock, journal: Journal
) -> None:
    first = journal.event("cpo", "cpo.started", port=9000)
    await clock.sleep(90)
    second = journal.event("station/CP001", "station.booted", peer="cpo", session="s1")
    assert [first["seq"], second["seq"]] == [1, 2]
    assert [first["at"], second["at"]] == ["2026-01-15T07:00:00.000Z", "2026-01-15T07:01:30.000Z"]
    assert first["data"] == {"port": 9000}
    assert (second["peer"], second["session"]) == ("cpo", "s1")


async def test_records_after_a_number_also_when_old_ones_were_let_go(clock: Clock) -> None:
    journal = Journal(clock, keep=3)
    for number in range(1, 6):
        journal.event("cpo", f"event.{number}")
    assert [record["seq"] for record in journal.records] == [3, 4, 5]
    assert [record["seq"] for record in journal.since(4)] == [5]
    assert [record["seq"] for record in journal.since(0)] == [3, 4, 5]
    assert journal.since(5) == []


async def test_subscribers_hear_each_record_until_they_leave(journal: Journal) -> None:
    heard: list[int] = []
    leave = journal.subscribe(lambda record: heard.append(record["seq"]))
    journal.event("cpo", "one")
    leave()
    leave()  # a second time does no harm
    journal.event("cpo", "two")
    assert heard == [1]


async def test_wait_for_finds_what_already_happened(journal: Journal) -> None:
    journal.event("cpo", "early")
    found = await journal.wait_for(lambda record: record.get("what") == "early", timeout_s=1)
    assert found["seq"] == 1
    with pytest.raises(TimeoutError):
        await journal.wait_for(lambda r: r.get("what") == "early", timeout_s=1, after=1)


async def test_wait_for_finds_what_is_to_come_and_gives_up_in_time(
    clock: Clock, journal: Journal
) -> None:
    clock.call_later(30, lambda: journal.event("cpo", "late"))
    found = await journal.wait_for(lambda record: record.get("what") == "late", timeout_s=60)
    assert found["at"] == "2026-01-15T07:00:30.000Z"
    with pytest.raises(TimeoutError):
        await journal.wait_for(lambda record: False, timeout_s=60)
    assert clock.monotonic() == pytest.approx(90)
    assert not journal._subscribers


async def test_a_frame_seen_from_the_far_end_inherits_its_session(journal: Journal) -> None:
    sent = frame(journal, '[2,"m1","Heartbeat",{}]', session="CP001-1-1")
    seen = frame(journal, '[2,"m1","Heartbeat",{}]', direction="received")
    other = frame(journal, '[2,"m2","Heartbeat",{}]', message_id="m2")
    assert (sent["session"], seen["session"], other["session"]) == ("CP001-1-1", "CP001-1-1", None)


async def test_keys_are_linked_to_sessions_and_the_first_known_wins(journal: Journal) -> None:
    journal.link("tx/CP001/1", "CP001-1-1")
    assert journal.session_of("tx/CP001/2", None, "tx/CP001/1") == "CP001-1-1"
    assert journal.session_of("tx/CP001/2") is None
    journal.link("tx/CP001/1", "CP001-1-2")
    assert journal.session_of("tx/CP001/1") == "CP001-1-2"


async def test_secrets_are_redacted_on_writing(journal: Journal) -> None:
    exchange(journal)
    frame(journal, '[2,"m1","ChangeConfiguration",{"key":"AuthorizationKey","value":"hush"}]')
    frame(
        journal,
        '[2,"m2","SetVariables",{"setVariableData":[{"attributeValue":"hush","component":'
        '{"name":"SecurityCtrlr"},"variable":{"name":"BasicAuthPassword"}}]}]',
        message_id="m2",
    )
    text = journal.dump().decode()
    for secret in ("our-secret", "their-secret", "c2VjcmV0", "hush"):
        assert secret not in text
    assert text.count(HIDDEN) == 5
    assert "Token ***" in text  # the scheme stays readable


async def test_a_journal_can_be_asked_to_keep_secrets(clock: Clock) -> None:
    journal = Journal(clock, secrets=True)
    exchange(journal)
    assert b"our-secret" in journal.dump()
    assert b"c2VjcmV0" in journal.dump()


async def test_a_drivers_token_is_no_secret(journal: Journal) -> None:
    body = '{"uid": "04AA", "token": "in tokens this word may stand"}'
    record = exchange(journal, module="tokens", request_body=body)
    assert record["request"]["body"] == body


async def test_an_exchange_without_an_answer_has_no_response(journal: Journal) -> None:
    record = exchange(
        journal, http_status=None, status_code=None, response_headers=None, response_body=None
    )
    assert record["response"] is None


async def test_a_finding_tells_where_what_and_in_which_message(journal: Journal) -> None:
    seen = exchange(journal, module="cdrs")
    finding = journal.finding(
        "plugsurfing",
        "cpo",
        "s1",
        rule="cdr.authorization-reference",
        severity="reject",
        pointer="/authorization_reference",
        seen=None,
        expected="a reference",
        message_seq=seen["seq"],
        objects=("cdr/1",),
    )
    assert finding["leg"] == "finding"
    assert finding["message_seq"] == 1
    assert finding["objects"] == ["cdr/1"]


async def test_the_file_reads_back_as_it_was_written(tmp_path: Path, journal: Journal) -> None:
    path = tmp_path / "world.ndjson"
    journal.event("cpo", "before.opening")
    journal.open(path)
    exchange(journal, response_body='{"data":"Ünïcode   \\u0000"}')
    frame(journal, "not even JSON \x00 \ud7ff", message_id=None, message_type=None, action=None)
    journal.event("cpo", "priced", total=Decimal("12.3450"))
    journal.close()
    header, *records = read(path)
    assert header == {"format": FORMAT, "seed": 42, "clock": "virtual", "world": "test"}
    assert records == [json.loads(line) for line in journal.dump().splitlines()[1:]]
    assert [record["seq"] for record in records] == [1, 2, 3, 4]
    assert path.read_bytes() == journal.dump()
    assert b'"total":12.3450' in path.read_bytes()


async def test_what_was_written_is_on_disk_after_one_turn_of_the_loop(
    tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    path = tmp_path / "world.ndjson"
    journal.open(path)
    journal.event("cpo", "one")
    journal.event("cpo", "two")
    await clock.sleep(0)
    assert [record.get("what") for record in read(path)] == [None, "one", "two"]
    journal.close()
    journal.close()  # a second time does no harm


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not json\n", ":1: not JSON"),
        (b'["a list"]\n', ":1: expected a JSON object"),
        (b'{"format":"other/1"}\n', ":1: not a roamlab-journal/1 file: 'other/1'"),
        (b"{}\n", ":1: not a roamlab-journal/1 file: None"),
        (b'{"format":"roamlab-journal/1"}\n{"seq":1}\n{"seq":', ":3: not JSON"),
        (b'{"format":"roamlab-journal/1"}\n\xff\xfe\n', ":2: not JSON"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_bytes(content)
    with pytest.raises(JournalError) as caught:
        list(read(path))
    assert f"{path}{message}" in str(caught.value)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read(tmp_path / "none.ndjson"))


def test_every_record_bears_its_own_millisecond() -> None:
    class Told(Clock):
        moments = iter(
            datetime(2026, 1, 15, 7, 0, second, microsecond, tzinfo=UTC)
            for second, microsecond in ((0, 5900), (0, 5999), (0, 6000), (1, 5100), (1, 5000))
        )

        def now(self) -> datetime:
            return next(self.moments)

    journal = Journal(Told("virtual"))
    stamps = [journal.event("cpo", "tick")["at"][17:] for _ in range(5)]
    assert stamps == ["00.005Z", "00.005Z", "00.006Z", "01.005Z", "01.005Z"]
