"""A CPO's calls: against the mock pool and EST, and against answers that are none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit
from simulator.pki import pool_client
from simulator.pki.certificates import common_name
from simulator.pki.csr import make_csr
from simulator.pki.installation import (
    SCHEMA_V2,
    exi_text,
    installation_request,
    open_sealed,
    read_exi_text,
)
from simulator.pki.keys import P256, PkiError, draw_key
from simulator.pki.path import Purpose, validate
from simulator.pki.pool_client import NoContract, Unreachable, WrongAnswer, chain_of
from simulator.pki.server import PkiServer
from simulator.pki.store import Pki
from simulator.wire.http import Headers, Response
from simulator.wire.http_aio import HttpClient, HttpServer

PCID, EMAID = "WRLAB0000000000017", "DE8PSC12345678"
KEY = draw_key(Chance(4), P256)
CSR = make_csr(KEY, "DE*RLB*E1")


class Place:
    """All services of a PKI, a car, and a client."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock = clock
        self.pki = Pki.create(Chance(1), clock.now())
        self.car = self.pki.issue("PROVISIONING", PCID, clock.now(), Chance(2))
        self.server = PkiServer(
            self.pki, clock=clock, chance=Chance(3), journal=journal, contracts={PCID: EMAID}
        )
        self.http = HttpClient(clock)

    async def data(self, **said: Any) -> str:
        exi = exi_text(installation_request(self.car.chain, self.car.key))
        url = said.pop("pool_url", self.server.urls["pool_url"])
        return await pool_client.signed_contract_data(self.http, url, exi, SCHEMA_V2, **said)

    async def enroll(self, url: str | None = None, **said: Any) -> Any:
        est_url = url or self.server.urls["est_url"]
        return await pool_client.enroll(self.http, est_url, "cpo", CSR, **said)


@pytest.fixture
async def place(clock: Clock, journal: Journal) -> AsyncIterator[Place]:
    it = Place(clock, journal)
    await it.server.start()
    yield it
    await it.http.close()
    await it.server.stop()


@pytest.mark.parametrize("dialect", ["opcp", "opnc"])
async def test_the_contract_is_the_cars(place: Place, dialect: Any) -> None:
    exi = await place.data(dialect=dialect)
    roots = place.pki.roots("V2G")
    held = open_sealed(read_exi_text(exi), place.car.key, roots, place.clock.now())
    assert held.emaid == EMAID


@pytest.mark.parametrize(("dialect", "has_response"), [("opcp", True), ("opnc", False)])
async def test_no_contract_is_an_error_of_its_own(
    place: Place, dialect: Any, has_response: bool
) -> None:
    place.server.pool.turn("no_contract")
    with pytest.raises(NoContract, match="the pool has no contract for this car") as caught:
        await place.data(dialect=dialect)
    assert (caught.value.exi_response is not None) is has_response


@pytest.mark.parametrize(
    ("switch", "error", "why"),
    [
        ("down", Unreachable, "POST http://127.0.0.1"),
        ("slow:6", Unreachable, "no answer within 5 s"),
        ("garbage", WrongAnswer, "holds no certificateInstallationRes"),
    ],
)
async def test_a_pool_that_fails_is_told(
    place: Place, switch: str, error: type[Exception], why: str
) -> None:
    place.server.pool.turn(switch)
    with pytest.raises(error, match=why):
        await place.data()


async def test_how_long_nothing_came_is_the_exit_code(place: Place) -> None:
    place.server.pool.turn("slow:6")
    with pytest.raises(Unreachable) as caught:
        await place.data(timeout_s=1)
    assert caught.value.exit_code == Exit.TIMEOUT


async def test_what_the_pool_says_of_a_wrong_request_is_told(place: Place) -> None:
    with pytest.raises(WrongAnswer, match="HTTP 400: not one of roamlab's bodies"):
        await pool_client.signed_contract_data(
            place.http, place.server.base_url, "gJgAQA==", SCHEMA_V2
        )


