"""OCPI played against a party that is not there, is silent, or answers oddly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake
from simulator.scenario.replay import Plan, replay
from simulator.scenario.replay_recording import load
from simulator.scenario.replay_report import Report
from simulator.wire.http import Handler, Request, Response
from simulator.wire.http_aio import HttpServer
from tests.simulator.scenario.recorded import file_of

OK = '{"status_code":1000,"timestamp":"2026-01-15T07:00:00Z"}'


def push(seq: int, answer: str = OK, *, asks: str = "cpo", other: str = "p") -> dict[str, Any]:
    return {
        "seq": seq, "at": "2026-01-15T07:00:00.000Z", "leg": "ocpi", "actor": asks, "peer": other,
        "session": "s", "version": "2.2.1", "module": "cdrs", "method": "POST",
        "url": "http://h/ocpi/2.2.1/cdrs", "direction": "sent",
        "request": {"headers": {"X-Request-ID": "1", "Authorization": "Token ***"},
                    "body": '{"id":"C1","kwh":1.50}'},
        "response": {"headers": {"Location": "http://h/cdrs/C1"}, "body": answer},
        "http_status": 200, "status_code": 1000, "ms": 0,
    }  # fmt: skip


class Party:
    """A live receiver of CDRs."""

    def __init__(self, cdrs: Handler) -> None:
        self.cdrs = cdrs
        self.seen: list[Request] = []
        self.base = ""

    async def handle(self, request: Request) -> Response:
        self.seen.append(request)
        if request.path == "/versions":
            return said([{"version": "2.2.1", "url": f"{self.base}/221"}])
        if request.path == "/221":
            row = {"identifier": "cdrs", "role": "RECEIVER", "url": f"{self.base}/live/cdrs"}
            return said({"version": "2.2.1", "endpoints": [row]})
        return await self.cdrs(request)


def said(data: Any, status: int = 200, **headers: str) -> Response:
    from simulator.wire.http import Headers

    body = json.dumps({"status_code": 1000, "data": data, "timestamp": "t"}).encode()
    return Response(status, Headers(headers), body)


async def against(
    cdrs: Handler, path: Path, clock: Clock, *records: dict[str, Any], **plan: Any
) -> tuple[Report, Party]:
    party = Party(cdrs)
    server = await HttpServer(party.handle, clock).start()
    party.base = server.base_url
    try:
        side = Plan("cpo", f"{server.base_url}/versions", **{"token": "t", **plan})
        told = load(file_of(path, *records))
        report = await replay(told, side, clock=clock, chance=Chance(1), journal=Journal(clock))
        return report, party
    finally:
        await server.stop()


async def test_requests_go_to_the_live_endpoint_with_the_live_token(
    clock: Clock, tmp_path: Path
) -> None:
    async def takes(_request: Request) -> Response:
        from simulator.wire.http import Headers

        return Response(200, Headers({"Location": "http://live/C1"}), OK.encode())

    report, party = await against(takes, tmp_path / "j", clock, push(1))
    assert report.differences == []
    sent = party.seen[-1]
    assert (sent.method, sent.path) == ("POST", "/live/cdrs")
    assert sent.headers["Authorization"] == "Token dA=="
    assert sent.body == b'{"id":"C1","kwh":1.50}'  # as it stood, to the last digit
    assert sent.headers["X-Request-ID"] != "1"


async def test_another_answer_and_a_missing_location(clock: Clock, tmp_path: Path) -> None:
    async def refuses(_request: Request) -> Response:
        return Response(200, body=b'{"status_code":2001,"status_message":"no"}')

    report, _ = await against(refuses, tmp_path / "j", clock, push(1))
    told = {d.deviation.pointer: d.deviation.live for d in report.differences if d.deviation}
    assert told["/status_code"] == 2001
    assert "/headers/Location" in told


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff\x00", b"[" * 5000])
async def test_odd_answers_are_differences(clock: Clock, tmp_path: Path, body: bytes) -> None:
    async def odd(_request: Request) -> Response:
        return Response(500, body=body)

    report, _ = await against(odd, tmp_path / "j", clock, push(1))
    pointers = {d.deviation.pointer for d in report.differences if d.deviation}
    assert "/http_status" in pointers


async def test_a_silent_party_is_given_up(clock: Clock, tmp_path: Path) -> None:
    async def silent(_request: Request) -> Response:
        await clock.sleep(60)
        return Response(200)

    pushes = [push(n) for n in range(1, 7)]
    report, party = await against(silent, tmp_path / "j", clock, *pushes, patience_s=2.0)
    assert [each.kind for each in report.differences] == ["silent"] * 3
    assert "given up: 3 exchanges were not played" in report.notes
    assert len(party.seen) == 2 + 3


async def test_a_party_that_hangs_up(clock: Clock, tmp_path: Path) -> None:
    async def closes(_request: Request) -> Response:
        return Response(0)

    report, _ = await against(closes, tmp_path / "j", clock, push(1))
    assert [each.kind for each in report.differences] == ["silent"]


@pytest.mark.parametrize(
    ("plan", "words", "code"),
    [
        (Plan("cpo", "http://127.0.0.1:9/v", token="t"), "127.0.0.1:9", Exit.UNREACHABLE),
        (Plan("cpo", "http://127.0.0.1:9/v"), "--token", Exit.USAGE),
        (Plan("cpo", token="t"), "--against", Exit.USAGE),
        (Plan("cpo", peer="q"), "--peer q", Exit.NOTHING),
        (Plan("peer", port=0, wait_s=2.0), "cpo did not ask anything within 2 s", Exit.UNREACHABLE),
    ],
)
async def test_what_cannot_be_played(
    clock: Clock, tmp_path: Path, plan: Plan, words: str, code: Exit
) -> None:
    told = load(file_of(tmp_path / "j", push(1)))
    with pytest.raises(Mistake, match=words) as caught:
        await replay(told, plan, clock=clock, chance=Chance(1), journal=Journal(clock))
    assert caught.value.exit_code == code
