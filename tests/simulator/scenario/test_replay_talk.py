"""What was said on a wire, as one side or the other would say it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.scenario.compare import MISSING
from simulator.scenario.replay_recording import Recording, load
from simulator.scenario.replay_talk import (
    Cut,
    body_of,
    comes_first,
    ocpi_answer,
    ocpi_parties,
    ocpi_talk,
    ocpp_talks,
)
from tests.simulator.scenario.recorded import file_of, frame

BOOT = [2, "1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]
ACCEPTED = [3, "1", {"status": "Accepted"}]


def told(tmp_path: Path, *records: dict[str, Any]) -> Recording:
    return load(file_of(tmp_path / "j", *records))


def event(seq: int, what: str) -> dict[str, Any]:
    return {"seq": seq, "at": "2026-01-15T07:00:09.000Z", "leg": "event", "actor": "station/S1",
            "peer": "cpo", "session": None, "what": what, "data": {}}  # fmt: skip


def test_calls_and_answers_find_each_other_from_either_side(tmp_path: Path) -> None:
    recording = told(
        tmp_path,
        frame(1, BOOT, action="BootNotification"),
        frame(2, ACCEPTED, sent=False, at="2026-01-15T07:00:02.000Z"),
        frame(3, [2, "1", "Reset", {"type": "Soft"}], sent=False),
        frame(4, [4, "1", "NotSupported", "no", {}]),
        frame(5, "nonsense", message_type=None, message_id=None),
    )
    (talk,) = ocpp_talks(recording, csms=False)
    boot, reset, raw = talk.exchanges
    assert (boot.ours, boot.name, boot.delay_s) == (True, "BootNotification", 2.0)
    assert boot.answer is not None
    assert boot.answer.facts == {"status": "Accepted"}
    assert reset.answer is not None
    assert (reset.ours, reset.answer.facts) == (False, {"CALLERROR": "NotSupported"})
    assert raw.raw == "nonsense"
    (other,) = ocpp_talks(recording, csms=True)
    assert [each.ours for each in other.exchanges] == [False, True]


def test_a_network_cut_is_a_turn_but_not_the_first_and_last(tmp_path: Path) -> None:
    recording = told(
        tmp_path, event(1, "ocpp.connected"), frame(2, BOOT), event(3, "ocpp.disconnected"),
        event(4, "ocpp.connected"), frame(5, [2, "2", "Heartbeat", {}]),
        event(6, "ocpp.disconnected"),
    )  # fmt: skip
    (talk,) = ocpp_talks(recording, csms=False)
    kinds = [turn.kind if isinstance(turn, Cut) else turn.name for turn in talk.turns]
    assert kinds == ["BootNotification", "down", "up", "Heartbeat"]


def test_a_stretch_boots_first_and_knows_what_is_asked_beside_it(tmp_path: Path) -> None:
    recording = told(
        tmp_path, frame(1, BOOT), frame(2, ACCEPTED, sent=False),
        frame(3, [2, "x", "GetConfiguration", {}], sent=False), frame(4, [3, "x", {}]),
        frame(5, [2, "2", "Authorize", {"idTag": "A"}], session="s"),
    )  # fmt: skip
    (talk,) = ocpp_talks(recording.stretch("s"), csms=False, whole=recording)
    assert [each.name for each in talk.exchanges] == ["BootNotification", "Authorize"]
    assert [each.name for each in talk.beside] == ["GetConfiguration"]


def exchange(seq: int, actor: str, peer: str, method: str, module: str | None, *, ms: float = 0,
             at: str = "2026-01-15T07:00:01.000Z") -> dict[str, Any]:  # fmt: skip
    return {
        "seq": seq, "at": at, "leg": "ocpi", "actor": actor, "peer": peer, "session": None,
        "version": "2.2.1", "module": module, "method": method, "url": f"http://h/{module}/x",
        "direction": "sent", "request": {"headers": {}, "body": '{"a":1}'},
        "response": {"headers": {}, "body": '{"status_code":1000,"data":[1],"timestamp":"t"}'},
        "http_status": 200, "status_code": 1000, "ms": ms,
    }  # fmt: skip


def test_ocpi_from_either_side(tmp_path: Path) -> None:
    recording = told(tmp_path, exchange(1, "cpo", "p", "PUT", "sessions", ms=500))
    (ours,) = ocpi_talk(recording, "cpo", "p")
    (theirs,) = ocpi_talk(recording, "p", "cpo")
    assert (ours.ours, theirs.ours, ours.delay_s) == (True, False, 0.5)
    assert ours.answer is not None
    assert ours.answer.payload == {"http_status": 200, "status_code": 1000, "data": [1]}
    assert ocpi_parties(recording) == ["cpo", "p"]
    assert ocpi_talk(recording, "cpo", "q") == []


def test_credentials_are_answered_after_the_questions_back(tmp_path: Path) -> None:
    recording = told(
        tmp_path, exchange(1, "p", "cpo", "GET", "versions"),
        exchange(2, "cpo", "p", "POST", "credentials"), exchange(3, "cpo", "p", "PUT", "tokens"),
    )  # fmt: skip
    (asked,) = [e for e in ocpi_talk(recording, "p", "cpo") if e.name == "GET versions"]
    post, push = ocpi_talk(recording, "cpo", "p")
    back = ocpi_talk(recording, "cpo")
    assert asked.module == "versions"
    assert len(back) == 2
    assert not comes_first(asked, post)
    assert comes_first(asked, push)
    assert comes_first(post, asked)


def test_bodies() -> None:
    assert body_of(None) is body_of("") is MISSING
    assert body_of("<html>") == "<html>"
    assert ocpi_answer(502, {"body": "<html>"}) == {"http_status": 502, "body": "<html>"}
