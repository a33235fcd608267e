"""What a car asks to have installed, and what it takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.pki.installation import (
    InstallationError,
    NotReadable,
    Refused,
    TooLong,
    WrongKey,
    exi_text,
    read_exi_text,
    read_request,
    refusal,
)
from simulator.pki.store import Pki
from simulator.station.contract_installation import Request, contract_in, request_of
from simulator.station.ev import Car
from tests.simulator.station.certificate_box import NOW, box
from tests.simulator.station.pnc_box import EMAID, answer, car, contract, provisioning

SOON = timedelta(days=20)


def wish(mine: Car, edition: str = "2") -> Request:
    """What it wants, if it does."""
    request = request_of(mine, edition, NOW)
    assert request is not None
    return request


@pytest.mark.parametrize(
    ("mine", "edition", "action"),
    [
        (car(provisioning=provisioning()), "2", "Install"),
        (car(provisioning=provisioning()), "20", "Install"),
        (car(contract(), provisioning=provisioning()), "2", None),
        (car(contract(valid_for=SOON)), "2", "Update"),
        (car(contract(valid_for=SOON)), "20", None),  # it has no update
        (car(contract(now=NOW - SOON, valid_for=SOON / 2), provisioning=provisioning()), "2",
         "Install"),
        (car(contract(now=NOW - SOON, valid_for=SOON / 2)), "2", None),
        (Car(), "2", None),
    ],
)  # fmt: skip
def test_what_a_car_asks_for(mine: Car, edition: str, action: str | None) -> None:
    request = request_of(mine, edition, NOW)
    assert (request and request.action) == action
    if request is None:
        return
    asked = read_request(read_exi_text(request.exi))  # which checks its signature
    shown = mine.contract if action == "Update" else mine.provisioning
    assert shown is not None
    assert (asked.action, asked.chain) == (action, tuple(shown.chain))
    assert (
        request.schema
        == {
            "2": "urn:iso:15118:2:2013:MsgDef",
            "20": "urn:iso:std:iso:15118:-20:CommonMessages",
        }[edition]
    )


@pytest.mark.parametrize("held", [None, contract(valid_for=SOON)], ids=["install", "update"])
def test_a_contract_comes_into_the_car(held: Any) -> None:
    mine = car(held, provisioning=provisioning())
    request = wish(mine)
    got = contract_in(answer(request.exi), request, mine, NOW)
    assert (got.emaid, got.certificate) == (EMAID, contract().certificate)
    assert got.key.public_key() == contract().certificate.public_key()


@pytest.mark.parametrize(
    ("said", "error", "why"),
    [
        ({"status": "Failed", "exiResponse": ""}, InstallationError, "the CSMS says Failed"),
        ({"status": "Failed", "statusInfo": {"reasonCode": "NoPool"}}, InstallationError,
         "the CSMS says Failed: NoPool"),
        ({"status": "Rejected", "wrapper": "UnknownVendorId"}, InstallationError,
         "the CSMS says Rejected: UnknownVendorId"),
        ({}, InstallationError, "the CSMS says None"),
        ({"status": "Accepted"}, InstallationError, "sends nothing"),
        ({"status": "Accepted", "exiResponse": 7}, InstallationError, "sends nothing"),
        ({"status": "Accepted", "exiResponse": "A" * 5604}, TooLong, "5604 characters"),
        ({"status": "Accepted", "exiResponse": "*"}, NotReadable, "not base64"),
        ({"status": "Accepted", "exiResponse": "AAAA"}, NotReadable, "EXI itself"),
        ({"status": "Accepted", "exiResponse": exi_text(refusal())}, Refused, "NoCertificate"),
    ],
)  # fmt: skip
def test_what_a_car_does_not_take(said: dict[str, Any], error: Any, why: str) -> None:
    mine = car(provisioning=provisioning())
    with pytest.raises(error, match=why.replace(".", r"\.")):
        contract_in(said, wish(mine), mine, NOW)


def test_a_contract_for_another_car_is_not_opened() -> None:
    mine = car(provisioning=provisioning())
    request = wish(mine)
    other = box().issue("PROVISIONING", "WP0ZZZ99ZTS000000", NOW, Chance(8))
    with pytest.raises(WrongKey):
        contract_in(answer(request.exi, for_whom=other.certificate), request, mine, NOW)


def test_the_largest_pki_still_fits() -> None:
    """P-521 chains are the longest that we issue."""
    pki = Pki.create(Chance(3), NOW - timedelta(days=1), profile="iso15118-20")
    issued = pki.issue("PROVISIONING", "WP0ZZZ99ZTS392124", NOW, Chance(4))
    assert len(wish(car(provisioning=issued), "20").exi) <= 5600
