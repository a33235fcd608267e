"""What the services of a PKI share."""

from __future__ import annotations

import pytest

from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.pki.service import Service, refused
from simulator.pki.switch import DOWN, OK, SLOW
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient


class Echo(Service):
    modes = (OK, SLOW, DOWN)

    async def answer(self, request: Request) -> Response:
        if request.path == "/fail":
            raise RuntimeError("no book")
        return Response(200, body=request.path.encode())


async def test_it_answers_as_its_switch_says(clock: Clock, journal: Journal) -> None:
    service, http = Echo(clock, journal, actor="echo"), HttpClient(clock)
    await service.start()
    try:
        url = f"{service.base_url}/x"
        assert (await http.send("GET", url)).body == b"/x"
        service.turn("slow:7")
        before_s = clock.monotonic()
        assert (await http.send("GET", url)).body == b"/x"
        assert clock.monotonic() - before_s == pytest.approx(7, abs=0.01)
        service.turn("down")
        with pytest.raises(ConnectFailed):
            await http.send("GET", url)
        service.turn("ok")
        assert (await http.send("GET", url)).status == 200
        with pytest.raises(Mistake, match="Did you mean 'slow'"):
            service.turn("slo")
    finally:
        await http.close()
        await service.stop()


async def test_a_failure_is_journalled(clock: Clock, journal: Journal) -> None:
    service, http = Echo(clock, journal, actor="echo"), HttpClient(clock)
    await service.start()
    try:
        assert (await http.send("GET", f"{service.base_url}/fail")).status == 500
    finally:
        await http.close()
        await service.stop()
    (record,) = journal.records
    assert (record["actor"], record["what"]) == ("echo", "pki.failed")
    assert record["data"] == {"path": "/fail", "error": "RuntimeError: no book"}


def test_a_refusal_is_in_plain_words() -> None:
    response = refused(405, "not so", allow="GET")
    assert (response.status, response.body) == (405, b"not so\n")
    assert (response.headers["Allow"], response.headers["Content-Type"][:10]) == (
        "GET", "text/plain",
    )  # fmt: skip
