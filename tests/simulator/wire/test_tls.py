"""TLS: who is trusted, whose dates count, and what each side is told when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import DEFAULT_START, Clock
from simulator.kernel.journal import Journal
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient, HttpServer
from simulator.wire.ocpp_messages import Call, OcppVersion, Reply
from simulator.wire.ocpp_ws import Admission, Knock, Link, OcppClient, OcppServer
from simulator.wire.tls import (
    NO_TLS,
    Tls,
    TlsError,
    TlsFiles,
    client_context,
    in_words,
    server_context,
)
from tests.simulator.wire.certificates import Authority

HERE = "127.0.0.1"
EXPIRED: dict[str, Any] = {
    "begins": DEFAULT_START - timedelta(days=9),
    "ends": DEFAULT_START - timedelta(days=2),
}
TO_COME = {"begins": DEFAULT_START + timedelta(days=1)}


@pytest.fixture
def root(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "root")


@pytest.fixture
def stranger(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "stranger")


async def hello(_request: Request) -> Response:
    return Response(200, body=b"hello")


@contextlib.asynccontextmanager
async def serving(clock: Clock, context: ssl.SSLContext | None) -> AsyncIterator[str]:
    server = await HttpServer(hello, clock, ssl=context).start()
    try:
        yield server.base_url.replace("http:", "https:")
    finally:
        await server.stop()


async def ask(clock: Clock, url: str, tls: Tls = NO_TLS) -> Response:
    client = HttpClient(clock, tls=tls)
    try:
        return await client.send("GET", url)
    finally:
        await client.close()


async def test_https_both_ends_with_what_an_actor_has(clock: Clock, root: Authority) -> None:
    actor = Tls(root.issue("actor", address=HERE), root.file)
    async with serving(clock, actor.server(clock)) as url:
        assert url.startswith("https://127.0.0.1:")
        assert (await ask(clock, url, actor)).body == b"hello"
    assert Tls().server(clock) is None


@pytest.mark.parametrize(
    ("issue", "trusted", "words"),
    [
        ({"address": HERE}, "stranger", "self-signed certificate in certificate chain|unable to"),
        ({"address": "127.0.0.2"}, "root", "not valid for '127.0.0.1'"),
        ({"address": HERE, **EXPIRED}, "root", "certificate has expired: CN=csms, on 2026-01-13"),
        ({"address": HERE, **TO_COME}, "root", "not yet valid: CN=csms, from 2026-01-16"),
    ],
)
async def test_a_client_refuses_and_says_why(  # type: ignore[no-untyped-def]
    clock: Clock, root: Authority, stranger: Authority, issue, trusted: str, words: str
) -> None:
    files = root.issue("csms", **issue)
    ca = {"root": root, "stranger": stranger}[trusted].file
    async with serving(clock, server_context(files, clock)) as url:
        with pytest.raises(ConnectFailed, match=f"TLS: .*({words})"):
            await ask(clock, url, Tls(ca=ca))


async def test_this_machines_cas_do_not_know_ours(clock: Clock, root: Authority) -> None:
    async with serving(clock, server_context(root.issue("csms", address=HERE), clock)) as url:
        with pytest.raises(ConnectFailed, match="TLS: "):
            await ask(clock, url)


async def test_a_plain_server_is_no_tls_server(clock: Clock, root: Authority) -> None:
    async with serving(clock, None) as url:
        with pytest.raises(ConnectFailed, match="does not speak TLS"):
            await ask(clock, url, Tls(ca=root.file))


@pytest.mark.parametrize("whose", ["root", "stranger", "expired", "none"])
async def test_a_server_looks_at_client_certificates(
    clock: Clock, root: Authority, stranger: Authority, whose: str
) -> None:
    identity = {
        "root": root.issue("CP1"),
        "stranger": stranger.issue("CP1"),
        "expired": root.issue("CP2", **EXPIRED),
        "none": None,
    }[whose]
    told: list[str] = []
    files = root.issue("csms", address=HERE)
    server = server_context(files, clock, client_ca=root.file, refused=told.append)
    client = Tls(identity, root.file)
    async with serving(clock, server) as url:
        if whose in ("root", "none"):
            assert (await ask(clock, url, client)).status == 200
            assert told == []
        else:
            with pytest.raises(ConnectFailed, match="another client certificate"):
                await ask(clock, url, client)
            words = {"stranger": "issuer", "expired": "certificate has expired: CN=CP2"}[whose]
            assert words in told[0]


async def test_the_worlds_clock_decides_about_dates(root: Authority) -> None:
    """A certificate that this machine's clock finds long expired is good in its own time."""
    clock = Clock("virtual")
    files = root.issue("csms", address=HERE, ends=clock.now() + timedelta(hours=1))
    async with serving(clock, server_context(files, clock)) as url:
        trusting = Tls(ca=root.file)
        assert (await ask(clock, url, trusting)).status == 200
        await clock.sleep(3601)
        with pytest.raises(ConnectFailed, match="certificate has expired"):
            await ask(clock, url, trusting)


