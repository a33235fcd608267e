"""Plain text beyond loopback: refused, unless somebody says so."""

from __future__ import annotations

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit
from simulator.wire.exposure import (
    PlainText,
    is_address,
    is_loopback,
    plain_host,
    refuse_plain_server,
)
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpServer
from simulator.wire.ocpp_ws import OcppServer

OPEN = "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("cpo.LOCALHOST.", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.4", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
    ],
)
def test_what_stays_on_this_machine(host: str, ours: bool) -> None:
    assert is_loopback(host) is ours


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:80/x", None),
        ("http://[::1]:80/x", None),
        ("https://cpo.example/x", None),
        ("wss://cpo.example/x", None),
        ("http://cpo.example/x", "cpo.example"),
        ("HTTP://CPO.example:8080", "cpo.example"),
        ("ws://10.0.0.1/ocpp", "10.0.0.1"),
        ("http://127.0.0.1@cpo.example/x", "cpo.example"),
        ("http://127.0.0.1:80@cpo.example/x", "cpo.example"),
        ("http://cpo.example?http://127.0.0.1/", "cpo.example"),
        ("http://", None),
        ("nonsense", None),
    ],
)
def test_where_a_url_sends_plain_text(url: str, host: str | None) -> None:
    assert plain_host(url) == host


def test_a_server_needs_tls_or_the_word() -> None:
    refuse_plain_server("127.0.0.1", tls=False, insecure=False)
    refuse_plain_server(OPEN, tls=True, insecure=False)
    refuse_plain_server(OPEN, tls=False, insecure=True)
    with pytest.raises(PlainText, match=r"--tls-cert.*--insecure .*insecure: true") as caught:
        refuse_plain_server(OPEN, tls=False, insecure=False)
    assert caught.value.exit_code == Exit.USAGE


async def hello(_request: Request) -> Response:
    return Response(200, body=b"hello")


async def test_servers_refuse_to_listen(clock: Clock, journal: Journal) -> None:
    with pytest.raises(PlainText, match=r"listening on 0\.0\.0\.0 without TLS"):
        await HttpServer(hello, clock, host=OPEN).start()
    ocpp = OcppServer(
        clock=clock,
        chance=Chance(1),
        journal=journal,
        actor="cpo",
        accept=lambda _knock: True,
        on_link=lambda _link: None,  # type: ignore[arg-type, return-value]
        host=OPEN,
    )
    with pytest.raises(PlainText):
        await ocpp.start()


async def test_clients_refuse_to_send(clock: Clock) -> None:
    client = HttpClient(clock)
    with pytest.raises(
        ConnectFailed, match=r"not sent, for tokens .*take https, or say --insecure"
    ):
        await client.send("GET", "http://cpo.example/versions")
    await client.close()


async def test_who_says_so_is_told_of_each_host_once(clock: Clock) -> None:
    server = await HttpServer(hello, clock, host=OPEN, insecure=True).start()
    warned: list[str] = []
    client = HttpClient(clock, insecure=True, warn=warned.append)
    url = f"http://0.0.0.0:{server.port}/"
    for _ in range(2):
        assert (await client.send("GET", url)).status == 200
    assert warned == ["0.0.0.0"]
    await client.close()
    # What anybody may read needs no word.
    client = HttpClient(clock)
    assert (await client.send("GET", url, public=True)).status == 200
    await client.close()
    await server.stop()


@pytest.mark.parametrize(
    ("authority", "ours"),
    [("127.0.0.1:80", True), ("[::1]:80", True), ("localhost", True), ("10.0.0.7:8000", True),
     ("evil.example", False), ("", False), ("[::1", False), ("127.0.0.1.evil.example:1", False)],
)  # fmt: skip
def test_which_host_headers_name_no_name(authority: str, ours: bool) -> None:
    assert is_address(authority) is ours
