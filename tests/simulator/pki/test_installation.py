"""Contract installation: what a car installs, and everything it does not."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.kernel.clock import DEFAULT_START
from simulator.pki import installation
from simulator.pki.contract import Contract, sign_challenge
from simulator.pki.hierarchy import Issued
from simulator.pki.installation import (
    MAGIC,
    MAX_EXI_CHARS,
    InstallationError,
    NotReadable,
    Refused,
    TooLong,
    WrongKey,
    WrongProvider,
    WrongSignature,
    exi_text,
    installation_request,
    open_sealed,
    read_exi_text,
    read_request,
    refusal,
    seal,
)
from simulator.pki.store import Pki

NOW = DEFAULT_START
EMAID = "DE8PSCOO13A3LZ3"


@dataclass
class Cast:
    """A PKI, a car with its provisioning certificate, a contract for it, the signing service."""

    pki: Pki
    car: Issued
    contract: Contract
    service: Issued

    def sealed(self, **other: Any) -> bytes:
        said = {"contract": self.contract, "recipient": self.car.certificate,
                "service": self.service, "chance": Chance(5), **other}  # fmt: skip
        return seal(**said)

    def open(self, body: bytes, **other: Any) -> Contract:
        said = {"key": self.car.key, "roots": self.pki.roots("V2G"), "at": NOW, **other}
        return open_sealed(body, **said)


def cast(profile: str = "iso15118-2", seed: int = 1) -> Cast:
    chance = Chance(seed)
    pki = Pki.create(chance, NOW, profile=profile, ocsp_url="http://127.0.0.1:8085/ocsp")
    car = pki.issue("PROVISIONING", "WRLAB0000000000017", NOW, chance.child("car"))
    contract = pki.issue_contract(EMAID, NOW, chance.child("contract"))
    return Cast(pki, car, contract, Issued(tuple(pki.chain("CPS")), pki.key("CPS")))


@pytest.fixture(scope="module")
def the() -> Cast:
    return cast()


def bent(body: bytes, **changes: Any) -> bytes:
    """The body with members of the signed part changed, its signature kept."""
    signed = msgspec.msgpack.decode(body[len(MAGIC) :])
    part = {**msgspec.msgpack.decode(signed[0]), **changes}
    return MAGIC + msgspec.msgpack.encode([msgspec.msgpack.encode(part), signed[1]])


def resigned(body: bytes, key: Any, **changes: Any) -> bytes:
    """The same, signed anew by somebody."""
    part = msgspec.msgpack.decode(bent(body, **changes)[len(MAGIC) :])[0]
    return MAGIC + msgspec.msgpack.encode([part, sign_challenge(key, part)])


@pytest.mark.parametrize("profile", ["iso15118-2", "iso15118-20"])
def test_the_car_ends_with_the_pools_contract(profile: str) -> None:
    the = cast(profile)
    asked = read_request(installation_request(the.car.chain, the.car.key))
    assert (asked.action, asked.name) == ("Install", "WRLAB0000000000017")
    assert asked.chain == the.car.chain
    held = the.open(the.sealed(recipient=asked.chain[0]))
    assert held.emaid == EMAID
    assert held.chain == the.contract.chain
    assert held.to_pem() == the.contract.to_pem()


def test_an_update_is_asked_for_and_delivered_with_the_old_contract(the: Cast) -> None:
    old = the.contract
    asked = read_request(installation_request(old.chain, old.key, "Update"))
    assert (asked.action, asked.name) == ("Update", EMAID)
    new = the.pki.issue_contract(EMAID, NOW, Chance(9))
    body = the.sealed(contract=new, recipient=asked.chain[0], action="Update")
    assert the.open(body, key=old.key).to_pem() == new.to_pem()


def test_both_messages_fit_into_ocpp(the: Cast) -> None:
    """-2 with P-256: OCPP 2.0.1 carries 5600 characters."""
    request = exi_text(installation_request(the.car.chain, the.car.key))
    response = exi_text(the.sealed())
    assert len(request) <= MAX_EXI_CHARS
    assert len(response) <= MAX_EXI_CHARS
    assert read_exi_text(response) == the.sealed()


def test_p_521_needs_the_room_of_ocpp_2_1() -> None:
    with pytest.raises(TooLong):
        exi_text(cast("iso15118-20").sealed())
    assert len(exi_text(cast("iso15118-20").sealed(), 17_000)) <= 17_000


@pytest.mark.parametrize(("address", "fits"), [(64, True), (200, False)])
def test_what_fits_depends_on_the_responders_address(address: int, fits: bool) -> None:
    """It stands in each of six certificates: with 200 characters the limit is passed, and told."""
    chance = Chance(1)
    url = "http://127.0.0.1:8085/".ljust(address, "o")
    pki = Pki.create(chance, NOW, ocsp_url=url)
    contract = pki.issue_contract(EMAID, NOW, chance.child("contract"))
    car = pki.issue("PROVISIONING", "W" * 18, NOW, chance.child("car"))
    service = Issued(tuple(pki.chain("CPS")), pki.key("CPS"))
    body = seal(contract, car.certificate, service, chance)
    if fits:
        assert len(exi_text(body)) <= MAX_EXI_CHARS
    else:
        with pytest.raises(TooLong):
            exi_text(body)


def test_more_than_ocpp_carries_is_told() -> None:
    with pytest.raises(TooLong, match="5604 characters, and OCPP carries 5600"):
        exi_text(b"x" * 4201)
    assert len(exi_text(b"x" * 4200)) == MAX_EXI_CHARS


def test_the_placeholder_says_that_it_is_none(the: Cast) -> None:
    assert the.sealed().startswith(b"roamlab-not-exi/1\n")
    assert "NOT EXI" in (installation.__doc__ or "")


def test_the_private_key_is_nowhere_in_clear(the: Cast) -> None:
    number = the.contract.key.private_numbers().private_value  # type: ignore[union-attr]
    assert number.to_bytes(32, "big") not in the.sealed()


def test_the_same_chance_gives_the_same_bytes(the: Cast) -> None:
    assert the.sealed() == cast().sealed()
    assert the.sealed() != the.sealed(chance=Chance(6))


# What is refused


def test_a_refusal_tells_its_code(the: Cast) -> None:
    with pytest.raises(Refused, match="FAILED_NoCertificateAvailable") as caught:
        the.open(refusal())
    assert caught.value.code == "FAILED_NoCertificateAvailable"


@pytest.mark.parametrize("member", ["contract_chain", "dh_public_key", "encrypted_key"])
def test_tampering_breaks_the_signature(the: Cast, member: str) -> None:
    other = cast(seed=2).sealed(chance=Chance(6))
    theirs = msgspec.msgpack.decode(msgspec.msgpack.decode(other[len(MAGIC) :])[0])[member]
    with pytest.raises(WrongSignature, match="Certificate Provisioning Service"):
        the.open(bent(the.sealed(), **{member: theirs}))


def test_any_changed_bit_is_refused(the: Cast) -> None:
    body = the.sealed()
    for place in range(0, len(body), 7):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(InstallationError):
            the.open(changed)


def test_another_car_cannot_install_it(the: Cast) -> None:
    thief = the.pki.issue("PROVISIONING", "WRLAB0000000000025", NOW, Chance(77))
    with pytest.raises(WrongKey):
        the.open(the.sealed(), key=thief.key)


def test_a_key_that_is_not_the_contracts_is_refused(the: Cast) -> None:
    """Sealed and signed well, but the key of another contract."""
    other = the.pki.issue_contract("DE8PSC00000010X", NOW, Chance(8))
    with pytest.raises(WrongKey, match="not the contract's"):
        the.open(the.sealed(contract=replace(the.contract, key=other.key)))


def test_a_service_of_an_unknown_root_is_refused(the: Cast) -> None:
    with pytest.raises(WrongProvider, match="Certificate Provisioning Service"):
        the.open(the.sealed(), roots=cast(seed=2).pki.roots("V2G"))


def test_a_certificate_of_the_root_that_is_no_service_is_refused(the: Cast) -> None:
    """A charging station's certificate leads to the same root, and provides nothing."""
    secc = the.pki.issue("SECC", "DE*RLB*E1", NOW, Chance(3))
    with pytest.raises(WrongProvider, match="DC=CPO"):
        the.open(the.sealed(service=secc))