@pytest.mark.parametrize("dialect", ["opcp", "opnc"])
@pytest.mark.parametrize(("kind", "expected"), [("mo", "MO"), ("v2g", "V2G"), ("oem", "OEM")])
async def test_the_roots_come(place: Place, dialect: Any, kind: str, expected: Any) -> None:
    found = await pool_client.root_certificates(
        place.http, place.server.base_url, kind, dialect=dialect
    )
    assert found == place.pki.roots(expected)


async def test_a_kind_of_root_that_is_none_is_told(place: Place) -> None:
    with pytest.raises(WrongAnswer, match="HTTP 400: root type 'xyz'"):
        await pool_client.root_certificates(place.http, place.server.base_url, "xyz")


async def test_an_enrolled_certificate_comes_with_its_authorities(place: Place) -> None:
    chain = await place.enroll()
    assert [common_name(c) for c in chain] == ["DE*RLB*E1", "CPO Sub-CA 2", "CPO Sub-CA 1"]
    assert chain[0].public_key() == KEY.public_key()
    roots, now = place.pki.roots("V2G"), place.clock.now()
    assert validate(chain, roots, now, purpose=Purpose.SECC).ok


async def test_a_stations_tls_certificate_too(place: Place) -> None:
    chain = await pool_client.enroll(place.http, place.server.urls["est_url"], "station", CSR)
    assert [common_name(c) for c in chain] == ["DE*RLB*E1"]


@pytest.mark.parametrize(
    ("switch", "error", "why"),
    [
        ("down", Unreachable, "simpleenroll"),
        ("slow:60", Unreachable, "no answer within 30 s"),
        ("refuse", WrongAnswer, "HTTP 400: this request is refused"),
        ("wrong", WrongAnswer, "for another key"),
        ("garbage", WrongAnswer, "no PKCS#7 with certificates"),
    ],
)
async def test_an_est_that_fails_is_told(
    place: Place, switch: str, error: type[Exception], why: str
) -> None:
    place.server.est.turn(switch)
    with pytest.raises(error, match=why):
        await place.enroll()


async def test_a_request_that_is_none_is_never_sent(place: Place) -> None:
    with pytest.raises(PkiError, match="signing request"):
        await pool_client.enroll(place.http, "http://127.0.0.1:1", "cpo", "no PEM")


async def test_authorities_that_do_not_fit_are_told(place: Place) -> None:
    leaf, sub2, sub1 = await place.enroll()
    with pytest.raises(WrongAnswer, match="issued 'DE\\*RLB\\*E1'"):
        chain_of(leaf, place.pki.chain("MO_SUB2"))
    with pytest.raises(WrongAnswer, match="issued 'CPO Sub-CA 1'"):
        chain_of(leaf, [sub1, sub2])


# Answers that others gave


ANSWERS: list[Any] = [
    b"", b"[]", b"null", b"\xff", b"{}",
    {"CCPResponse": None}, {"CCPResponse": {"emaidContent": []}},
    {"CCPResponse": {"emaidContent": [{"messageDef": {"certificateInstallationRes": 1}}]}},
    {"signedContractDataCollection": {}}, {"signedContractDataCollection": ["x"]},
    {"RootCertificateCollection": {"rootCertificates": [{"caCertificate": "AAAA"}]}},
    {"rootCertificateCollection": [{"caCertificate": "?"}]}, {"rootCertificateCollection": "x"},
    {"rootCertificateCollection": [{}]}, {"errorMessages": [1]},
]  # fmt: skip


@pytest.mark.parametrize("status", [200, 202, 302, 404, 500])
@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
async def test_whatever_is_answered_is_told_by_name(
    place: Place, clock: Clock, status: int, answer: Any
) -> None:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    async def serve(_request: Any) -> Response:
        return Response(status, Headers({"Content-Type": "text/plain"}), body)

    server = await HttpServer(serve, clock).start()
    url = server.base_url
    try:
        with pytest.raises((NoContract, WrongAnswer)):
            await place.data(pool_url=url)
        with pytest.raises(WrongAnswer):
            await pool_client.root_certificates(place.http, url, "mo")
        with pytest.raises(WrongAnswer):
            await place.enroll(url)
    finally:
        await server.stop()
