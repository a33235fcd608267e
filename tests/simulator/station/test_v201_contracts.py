"""Contracts in OCPP 2.0.1: what is asked fits the schemas, what is answered is read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.pki.installation import SCHEMA_V2
from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.config import StationConfig
from simulator.station.contract_proof import examine
from simulator.station.core import Core, Memory, Message
from simulator.station.pnc import Said
from simulator.station.settings import Settings
from simulator.station.v201_contracts import Contracts201, read_said
from simulator.wire.ocpp_rpc import OcppError, OcppVersion, Rpc
from tests.simulator.station.certificate_box import NOW, root
from tests.simulator.station.pnc_box import EMAID, contract

TOKEN = IdToken(EMAID, "eMAID")
CONFIG = StationConfig("CP1", OcppVersion.V201, "ws://127.0.0.1:9000/ocpp")
CORE = Core(CONFIG, Memory(Settings({})), Chance(1))
WORDS = Contracts201()


def fits(message: Message) -> bool:
    """It is what the schema wants."""
    try:
        return Rpc(OcppVersion.V201).call("1", message.action, message.payload).errors == ()
    except OcppError:
        return False


def test_a_contract_is_shown_by_hashes_by_certificate_or_by_both() -> None:
    hashes = examine(contract().chain, [root("MO")], NOW).hashes
    certificate = {"certificate": contract().chain_pem}
    for proof in (
        {"iso15118CertificateHashData": hashes},
        certificate,
        {**certificate, "iso15118CertificateHashData": hashes},
    ):
        message = WORDS.authorize(CORE, TOKEN, proof)
        assert message.action == "Authorize"
        assert message.payload == {"idToken": {"idToken": EMAID, "type": "eMAID"}, **proof}
        assert fits(message)


def test_limits_are_the_schema_s() -> None:
    longest = IdToken("X" * WORDS.longest_emaid, "eMAID")
    assert fits(WORDS.authorize(CORE, longest, {"certificate": "X" * WORDS.longest_chain}))
    assert not fits(WORDS.authorize(CORE, IdToken(longest.value + "X", "eMAID"), {}))
    assert not fits(WORDS.authorize(CORE, TOKEN, {"certificate": "X" * (WORDS.longest_chain + 1)}))


@pytest.mark.parametrize("action", ["Install", "Update"])
def test_a_car_s_wish_is_carried(action: str) -> None:
    message = WORDS.ev_certificate(CORE, SCHEMA_V2, action, "A" * 5600)
    assert message.payload == {
        "iso15118SchemaVersion": SCHEMA_V2,
        "action": action,
        "exiRequest": "A" * 5600,
    }
    assert fits(message)
    answer = {"status": "Accepted", "exiResponse": "B"}
    assert WORDS.opened(answer) is answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"idTokenInfo": {"status": "Accepted"}, "certificateStatus": "Accepted"},
         Said(TokenInfo("Accepted"), "Accepted")),
        ({"idTokenInfo": {"status": "Accepted"}}, Said(TokenInfo("Accepted"))),
        ({"idTokenInfo": {"status": "Blocked", "groupIdToken": {"idToken": "G"},
                          "cacheExpiryDateTime": "2026-01-15T07:00:00Z"},
          "certificateStatus": "ContractCancelled"},
         Said(TokenInfo("Blocked", "G", datetime(2026, 1, 15, 7, tzinfo=UTC)),
              "ContractCancelled")),
        ({}, Said(TokenInfo("Invalid"))),
        ({"idTokenInfo": "Accepted"}, Said(TokenInfo("Invalid"))),
        ({"idTokenInfo": {}, "certificateStatus": 3}, Said(TokenInfo("None"), "3")),
    ],
)  # fmt: skip
def test_answers_are_read_and_nothing_odd_accepts(answer: dict[str, Any], said: Said) -> None:
    assert read_said(answer) == WORDS.said(answer) == said
    assert said.accepted == (said.info.status == "Accepted")


def test_what_it_is_called() -> None:
    assert WORDS.called(CORE, TOKEN) == f"Authorize, idToken {EMAID} of type eMAID"
