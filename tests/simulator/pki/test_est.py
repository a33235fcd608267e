"""EST on the wire: read by openssl, and by the book."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.pki.certificates import common_name, pem_chain
from simulator.pki.csr import make_csr
from simulator.pki.est import ISSUES, EstServer, request_pem
from simulator.pki.keys import P256, PkiError, draw_key
from simulator.pki.path import Purpose, validate
from simulator.pki.store import Pki
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import HttpClient

SECC = "DE*RLB*E12345"
KEY = draw_key(Chance(4), P256)
CSR = make_csr(KEY, SECC, "Roam Lab", "DE")
BODY = "".join(CSR.splitlines()[1:-1]).encode()


class Place:
    """An EST server that listens."""

    def __init__(self, clock: Clock, journal: Journal, profile: str = "iso15118-2") -> None:
        self.clock, self.journal = clock, journal
        self.pki = Pki.create(Chance(1), clock.now(), profile=profile)
        self.est = EstServer(self.pki, clock=clock, chance=Chance(3), journal=journal)
        self.http = HttpClient(clock)

    async def get(self, path: str) -> Response:
        return await self.http.send("GET", self.est.url + path)

    async def post(self, path: str, body: bytes = BODY) -> Response:
        headers = {"Content-Type": "application/pkcs10"}
        return await self.http.send("POST", self.est.url + path, headers=headers, body=body)


@pytest.fixture
async def place(clock: Clock, journal: Journal) -> AsyncIterator[Place]:
    it = Place(clock, journal)
    await it.est.start()
    yield it
    await it.http.close()
    await it.est.stop()


def certificates(response: Response) -> list[x509.Certificate]:
    assert response.status == 200, response.body
    assert response.headers["Content-Type"] == "application/pkcs7-mime; smime-type=certs-only"
    return pkcs7.load_der_pkcs7_certificates(base64.b64decode(response.body))


async def test_a_request_gets_its_certificate_and_nothing_else(place: Place) -> None:
    (leaf,) = certificates(await place.post("/cpo/simpleenroll"))
    assert (common_name(leaf), leaf.public_key()) == (SECC, KEY.public_key())
    chain = [leaf, *place.pki.chain("CPO_SUB2")]
    verdict = validate(chain, place.pki.roots("V2G"), place.clock.now(), purpose=Purpose.SECC)
    assert verdict.ok, verdict
    (told,) = (r["data"] for r in place.journal.records if r.get("what") == "est.issued")
    assert (told["kind"], told["common_name"]) == ("SECC", SECC)


@pytest.mark.parametrize(
    "path",
    ["/simpleenroll", "/cpo/simpleenroll", "/cpo/simpleenroll/", "/cpo/simpleenroll/ISO15118-2"],
)
async def test_each_form_of_the_path_is_known(place: Place, path: str) -> None:
    (leaf,) = certificates(await place.post(path))
    assert leaf.issuer == place.pki.certificate("CPO_SUB2").subject


@pytest.mark.parametrize("label", ISSUES)
async def test_each_label_has_its_authorities_with_the_root(place: Place, label: str) -> None:
    (leaf,) = certificates(await place.post(f"/{label}/simpleenroll"))
    told = certificates(await place.get(f"/{label}/cacerts"))
    path = [leaf]
    while (above := next((c for c in told if c.subject == path[-1].issuer), None)) not in path:
        assert above is not None
        path.append(above)
    assert path[-1].subject == path[-1].issuer, "the root is among them"
    assert set(path[1:]) == set(told)


async def test_the_authorities_are_told_in_opcps_path_too(place: Place) -> None:
    plain = certificates(await place.get("/cpo/cacerts"))
    assert plain == certificates(await place.get("/cpo/cacerts/ISO15118-2/secp256r1/"))
    assert plain == certificates(await place.get("/cacerts"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")
@pytest.mark.parametrize("profile", ["iso15118-2", "iso15118-20", "iso15118-20-ed448"])
async def test_openssl_reads_and_believes_it(
    profile: str, clock: Clock, journal: Journal, tmp_path: Path
) -> None:
    place = Place(clock, journal, profile)
    await place.est.start()
    try:
        enrolled = await place.post("/cpo/simpleenroll")
        told = await place.get("/cpo/cacerts")
    finally:
        await place.http.close()
        await place.est.stop()
    leaf, authorities = openssl_pkcs7(enrolled, tmp_path), openssl_pkcs7(told, tmp_path)
    assert (leaf.count("BEGIN CERT"), authorities.count("BEGIN CERT")) == (1, 3)
    (tmp_path / "leaf").write_text(leaf)
    (tmp_path / "cas").write_text(authorities)
    (tmp_path / "root").write_text(pem_chain(place.pki.roots("V2G")))
    at = str(int(clock.now().timestamp()))
    files = ("-CAfile", "root", "-untrusted", "cas", "leaf")
    assert openssl(tmp_path, "verify", "-attime", at, *files) == b"leaf: OK\n"


def openssl(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """What `openssl` writes; all is here by now, so that nobody waits for us meanwhile."""
    return subprocess.run(
        ["openssl", *arguments], cwd=folder, input=given, capture_output=True, check=True
    ).stdout


def openssl_pkcs7(response: Response, folder: Path) -> str:
    """The certificates as `openssl base64 | openssl pkcs7` sees them, from the body as it came."""
    (folder / "body").write_bytes(response.body)
    der = openssl(folder, "base64", "-d", "-in", "body")
    return openssl(folder, "pkcs7", "-inform", "DER", "-print_certs", given=der).decode()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")
async def test_a_request_of_openssl_is_certified(place: Place, tmp_path: Path) -> None:
    der = openssl(
        tmp_path, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-keyout", "key", "-subj", f"/CN={SECC}/O=Theirs", "-outform", "DER",
    )  # fmt: skip
    (leaf,) = certificates(await place.post("/cpo/simpleenroll", base64.encodebytes(der)))
    assert common_name(leaf) == SECC


def test_a_request_may_come_in_any_dress() -> None:
    der = x509.load_pem_x509_csr(CSR.encode()).public_bytes(Encoding.DER)
    plain = base64.b64encode(der)
    lines = plain[:60] + b"\r\n" + plain[60:] + b"\r\n"
    forms = {request_pem(form) for form in (plain, lines, base64.encodebytes(der), der)}
    assert len(forms) == 1
    for form in (*forms, request_pem(CSR.encode())):
        assert x509.load_pem_x509_csr(form.encode()) == x509.load_pem_x509_csr(CSR.encode())
    with pytest.raises(PkiError, match="not base64"):
        request_pem(b"A*")


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/veh/simpleenroll", 404, "no such CA here: 'veh'"),
        ("/statoin/simpleenroll", 404, "Did you mean 'station'?"),
        ("/cpo/serverkeygen", 404, "cacerts and simpleenroll are"),
        ("/cpo", 404, "cacerts and simpleenroll are"),
        ("/cpo/simpleenroll/ISO15118-20", 404, "issues for ISO15118-2"),
        ("/cpo/cacerts", 405, "another method"),
    ],
)
async def test_what_is_not_offered_is_told(place: Place, path: str, status: int, says: str) -> None:
    response = await place.post(path)
    assert response.status == status
    assert says in response.body.decode()


@pytest.mark.parametrize("body", [b"", b"AAAA", b"?", b"\x30\x00", CSR.encode()[:200]])
async def test_what_is_no_request_is_a_400_in_words(place: Place, body: bytes) -> None:
    response = await place.post("/cpo/simpleenroll", body)
    assert response.status == 400
    assert response.headers["Content-Type"].startswith("text/plain")
    assert b"signing request" in response.body


async def test_a_request_that_was_tampered_with_is_refused(place: Place) -> None:
    der = bytearray(base64.b64decode(BODY))
    der[der.index(b"RLB")] = ord("X")
    response = await place.post("/cpo/simpleenroll", base64.b64encode(bytes(der)))
    assert (response.status, response.body) == (
        400, b"signing request: its signature is not by its own key\n",
    )  # fmt: skip


async def test_the_switch_makes_it_fail(place: Place) -> None:
    place.est.turn("refuse")
    assert (await place.post("/cpo/simpleenroll")).status == 400
    place.est.turn("wrong")
    (leaf,) = certificates(await place.post("/cpo/simpleenroll"))
    assert leaf.public_key() != KEY.public_key()
    place.est.turn("garbage")
    with pytest.raises(ValueError, match=r"."):
        certificates(await place.post("/cpo/simpleenroll"))


@given(st.binary(max_size=120), st.text(max_size=20))
def test_whatever_is_asked_gets_an_answer(noise: bytes, text: str) -> None:
    clock = Clock("virtual")
    est = EstServer(_PKI, clock=clock, chance=Chance(1), journal=Journal(clock))

    async def ask() -> list[int]:
        enrolled = await est.handle(
            Request("POST", "/.well-known/est/cpo/simpleenroll", body=noise)
        )
        lost = await est.handle(Request("GET", f"/.well-known/est/{text}/x"))
        return [enrolled.status, lost.status]

    assert run(ask(), clock) == [400, 404]


_PKI = Pki.create(Chance(1), Clock("virtual").now())
