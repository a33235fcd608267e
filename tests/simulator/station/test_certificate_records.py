"""What a store holds, and how its parts are named."""

from __future__ import annotations

from datetime import timedelta

from simulator.pki.certificates import fingerprint, hash_data, pem_chain, read_chain
from simulator.station.certificate_records import age, chain_ids, is_named, is_root, ocsp_questions
from tests.simulator.station.certificate_box import NOW, OCSP, box, owned, root, store


def test_a_chain_knows_its_issuers_and_its_period() -> None:
    own = owned(store())
    assert list(own.issued)[-1] == (own.chain[-1], root())
    assert own.valid(NOW)
    assert not own.valid(NOW + timedelta(days=61))
    assert not own.valid(NOW - timedelta(days=2))


def test_a_serial_number_is_named_with_or_without_zeros() -> None:
    named = hash_data(root(), root())
    for serial in (named["serialNumber"], "0x" + named["serialNumber"].upper()):
        assert is_named(root(), root(), named | {"serialNumber": serial})
    assert not is_named(root(), root(), named | {"hashAlgorithm": "MD5"})
    assert not is_named(box().certificate("CPO_SUB1"), root(), named)


def test_the_status_of_each_is_asked_at_its_own_responder() -> None:
    own = owned(store())
    asked = ocsp_questions(own)
    assert [name for name, _ in asked] == [fingerprint(each) for each in own.chain]
    assert {data["responderURL"] for _, data in asked} == {OCSP}
    assert len(chain_ids(own)["childCertificateHashData"]) == 2


def test_of_a_leaf_without_responder_only_the_others_are_asked() -> None:
    it = store()
    own = owned(it, ocsp=False)
    assert [name for name, _ in ocsp_questions(own)] == [
        fingerprint(each) for each in own.chain[1:]
    ]


def test_roots_and_ages() -> None:
    own = owned(store())
    assert is_root(root())
    assert not any(map(is_root, read_chain(pem_chain(own.chain))))
    assert age(root()) < age(own.leaf)
