"""Contracts in OCPP 1.6, by the application note and in the shape of 2.0.1."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.config import PncConfig, StationConfig
from simulator.station.core import Core, Memory, Message
from simulator.station.pnc import Said
from simulator.station.settings import Settings
from simulator.station.v16_contracts import Contracts16
from simulator.station.v16_pnc import VENDOR
from simulator.wire.ocpp_rpc import OcppError, OcppVersion, Rpc
from tests.simulator.station.pnc_box import EMAID, contract

WORDS = Contracts16()
TOKEN = IdToken(EMAID, "eMAID")


def core(spelling: str) -> Core:
    config = StationConfig(
        "CP1", OcppVersion.V16, "ws://127.0.0.1:9000/ocpp", pnc=PncConfig(spelling=spelling)
    )
    return Core(config, Memory(Settings({})), Chance(1))


def inner(message: Message, message_id: str) -> Any:
    """What is within, of a DataTransfer that fits its schema."""
    assert message.action == "DataTransfer"
    assert Rpc(OcppVersion.V16).call("1", message.action, message.payload).errors == ()
    assert message.payload["vendorId"] == VENDOR
    assert message.payload["messageId"] == message_id
    return json.loads(message.payload["data"])


@pytest.mark.parametrize(
    ("spelling", "named"),
    [("note", {"idToken": EMAID}), ("libocpp", {"idToken": EMAID, "type": "eMAID"})],
)
def test_a_contract_is_shown(spelling: str, named: dict[str, str]) -> None:
    proof = {"certificate": contract().chain_pem}
    message = WORDS.authorize(core(spelling), TOKEN, proof)
    assert inner(message, "Authorize") == {"idToken": named, **proof}


@pytest.mark.parametrize("spelling", ["note", "libocpp"])
def test_a_car_s_wish_is_carried(spelling: str) -> None:
    message = WORDS.ev_certificate(core(spelling), "urn:x", "Install", "AAAA")
    asked = {"iso15118SchemaVersion": "urn:x", "action": "Install", "exiRequest": "AAAA"}
    assert inner(message, "Get15118EVCertificate") == asked
    answer = {"status": "Accepted", "data": json.dumps({"status": "Failed", "exiResponse": ""})}
    assert WORDS.opened(answer) == {"status": "Failed", "exiResponse": ""}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "Accepted", "data": '{"idTokenInfo":{"status":"Accepted"}}'},
         Said(TokenInfo("Accepted"))),
        ({"status": "Accepted",
          "data": '{"idTokenInfo":{"status":"Invalid"},"certificateStatus":"CertificateRevoked"}'},
         Said(TokenInfo("Invalid"), "CertificateRevoked")),
        ({"status": "Accepted"}, Said(TokenInfo("Invalid"))),
        ({"status": "UnknownVendorId"}, Said(TokenInfo("Rejected: UnknownVendorId"))),
        ({"status": "Accepted", "data": "no JSON"},
         Said(TokenInfo("Rejected: data is no JSON: Expecting value: line 1 column 1 (char 0)"))),
    ],
)  # fmt: skip
def test_answers_are_read_and_nothing_odd_accepts(answer: dict[str, Any], said: Said) -> None:
    assert WORDS.said(answer) == said
    assert said.accepted == (said.info.status == "Accepted")


def test_an_identifier_of_1_6_has_twenty_characters() -> None:
    start = {"connectorId": 1, "meterStart": 0, "timestamp": "2026-01-15T07:00:00Z"}
    tag = "X" * WORDS.longest_emaid
    Rpc(OcppVersion.V16).call("1", "StartTransaction", {**start, "idTag": tag})
    with pytest.raises(OcppError, match="longer than 20"):
        Rpc(OcppVersion.V16).call("1", "StartTransaction", {**start, "idTag": tag + "X"})


def test_what_it_is_called() -> None:
    assert WORDS.called(core("note"), TOKEN).startswith("DataTransfer Authorize in the note's")
    assert "2.0.1's shape" in WORDS.called(core("libocpp"), TOKEN)