# Files


def test_files_that_are_none_are_named(clock: Clock, root: Authority, tmp_path: Path) -> None:
    good = root.issue("csms", address=HERE)
    other = root.issue("other", address=HERE)
    nothing, junk = tmp_path / "nothing.pem", tmp_path / "junk.pem"
    junk.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    for files, words in (
        (TlsFiles(nothing, good.key), f"cannot read the certificate {nothing}: No such file"),
        (TlsFiles(good.certificate, nothing), f"cannot read the key {nothing}"),
        (TlsFiles(good.certificate, tmp_path), f"cannot read the key {tmp_path}: Is a directory"),
        (TlsFiles(junk, good.key), f"{junk} and .*: no certificate and key"),
        (TlsFiles(good.certificate, other.key), "no certificate and key that belong together"),
    ):
        with pytest.raises(TlsError, match=words):
            server_context(files, clock)
    for ca in (nothing, junk):
        with pytest.raises(TlsError, match=str(ca)):
            client_context(clock, ca=ca)


def test_a_key_with_a_passphrase_asks_nobody(clock: Clock, root: Authority) -> None:
    from cryptography.hazmat.primitives import serialization as pem

    files = root.issue("csms", address=HERE)
    key = pem.load_pem_private_key(files.key.read_bytes(), None)
    locked = pem.BestAvailableEncryption(b"secret")
    files.key.write_bytes(key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, locked))
    with pytest.raises(TlsError, match="without a passphrase"):
        server_context(files, clock)


def test_words_for_what_openssl_says() -> None:
    error = ssl.SSLError(1, "x")
    error.reason = "TLSV1_ALERT_UNKNOWN_CA"
    assert in_words(error) == "the other side does not trust the CA of our certificate"
    error.reason = "SOMETHING_NEW"
    assert in_words(error) == "something new"
    assert in_words(OSError("broken")) == "broken"


# OCPP: security profiles 2 and 3


async def heartbeat(_call: Call) -> Reply:
    return Reply({"currentTime": "2026-01-15T07:00:00Z"})


@contextlib.asynccontextmanager
async def csms(
    clock: Clock, journal: Journal, context: ssl.SSLContext
) -> AsyncIterator[tuple[OcppServer, list[Knock]]]:
    knocks: list[Knock] = []

    def accept(knock: Knock) -> Admission:
        knocks.append(knock)
        fits = knock.certificate_name in (None, knock.station_id)
        return Admission.ADMITTED if fits else Admission.UNAUTHORIZED

    server = OcppServer(
        clock=clock,
        chance=Chance(1),
        journal=journal,
        actor="cpo",
        accept=accept,
        on_link=lambda _link: heartbeat,
        ssl=context,
    )
    await server.start()
    try:
        yield server, knocks
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def station(
    clock: Clock, journal: Journal, url: str, context: ssl.SSLContext
) -> AsyncIterator[tuple[OcppClient, asyncio.Event]]:
    up = asyncio.Event()

    async def on_up(_link: Link) -> None:
        up.set()

    client = OcppClient(
        url=url,
        station_id="CP1",
        version=OcppVersion.V201,
        clock=clock,
        chance=Chance(2),
        journal=journal,
        handler=heartbeat,
        on_up=on_up,
        on_down=lambda _reason: None,
        basic_password="0123456789abcdef",
        ssl=context,
    )
    await client.start()
    try:
        yield client, up
    finally:
        await client.stop()