def test_a_service_that_has_expired_is_refused(the: Cast) -> None:
    with pytest.raises(WrongProvider, match="expired"):
        the.open(the.sealed(), at=NOW + timedelta(days=91))


def test_a_service_that_signs_with_anothers_certificate_is_refused(the: Cast) -> None:
    with pytest.raises(WrongSignature):
        the.open(resigned(the.sealed(), the.car.key))


def test_a_request_that_was_changed_is_refused(the: Cast) -> None:
    request = installation_request(the.car.chain, the.car.key)
    with pytest.raises(WrongSignature, match="WRLAB0000000000017"):
        read_request(bent(request, action="Update"))
    with pytest.raises(WrongSignature):
        read_request(installation_request(the.car.chain, the.contract.key))


@pytest.mark.parametrize("text", ["", "not base64!", "gJgAQAqJWh0dHA6Ly93", "AAAA="])
def test_what_is_no_body_is_told(text: str, the: Cast) -> None:
    """The third is how real EXI of ISO 15118-2 begins."""
    with pytest.raises(NotReadable):
        the.open(read_exi_text(text))
    with pytest.raises(NotReadable):
        read_request(read_exi_text(text))


def test_an_answer_is_no_request(the: Cast) -> None:
    with pytest.raises(NotReadable, match="damaged"):
        read_request(the.sealed())
    with pytest.raises(NotReadable, match="damaged"):
        the.open(installation_request(the.car.chain, the.car.key))


@pytest.mark.parametrize("chain", [[], [b""], [b"\x30\x03\x02\x01\x01"]])
def test_damaged_certificates_are_told(the: Cast, chain: list[bytes]) -> None:
    with pytest.raises(NotReadable):
        the.open(resigned(the.sealed(), the.service.key, cps_chain=chain))
    with pytest.raises(NotReadable):
        the.open(resigned(the.sealed(), the.service.key, contract_chain=chain))


def test_a_contract_of_another_curve_cannot_be_delivered(the: Cast) -> None:
    other = cast("iso15118-20")
    with pytest.raises(InstallationError, match="P-256 to P-256"):
        the.sealed(contract=other.contract)


@given(st.binary(max_size=300))
def test_whatever_comes_is_refused_by_name(noise: bytes) -> None:
    roots: list[x509.Certificate] = []
    key = Contract  # never reached
    for body in (noise, MAGIC + noise, MAGIC + msgspec.msgpack.encode([noise, noise])):
        with pytest.raises(InstallationError):
            open_sealed(body, key, roots, NOW)  # type: ignore[arg-type]
        with pytest.raises(InstallationError):
            read_request(body)
        with pytest.raises(InstallationError):
            read_exi_text(base64.b64encode(body).decode() + "*")
