"""TLS from texts, client certificates that are demanded, and who takes his time."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.http_aio import ConnectFailed
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_ws import Link, OcppClient
from simulator.wire.tls import (
    Tls,
    TlsError,
    TlsFiles,
    TlsPem,
    client_context,
    server_context,
)
from tests.simulator.wire.certificates import Authority
from tests.simulator.wire.test_tls import HERE, ask, csms, heartbeat, serving


@pytest.fixture
def root(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "root")


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "stranger")


def as_text(files: TlsFiles) -> TlsPem:
    return TlsPem(files.certificate.read_text(), files.key.read_text())


async def test_certificates_that_stand_in_no_file(
    clock: Clock, root: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = as_text(root.issue("actor", address=HERE))
    assert "PRIVATE" not in repr(identity)
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    actor = Tls(identity, root.file.read_text())
    async with serving(clock, actor.server(clock)) as url:
        assert (await ask(clock, url, actor)).status == 200
    assert list(private.iterdir()) == []  # nothing stays behind
    with pytest.raises(TlsError, match="CA: no CA certificates in PEM"):
        Tls(ca="junk").client(clock)
    with pytest.raises(TlsError, match="no certificate and key that belong together"):
        Tls(TlsPem(identity.certificate, "junk")).server(clock)
    assert list(private.iterdir()) == []


async def test_mutual_is_for_those_with_a_certificate(
    clock: Clock, root: Authority, stranger: Authority
) -> None:
    told: list[str] = []
    files = root.issue("server", address=HERE)
    async with serving(clock, Tls(files, root.file, mutual=True).server(clock, told.append)) as url:
        assert (await ask(clock, url, Tls(root.issue("mine"), root.file))).status == 200
        for identity in (None, stranger.issue("mine")):
            with pytest.raises(ConnectFailed, match="another client certificate, or any at all"):
                await ask(clock, url, Tls(identity, root.file))
    assert "did not return a certificate" in told[0]
    assert len(set(told)) == 2
    with pytest.raises(TlsError, match="no CA to know them by"):
        Tls(files, mutual=True).server(clock)


async def test_who_says_nothing_is_let_go_and_told_of_once(clock: Clock, root: Authority) -> None:
    told: list[str] = []
    files = root.issue("server", address=HERE)
    context = server_context(files, clock, refused=told.append)
    async with serving(clock, context) as url:
        port = int(url.rsplit(":", 1)[1])
        begun = clock.monotonic()
        reader, writer = await asyncio.open_connection(HERE, port)
        answer = await ask(clock, url, Tls(ca=root.file))  # nobody else waits for it
        assert answer.status == 200
        assert clock.monotonic() - begun < 1
        assert await reader.read() == b""
        assert 9 < clock.monotonic() - begun < 12
        await clock.sleep(5)
        writer.close()
    assert told == [
        "the client broke off the handshake, or said nothing: it may not trust our certificate"
    ]


async def test_a_context_may_be_made_for_each_attempt(
    clock: Clock, journal: Journal, root: Authority, stranger: Authority
) -> None:
    """What is trusted may change between two tries, and so may a file be missing at one of them."""
    made: list[int] = []
    trusts = [stranger.file, stranger.directory / "gone.pem", root.file]

    def context() -> ssl.SSLContext:
        made.append(len(made))
        return client_context(clock, ca=trusts[min(made[-1], 2)])

    files = root.issue("csms", address=HERE)
    async with csms(clock, journal, server_context(files, clock)) as (server, _):
        failed: list[Exception] = []
        up = asyncio.Event()

        async def on_up(_link: Link) -> None:
            up.set()

        client = OcppClient(
            url=server.url,
            station_id="CP1",
            version=OcppVersion.V201,
            clock=clock,
            chance=Chance(2),
            journal=journal,
            handler=heartbeat,
            on_up=on_up,
            on_down=lambda _reason: None,
            ssl=context,
            on_failed=failed.append,
        )
        await client.start()
        assert await clock.wait_event(up, 100)
        await client.stop()
    assert made == [0, 1, 2]
    assert isinstance(failed[0], ssl.SSLCertVerificationError)
    assert isinstance(failed[1], TlsError)
