"""OCSP over real sockets: with openssl as the client, and with our own."""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.pki.certificates import hash_data, pem, pem_chain, serial_hex
from simulator.pki.keys import PkiError
from simulator.pki.ocsp import OcspStatus, OcspVerdict, request
from simulator.pki.ocsp_http import OcspClient, OcspFailure, OcspResponder
from simulator.pki.spec import PROFILES
from simulator.pki.store import Pki
from simulator.wire.http import Response
from simulator.wire.http_aio import HttpClient, HttpServer

EMAID = "DE8PSC12345678"
openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")


def make(now: datetime, profile: str = "iso15118-2") -> Pki:
    pki = Pki.create(Chance(1), now, profile=profile, ocsp_url="http://127.0.0.1:8085/ocsp")
    pki.issue_contract(EMAID, now, Chance(2))
    return pki


@pytest.fixture
def pki(clock: Clock) -> Pki:
    return make(clock.now())


@pytest.fixture
async def responder(pki: Pki, clock: Clock, journal: Journal) -> AsyncIterator[OcspResponder]:
    it = OcspResponder(pki, clock=clock, journal=journal)
    await it.start()
    yield it
    await it.stop()


@pytest.fixture
async def http(clock: Clock) -> AsyncIterator[HttpClient]:
    it = HttpClient(clock)
    yield it
    await it.close()


@pytest.fixture
def client(http: HttpClient, clock: Clock) -> OcspClient:
    return OcspClient(http, clock)


def data_of(pki: Pki, name: str = EMAID, issuer: str = "MO_SUB2") -> dict[str, str]:
    return hash_data(pki.certificate(name), pki.certificate(issuer))


async def ask(client: OcspClient, pki: Pki, url: str, **said: Any) -> OcspVerdict:
    issuer = pki.certificate("MO_SUB2")
    return await client.ask(data_of(pki), url, issuer, pki.roots("MO"), **said)


# openssl asks