async def test_profile_2_is_a_password_over_tls(
    clock: Clock, journal: Journal, root: Authority
) -> None:
    files = root.issue("csms", address=HERE)
    async with (
        csms(clock, journal, server_context(files, clock)) as (server, knocks),
        station(clock, journal, server.url, client_context(clock, ca=root.file)) as (client, up),
    ):
        assert server.url.startswith("wss://")
        assert await clock.wait_event(up, 5)
        assert client.link is not None
        assert knocks == [Knock("CP1", "0123456789abcdef", None, tls=True)]


@pytest.mark.parametrize("name", ["CP1", "CP2"])
async def test_profile_3_is_known_by_its_certificate(
    clock: Clock, journal: Journal, root: Authority, name: str
) -> None:
    context = server_context(root.issue("csms", address=HERE), clock, client_ca=root.file)
    mine = client_context(clock, ca=root.file, identity=root.issue(name))
    async with (
        csms(clock, journal, context) as (server, knocks),
        station(clock, journal, server.url, mine) as (_, up),
    ):
        assert await clock.wait_event(up, 5) is (name == "CP1")
        assert knocks[0].certificate_name == name
    if name == "CP2":
        failed = [r for r in journal.records if r.get("what") == "ocpp.connect_failed"]
        assert "401" in failed[0]["data"]["error"]


async def test_both_sides_say_why_a_station_cannot_connect(
    clock: Clock, journal: Journal, root: Authority, stranger: Authority
) -> None:
    told: list[str] = []
    files = root.issue("csms", address=HERE)
    context = server_context(files, clock, client_ca=root.file, refused=told.append)
    for mine, words in (
        (client_context(clock, ca=stranger.file), "TLS: "),
        (
            client_context(clock, ca=root.file, identity=stranger.issue("CP1")),
            "another client cert",
        ),
    ):
        seen = journal.seq
        async with (
            csms(clock, journal, context) as (server, _),
            station(clock, journal, server.url, mine) as (_, up),
        ):
            assert not await clock.wait_event(up, 2)
        failed = [
            r for r in journal.records if r["seq"] > seen and r.get("what") == "ocpp.connect_failed"
        ]
        assert words in failed[0]["data"]["error"]
    assert told  # the alert of the first, the refusal of the second


async def test_a_new_certificate_serves_the_next_connection(
    clock: Clock, journal: Journal, root: Authority
) -> None:
    """Renewal while running (A02): the station closes and comes back with the new one."""
    context = server_context(root.issue("csms", address=HERE), clock, client_ca=root.file)
    old = client_context(clock, ca=root.file, identity=root.issue("CP1"))
    async with (
        csms(clock, journal, context) as (server, knocks),
        station(clock, journal, server.url, old) as (client, up),
    ):
        assert await clock.wait_event(up, 5)
        up.clear()
        client.ssl = client_context(clock, ca=root.file, identity=root.issue("CP1"))
        await client.drop()
        assert await clock.wait_event(up, 60)
        assert [knock.certificate_name for knock in knocks] == ["CP1", "CP1"]


async def test_a_context_is_told_alike_in_every_run(clock: Clock) -> None:
    """aiohttp's words for a server that is not there hold it, and stand in the journal."""
    one, other = client_context(clock), client_context(clock)
    assert repr(one) == repr(other)
