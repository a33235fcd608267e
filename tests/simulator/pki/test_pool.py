"""The mock certificate pool, as its wire shows it; the CPO's own client is tested beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.kernel.loop import run
from simulator.pki.certificates import read_der
from simulator.pki.contract import Contract
from simulator.pki.hierarchy import Issued
from simulator.pki.installation import (
    SCHEMA_V2,
    Refused,
    WrongKey,
    exi_text,
    installation_request,
    open_sealed,
    read_exi_text,
)
from simulator.pki.pool import CertificatePool
from simulator.pki.store import Pki
from simulator.wire.http import Request, Response
from simulator.wire.http_aio import ConnectFailed, HttpClient

PCID, EMAID = "WRLAB0000000000017", "DE8PSC12345678"
OPCP, OPNC = "/v1/ccp/signedContractData", "/opnc/v1/ccp/signedcontractdata"


class Place:
    """A pool that listens, and a car."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.clock, self.journal = clock, journal
        self.pki = Pki.create(Chance(1), clock.now())
        self.car = self.pki.issue("PROVISIONING", PCID, clock.now(), Chance(2))
        self.pool = CertificatePool(
            self.pki, clock=clock, chance=Chance(3), journal=journal, contracts={PCID: EMAID}
        )
        self.http = HttpClient(clock)

    def body(self, car: Issued | None = None, action: Any = "Install") -> dict[str, str]:
        asks = car or self.car
        exi = exi_text(installation_request(asks.chain, asks.key, action))
        return {"certificateInstallationReq": exi, "xsdMsgDefNamespace": SCHEMA_V2}

    async def post(self, path: str, body: Any) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.send("POST", self.pool.base_url + path, body=raw)

    def install(self, exi: str, car: Issued | None = None) -> Contract:
        key = (car or self.car).key
        return open_sealed(read_exi_text(exi), key, self.pki.roots("V2G"), self.clock.now())


@pytest.fixture
async def place(clock: Clock, journal: Journal) -> AsyncIterator[Place]:
    it = Place(clock, journal)
    await it.pool.start()
    yield it
    await it.http.close()
    await it.pool.stop()


def opcp(response: Response) -> dict[str, Any]:
    (content,) = json.loads(response.body)["CCPResponse"]["emaidContent"]
    found: dict[str, Any] = content["messageDef"]
    return found


async def test_a_car_gets_the_contract_assigned_to_it_by_opcp(place: Place) -> None:
    response = await place.post(OPCP, place.body())
    assert (response.status, response.headers["Content-Type"]) == (200, "application/json")
    found = opcp(response)
    assert found["emaid"] == EMAID
    assert place.install(found["certificateInstallationRes"]).emaid == EMAID
    (told,) = (r["data"] for r in place.journal.records if r.get("what") == "pool.delivered")
    assert told == {"car": PCID, "action": "Install", "switch": "ok", "emaid": EMAID}


async def test_and_by_opnc(place: Place) -> None:
    response = await place.post(OPNC, place.body())
    (found,) = json.loads(response.body)["signedContractDataCollection"]
    assert (found["emaid"], found["pcid"], found["xsdMsgDefNamespace"]) == (EMAID, PCID, SCHEMA_V2)
    assert place.install(found["certificateInstallationRes"]).emaid == EMAID


async def test_a_contract_that_is_held_is_given_out(place: Place) -> None:
    held = place.pki.issue_contract(EMAID, place.clock.now(), Chance(5))
    for _ in range(2):
        found = opcp(await place.post(OPCP, place.body()))
        assert place.install(found["certificateInstallationRes"]).chain == held.chain
    place.pki.revoke(EMAID, place.clock.now())
    fresh = opcp(await place.post(OPCP, place.body()))
    assert place.install(fresh["certificateInstallationRes"]).chain != held.chain


async def test_an_expired_contract_is_not_given_out(place: Place) -> None:
    now = place.clock.now()
    held = place.pki.issue_contract(EMAID, now, Chance(5), valid_for=timedelta(hours=1))
    await place.clock.sleep(3601)
    found = opcp(await place.post(OPCP, place.body()))
    assert place.install(found["certificateInstallationRes"]).chain != held.chain


async def test_an_update_brings_a_fresh_contract_for_the_same_emaid(place: Place) -> None:
    old = place.pki.issue_contract(EMAID, place.clock.now(), Chance(5))
    asks = Issued(old.chain, old.key)
    found = opcp(await place.post(OPCP, place.body(asks, "Update")))
    new = place.install(found["certificateInstallationRes"], asks)
    assert (new.emaid, new.chain == old.chain) == (EMAID, False)


async def test_a_car_without_a_contract_is_refused_in_both_forms(place: Place) -> None:
    place.pool.contracts = {}
    response = await place.post(OPCP, place.body())
    assert response.status == 404
    with pytest.raises(Refused, match="FAILED_NoCertificateAvailable"):
        place.install(opcp(response)["certificateInstallationRes"])
    response = await place.post(OPNC, place.body())
    assert (response.status, list(json.loads(response.body))) == (404, ["errorMessages", "traceId"])
    place.pool.default = "DE8PSC99999999"
    assert opcp(await place.post(OPCP, place.body()))["emaid"] == "DE8PSC99999999"