async def run_openssl(*arguments: str | Path) -> str:
    """What `openssl` says; it runs while our loop serves it."""
    process = await asyncio.create_subprocess_exec(
        "openssl", *map(str, arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    told, _ = await process.communicate()
    return told.decode()


def lay_out(pki: Pki, folder: Path) -> dict[str, Path]:
    """The files that openssl wants: the leaf, its issuer, the root."""
    texts = {
        "leaf": pem(pki.certificate(EMAID)),
        "issuer": pem(pki.certificate("MO_SUB2")),
        "root": pem_chain(pki.roots("MO")),
        "subs": pem_chain(pki.chain("MO_SUB2")),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    return {name: folder / name for name in texts}


@openssl
@pytest.mark.real
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("digest", ["-sha1", "-sha256"])
async def test_openssl_accepts_good_revoked_and_unknown_by_post(
    profile: str, digest: str, tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    pki = make(clock.now(), profile)
    files = lay_out(pki, tmp_path)
    responder = OcspResponder(pki, clock=clock, journal=journal)
    await responder.start()

    async def told(*which: str | Path) -> str:
        return await run_openssl(
            "ocsp", digest, "-url", responder.url, "-issuer", files["issuer"], *which,
            "-CAfile", files["root"],
        )  # fmt: skip

    try:
        good = await told("-cert", files["leaf"])
        assert "Response verify OK" in good
        assert f"{files['leaf']}: good" in good
        unknown = await told("-serial", "0x1234")
        assert "Response verify OK" in unknown
        assert "0x1234: unknown" in unknown
        pki.revoke(EMAID, clock.now(), "keyCompromise")
        revoked = await told("-cert", files["leaf"])
        assert "Response verify OK" in revoked
        assert f"{files['leaf']}: revoked" in revoked
        assert "Reason: keyCompromise" in revoked
    finally:
        await responder.stop()


@openssl
@pytest.mark.real
async def test_openssl_accepts_the_answer_to_its_own_request_by_get(
    pki: Pki, responder: OcspResponder, http: HttpClient, tmp_path: Path
) -> None:
    """openssl cannot send a GET itself: it writes the request, and reads what came."""
    files = lay_out(pki, tmp_path)
    asked, answered = tmp_path / "request.der", tmp_path / "response.der"
    about = ("-issuer", files["issuer"], "-cert", files["leaf"])
    await run_openssl("ocsp", *about, "-reqout", asked)
    text = base64.b64encode(asked.read_bytes()).decode()
    for form in (quote(text, safe=""), quote(text, safe="/")):
        response = await http.send("GET", f"{responder.url}/{form}")
        assert response.headers["Content-Type"] == "application/ocsp-response"
        answered.write_bytes(response.body)
        told = await run_openssl(
            "ocsp", "-respin", answered, "-reqin", asked, "-CAfile", files["root"], "-text"
        )
        assert "Response verify OK" in told
        assert "Cert Status: good" in told
        assert "WARNING" not in told  # its nonce came back


@openssl
@pytest.mark.real
@pytest.mark.parametrize(
    ("switch", "says"),
    [
        ("stale", "status times invalid"),
        ("garbage", "Error querying OCSP responder"),
        ("try_later", "trylater"),
        ("unauthorized", "unauthorized"),
        ("down", "Error querying OCSP responder"),
    ],
)
async def test_openssl_refuses_what_the_switch_makes(
    pki: Pki, responder: OcspResponder, tmp_path: Path, switch: str, says: str
) -> None:
    files = lay_out(pki, tmp_path)
    responder.turn(switch)
    told = await run_openssl(
        "ocsp", "-url", responder.url, "-issuer", files["issuer"], "-cert", files["leaf"],
        "-CAfile", files["root"],
    )  # fmt: skip
    assert says.lower() in told.lower()


@openssl
@pytest.mark.real
async def test_openssl_refuses_the_answers_of_another_pki(
    responder: OcspResponder, pki: Pki, tmp_path: Path, clock: Clock
) -> None:
    """What `Response verify OK` above is worth."""
    files = lay_out(pki, tmp_path)
    other = Pki.create(Chance(7), clock.now())
    files["root"].write_text(pem_chain(other.roots("MO")))
    told = await run_openssl(
        "ocsp", "-url", responder.url, "-issuer", files["issuer"], "-cert", files["leaf"],
        "-CAfile", files["root"],
    )  # fmt: skip
    assert "Response Verify Failure" in told


# The responder


async def test_what_is_not_ocsp_is_told_by_http(responder: OcspResponder, http: HttpClient) -> None:
    assert (await http.send("GET", f"{responder.base_url}/elsewhere")).status == 404
    put = await http.send("PUT", responder.url, body=b"x")
    assert (put.status, put.headers["Allow"]) == (405, "GET, POST")
    for path in ("", "/", "/%%%", "/AAAA"):
        response = await http.send("GET", responder.url + path)
        answer = ocsp.load_der_ocsp_response(response.body)
        assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_the_journal_tells_what_was_answered(
    responder: OcspResponder, client: OcspClient, pki: Pki, journal: Journal
) -> None:
    await ask(client, pki, responder.url)
    (record,) = (r for r in journal.records if r.get("what") == "ocsp.answered")
    serial = serial_hex(pki.certificate(EMAID))
    assert record["data"] == {"serial": serial, "says": "good", "switch": "ok"}


async def test_a_wrong_switch_is_a_mistake(responder: OcspResponder) -> None:
    with pytest.raises(Mistake, match="Did you mean 'stale'"):
        responder.turn("stail")
    assert str(responder.switch) == "ok"


# The client


async def test_it_remembers_until_next_update_on_the_worlds_clock(
    responder: OcspResponder, client: OcspClient, pki: Pki, clock: Clock
) -> None:
    first = await ask(client, pki, responder.url)
    assert (first.status, first.cached) == (OcspStatus.GOOD, False)
    assert first.next_update == clock.now() + timedelta(minutes=10)
    pki.revoke(EMAID, clock.now(), "keyCompromise")
    await clock.sleep(599)
    again = await ask(client, pki, responder.url)
    assert (again.status, again.cached) == (OcspStatus.GOOD, True)
    await clock.sleep(1)
    last = await ask(client, pki, responder.url)
    assert (last.status, last.cached) == (OcspStatus.REVOKED, False)
    responder.turn("down")
    assert (await ask(client, pki, responder.url)).cached
    client.forget()
    assert (await ask(client, pki, responder.url)).status is OcspStatus.UNUSABLE


async def test_what_it_remembers_is_judged_anew(
    responder: OcspResponder, client: OcspClient, pki: Pki, clock: Clock
) -> None:
    """A good answer in memory is worth nothing to who trusts other roots."""
    data, other = data_of(pki), Pki.create(Chance(7), clock.now())
    good = await client.ask(data, responder.url, None, pki.roots("MO"))
    assert good.status is OcspStatus.GOOD
    bad = await client.ask(data, responder.url, None, other.roots("MO"))
    assert (bad.status, bad.cached) == (OcspStatus.UNUSABLE, False)


async def test_unknown_is_asked_again(
    responder: OcspResponder, client: OcspClient, pki: Pki
) -> None:
    data = {**data_of(pki), "serialNumber": "1234"}
    for _ in range(2):
        verdict = await client.ask(data, responder.url, None, pki.roots("MO"))
        assert (verdict.status, verdict.cached) == (OcspStatus.UNKNOWN, False)


async def test_an_answer_without_next_update_is_used_once(
    http: HttpClient, pki: Pki, clock: Clock
) -> None:
    """RFC 6960 2.4: newer information is always there, so nothing is to be remembered."""
    leaf, signer = pki.certificate(EMAID), "OCSP_MO_SUB2"
    builder = ocsp.OCSPResponseBuilder().add_response(
        leaf, pki.certificate("MO_SUB2"), hashes.SHA256(), ocsp.OCSPCertStatus.GOOD,
        clock.now(), None, None, None,
    )  # fmt: skip
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, pki.certificate(signer))
    builder = builder.certificates([pki.certificate(signer)])
    der = builder.sign(pki.key(signer), hashes.SHA256()).public_bytes(Encoding.DER)

    async def tell(_request: Any) -> Response:
        return Response(200, body=der)

    server, client = await HttpServer(tell, clock).start(), OcspClient(http, clock)
    try:
        for _ in range(2):
            verdict = await ask(client, pki, server.base_url)
            assert (verdict.status, verdict.cached) == (OcspStatus.GOOD, False)
    finally:
        await server.stop()


@pytest.mark.parametrize(
    ("switch", "detail"),
    [
        ("down", "OCSP: POST http://127.0.0.1"),
        ("slow:6", "no answer within 5 s"),
        ("garbage", "cannot be read"),
        ("stale", "stale"),
        ("try_later", "try_later"),
        ("unauthorized", "unauthorized"),
    ],
)
async def test_what_the_switch_makes_is_unusable_and_not_remembered(
    responder: OcspResponder, client: OcspClient, pki: Pki, switch: str, detail: str
) -> None:
    responder.turn(switch)
    verdict = await ask(client, pki, responder.url)
    assert verdict.status is OcspStatus.UNUSABLE
    assert detail in verdict.detail
    responder.turn("ok")
    assert (await ask(client, pki, responder.url)).status is OcspStatus.GOOD


async def test_slow_takes_its_time_on_the_worlds_clock(
    responder: OcspResponder, client: OcspClient, pki: Pki, clock: Clock
) -> None:
    responder.turn("slow:4")
    began_s = clock.monotonic()
    assert (await ask(client, pki, responder.url)).status is OcspStatus.GOOD
    assert clock.monotonic() - began_s == pytest.approx(4, abs=0.01)


async def test_with_nonces_no_old_answer_is_taken(
    responder: OcspResponder, http: HttpClient, pki: Pki, clock: Clock
) -> None:
    client = OcspClient(http, clock, nonces=Chance(3))
    assert (await ask(client, pki, responder.url)).status is OcspStatus.GOOD
    old = await client.fetch(data_of(pki), responder.url)

    async def replay(_request: Any) -> Response:
        return Response(200, body=old)

    server = await HttpServer(replay, clock).start()
    try:
        client.forget()
        verdict = await ask(client, pki, server.base_url)
    finally:
        await server.stop()
    assert verdict.status is OcspStatus.UNUSABLE
    assert "the nonce did not come back" in verdict.detail


async def test_an_answer_of_http_is_no_answer(client: OcspClient, pki: Pki, clock: Clock) -> None:
    async def fail(_request: Any) -> Response:
        return Response(503)

    server = await HttpServer(fail, clock).start()
    try:
        verdict = await ask(client, pki, server.base_url)
        with pytest.raises(OcspFailure, match="HTTP 503"):
            await client.fetch(data_of(pki), server.base_url)
    finally:
        await server.stop()
    assert "HTTP 503" in verdict.detail


@pytest.mark.parametrize(
    "url", ["", "ldap://127.0.0.1/x", "http://", "http://[", "127.0.0.1", "http://127.0.0.1:99999/"]
)
async def test_an_address_that_is_none_is_unusable(client: OcspClient, pki: Pki, url: str) -> None:
    assert (await ask(client, pki, url)).status is OcspStatus.UNUSABLE


async def test_hash_data_that_name_nothing_are_unusable(client: OcspClient, pki: Pki) -> None:
    verdict = await client.ask({}, "http://127.0.0.1:1/", None, pki.roots("MO"))
    assert verdict.status is OcspStatus.UNUSABLE
    with pytest.raises(PkiError, match="hash data"):
        await client.fetch({}, "http://127.0.0.1:1/")


async def test_an_answer_is_handed_on_as_it_came(
    responder: OcspResponder, client: OcspClient, pki: Pki
) -> None:
    """For GetCertificateStatus: the station judges it."""
    der = await client.fetch(data_of(pki), responder.url)
    assert ocsp.load_der_ocsp_response(der).certificate_status is ocsp.OCSPCertStatus.GOOD
    assert request(data_of(pki))
    responder.turn("try_later")
    der = await client.fetch(data_of(pki), responder.url)
    assert ocsp.load_der_ocsp_response(der).response_status is ocsp.OCSPResponseStatus.TRY_LATER


async def test_the_same_world_gets_the_same_bytes(
    responder: OcspResponder, client: OcspClient, pki: Pki, clock: Clock
) -> None:
    first = await client.fetch(data_of(pki), responder.url)
    assert clock.now() == datetime(2026, 1, 15, 7, tzinfo=UTC)
    assert await client.fetch(data_of(pki), responder.url) == first
