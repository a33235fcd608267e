"""By what names a contract went."""

from __future__ import annotations

import json

from simulator.tui.contract_names import names
from tests.simulator.tui.stage import Wire

TOKEN = {"idToken": {"idToken": "DE8PSC123456783", "type": "eMAID"}}


def test_an_authorize_with_its_answer_once() -> None:
    wire = Wire()
    answer = {"certificateStatus": "Accepted", "idTokenInfo": {"status": "Accepted"}}
    asked = {**TOKEN, "iso15118CertificateHashData": [{}, {}]}
    wire.call("Authorize", asked, answer)
    wire.call("Authorize", TOKEN, {"idTokenInfo": {"status": "Invalid"}})
    (one,) = names(wire.records)
    assert (one.what, one.named) == (
        "Authorize",
        "idToken DE8PSC123456783 of type eMAID, with iso15118CertificateHashData (2)",
    )
    assert one.answer == "certificateStatus Accepted, idTokenInfo.status Accepted"


def test_a_data_transfer_and_what_is_none() -> None:
    wire = Wire()
    inner = {"idToken": {"idToken": "DE8PSC123456783"}, "certificate": "PEM"}
    outer = {"vendorId": "org", "messageId": "Authorize", "data": json.dumps(inner)}
    reply = {"status": "Accepted", "data": json.dumps({"certificateStatus": "CertChainError"})}
    wire.call("DataTransfer", outer, reply)
    wire.call("DataTransfer", {"vendorId": "x", "messageId": "Other", "data": "no json"})
    wire.call("StartTransaction", {"idTag": "DE8PSC123456783"})
    wire.call("TransactionEvent", {"eventType": "Updated"})
    transfer, start = names(wire.records)
    assert transfer.named == "idToken DE8PSC123456783, with certificate (the chain)"
    assert transfer.answer == "certificateStatus CertChainError"
    assert (start.what, start.named) == ("StartTransaction", "idTag DE8PSC123456783")


def test_what_a_refusing_csms_says() -> None:
    wire = Wire()
    outer = {"vendorId": "org", "messageId": "Authorize", "data": json.dumps(TOKEN)}
    wire.call("DataTransfer", outer, {"status": "UnknownVendorId"})
    (one,) = names(wire.records)
    assert one.answer == "UnknownVendorId"


def test_ocpi_in_either_version() -> None:
    wire = Wire()
    record = wire.ocpi("POST", "tokens", {}, data={"allowed": "ALLOWED",
                                                   "authorization_reference": "R1"})  # fmt: skip
    record["url"] = "http://x/tokens/DE-8PS-C12345678-3/authorize?type=OTHER"
    token = {"uid": "U", "type": "OTHER", "contract_id": "C"}
    wire.ocpi("PUT", "sessions", {"cdr_token": token, "auth_method": "AUTH_REQUEST"}, ident="r2")
    wire.ocpi("PUT", "sessions", {"cdr_token": {**token, "uid": "later"}}, ident="r3")
    wire.ocpi("POST", "cdrs", {"auth_id": "C", "auth_method": "WHITELIST"}, ident="r4")
    asked, session, cdr = names(wire.records)
    assert asked.named == "uid DE-8PS-C12345678-3, type OTHER"
    assert asked.answer == "ALLOWED, reference R1"
    assert session.named == "uid U, type OTHER, contract_id C, auth_method AUTH_REQUEST"
    assert cdr.named == "auth_id C, auth_method WHITELIST"
    assert cdr.what == "POST cdrs  cpo → plugsurfing"