async def test_the_switch_makes_it_fail(place: Place) -> None:
    place.pool.turn("no_contract")
    assert (await place.post(OPCP, place.body())).status == 404
    place.pool.turn("wrong")
    found = opcp(await place.post(OPCP, place.body()))
    with pytest.raises(WrongKey, match="another car"):
        place.install(found["certificateInstallationRes"])
    place.pool.turn("garbage")
    assert (await place.post(OPCP, place.body())).headers["Content-Type"] == "text/html"
    place.pool.turn("down")
    with pytest.raises(ConnectFailed):
        await place.post(OPCP, place.body())


async def test_a_car_that_is_not_to_be_trusted_is_refused(place: Place) -> None:
    other = Pki.create(Chance(9), place.clock.now())
    stranger = other.issue("PROVISIONING", PCID, place.clock.now(), Chance(2))
    response = await place.post(OPCP, place.body(stranger))
    assert response.status == 400
    (message,) = json.loads(response.body)["errorMessages"]
    assert message.startswith(f"'{PCID}' is not to be trusted: ")
    secc = place.pki.issue("SECC", "DE*RLB*E1", place.clock.now(), Chance(4))
    assert (await place.post(OPCP, place.body(secc))).status == 400
    old = place.pki.issue_contract(EMAID, place.clock.now(), Chance(5))
    installs = place.body(Issued(old.chain, old.key))
    assert (await place.post(OPCP, installs)).status == 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is no JSON object"),
        (b"[]", "the body is no JSON object"),
        ({}, "texts are expected"),
        ({"certificateInstallationReq": 1, "xsdMsgDefNamespace": ""}, "texts are expected"),
        ({"certificateInstallationReq": "gJgAQA==", "xsdMsgDefNamespace": SCHEMA_V2}, "EXI itself"),
        ({"certificateInstallationReq": "?", "xsdMsgDefNamespace": SCHEMA_V2}, "not base64"),
    ],
)
async def test_a_wrong_request_is_told_as_opcp_does(place: Place, body: Any, message: str) -> None:
    response = await place.post(OPCP, body)
    assert response.status == 400
    told = json.loads(response.body)
    assert message in told["errorMessages"][0]
    assert len(told["traceId"]) == 36


async def test_addresses_and_methods_that_are_none(place: Place) -> None:
    assert (await place.post("/v1/ccp/elsewhere", {})).status == 404
    response = await place.http.send("PUT", place.pool.base_url + OPCP, body=b"{}")
    assert (response.status, response.headers["Allow"]) == (405, "POST")


async def test_root_certificates_are_listed_by_opcp(place: Place) -> None:
    base = f"{place.pool.base_url}/v1/root/rootCerts"
    listed = json.loads((await place.http.send("GET", base)).body)
    roots = listed["RootCertificateCollection"]["rootCertificates"]
    assert [root["rootType"] for root in roots] == ["V2G", "MO", "OEM"]
    (mo,) = json.loads((await place.http.send("GET", f"{base}?rootType=mo")).body)[
        "RootCertificateCollection"
    ]["rootCertificates"]
    assert [read_der(base64.b64decode(mo["caCertificate"]))] == place.pki.roots("MO")
    assert mo["commonName"] == "MO Root CA"
    assert mo["validFrom"] == "2026-01-15T06:00:00.000Z"
    one = await place.http.send("GET", f"{base}/{mo['rootCertificateId']}")
    assert json.loads(one.body) == {"RootResponse": mo}
    assert (await place.http.send("GET", f"{base}/{PCID}")).status == 404
    assert (await place.http.send("GET", f"{base}?rootType=xyz")).status == 400


async def test_root_certificates_are_listed_by_opnc(place: Place) -> None:
    url = f"{place.pool.base_url}/opnc/v1/rcp/rootcertificates?pkiType=eMSP"
    (root,) = json.loads((await place.http.send("GET", url)).body)["rootCertificateCollection"]
    assert root["commonName"] == "MO Root CA"


@given(st.binary(max_size=200))
def test_whatever_is_posted_gets_an_answer(noise: bytes) -> None:
    clock = Clock("virtual")
    pool = CertificatePool(_PKI, clock=clock, chance=Chance(1), journal=Journal(clock))
    exi = base64.b64encode(b"roamlab-not-exi/1\n" + noise).decode()
    bodies = (
        noise,
        json.dumps({"certificateInstallationReq": exi, "xsdMsgDefNamespace": "x"}).encode(),
    )

    async def post() -> list[int]:
        return [(await pool.handle(Request("POST", OPCP, body=body))).status for body in bodies]

    assert run(post(), clock) == [400, 400]


_PKI = Pki.create(Chance(1), Clock("virtual").now())
