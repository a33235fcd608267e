"""The store: what it takes, what it refuses and why, what it tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.pki.certificates import hash_data, pem, pem_chain, serial_hex
from simulator.station.certificate_kinds import ISO_15118, Refused, Signing, Use
from simulator.station.certificate_records import Held
from simulator.station.certificates import CertificateStore
from tests.simulator.station.certificate_box import (
    NOW,
    SECC,
    asked,
    box,
    certify,
    owned,
    root,
    store,
)

YEARS = timedelta(days=365) * 20


def refused(act: Any, *values: Any, **options: Any) -> tuple[str, str, str]:
    with pytest.raises(Refused) as caught:
        act(*values, **options)
    return caught.value.status, caught.value.reason, caught.value.text


# InstallCertificate


def test_roots_are_installed_by_their_purpose_and_the_same_again_replaces() -> None:
    it = CertificateStore()
    mo, v2g = root("MO"), root("V2G")
    it.install(Use.MO_ROOT, pem(mo), NOW, 2)
    it.install(Use.V2G_ROOT, pem(v2g), NOW, 2)
    it.install(Use.MO_ROOT, pem(mo), NOW, 2)  # full, yet nothing is added (M05.FR.17)
    assert (it.roots(Use.MO_ROOT), it.roots(Use.V2G_ROOT), it.entries) == ([mo], [v2g], 2)
    assert it.roots(Use.CSMS_ROOT) == []
    status, reason, text = refused(it.install, Use.CSMS_ROOT, pem(root("CSMS")), NOW, 2)
    assert (status, reason, text) == (
        "Rejected",
        "OutOfStorage",
        "there is room for 2 certificates",
    )
    assert it.entries == 2


@pytest.mark.parametrize("dress", ["{}\n\n", "Bag Attributes\n{}", "\ufeff{}"])
def test_odd_but_legal_spellings_of_a_root(dress: str) -> None:
    it = CertificateStore()
    it.install(Use.V2G_ROOT, dress.format(pem(root()).replace("\n", "\r\n")), NOW, 9)
    assert it.roots(Use.V2G_ROOT) == [root()]


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        ("", "InvalidCertificate", "not a PEM certificate"),
        ("garbage", "InvalidCertificate", "not a PEM certificate"),
        ("\ud800", "InvalidCertificate", "not a PEM certificate"),
        (pem(root()).replace("MII", "MIJ", 1), "InvalidCertificate", "not a PEM certificate"),
        (pem(root()) * 2, "InvalidCertificate", "one certificate is expected, not 2"),
        (pem(box().certificate("CPO_SUB1")), "InvalidCertificate", "not a root"),
        (pem(box().certificate("CSMS")), "InvalidCertificate", "not a root"),
        (pem(root()) + "x" * 5500, "TooLargeElement", "longer than 5500 characters"),
    ],
)
def test_what_is_no_root_is_rejected(text: str, reason: str, says: str) -> None:
    it = CertificateStore()
    status, why, told = refused(it.install, Use.V2G_ROOT, text, NOW, 9)
    assert (status, why) == ("Rejected", reason)
    assert says in told
    assert it.entries == 0


def test_a_root_beyond_its_dates_is_rejected() -> None:
    it = CertificateStore()
    for when, says in ((NOW + YEARS, "expired"), (NOW - YEARS, "not yet valid")):
        assert says in refused(it.install, Use.V2G_ROOT, pem(root()), when, 9)[2]


# GetInstalledCertificateIds


def test_ids_show_roots_and_hang_sub_cas_below_the_leaf() -> None:
    it = store(Use.MO_ROOT, Use.V2G_ROOT, Use.CSMS_ROOT)
    own = owned(it)
    shown = it.ids(Use)
    assert [each["certificateType"] for each in shown] == [
        "V2GRootCertificate",
        "MORootCertificate",
        "CSMSRootCertificate",
        "V2GCertificateChain",
    ]
    assert shown[0]["certificateHashData"] == hash_data(root(), root())
    leaf, sub2, sub1 = own.chain
    assert shown[-1]["certificateHashData"] == hash_data(leaf, sub2)
    assert shown[-1]["childCertificateHashData"] == [hash_data(sub2, sub1), hash_data(sub1, root())]
    assert [each["certificateType"] for each in it.ids([Use.MO_ROOT])] == ["MORootCertificate"]
    assert it.ids([Use.MANUFACTURER_ROOT]) == []


def test_the_certificate_for_the_csms_is_not_told_among_them() -> None:
    it = store()
    owned(it, Signing.STATION)
    assert [each["certificateType"] for each in it.ids([Use.V2G_CHAIN])] == []
    assert it.entries == 3


# DeleteCertificate


def test_a_root_is_deleted_by_any_spelling_of_its_hashes() -> None:
    for algorithm in ("SHA256", "SHA384", "SHA512"):
        it = store()
        named = hash_data(root(), root(), algorithm)
        named = {key: value.upper() for key, value in named.items()}
        named["serialNumber"] = "00" + named["serialNumber"]
        it.delete(named, Use)
        assert it.roots(Use.V2G_ROOT) == []
        assert refused(it.delete, named, Use)[0] == "NotFound"


@pytest.mark.parametrize("field", ["issuerNameHash", "issuerKeyHash", "serialNumber"])
def test_another_hash_names_nothing(field: str) -> None:
    it = store()
    named = hash_data(root(), root()) | {field: "abc"}
    assert refused(it.delete, named, Use)[0] == "NotFound"
    assert it.entries == 2


def test_the_last_root_stays_where_configured_so() -> None:
    it = store(Use.V2G_ROOT, Use.MO_ROOT)
    other = root(seed=8)
    it.install(Use.V2G_ROOT, pem(other), NOW, 9)
    it.delete(hash_data(other, other), Use, keep_last=True)
    failed = refused(it.delete, hash_data(root(), root()), Use, keep_last=True)
    assert failed == ("Failed", "ReadOnly", "it is the last one of its type")
    it.delete(hash_data(root(), root()), Use)
    assert it.roots(Use.V2G_ROOT) == []


def test_with_a_leaf_or_a_sub_ca_the_chain_goes() -> None:
    for number in (0, 1, 2):
        it = store()
        own = owned(it)
        certificate, issuer = list(own.issued)[number]
        it.delete(hash_data(certificate, issuer), ISO_15118)
        assert not it.usable(NOW)
        assert it.roots(Use.V2G_ROOT) == [root()]


@pytest.mark.parametrize("signing", [Signing.STATION, Signing.COMBINED])
def test_what_the_csms_is_shown_cannot_be_deleted(signing: Signing) -> None:
    it = store()
    leaf, issuer = next(owned(it, signing).issued)
    assert refused(it.delete, hash_data(leaf, issuer), Use)[0] == "Failed"
    assert it.station_certificate(NOW) is not None


def test_who_may_delete_only_what_is_for_cars_finds_nothing_else() -> None:
    it = store()
    csms = root("CSMS")
    station = owned(it, Signing.STATION)
    assert refused(it.delete, hash_data(csms, csms), ISO_15118)[0] == "NotFound"
    named = hash_data(*next(station.issued))
    assert refused(it.delete, named, ISO_15118)[0] == "NotFound"


# CertificateSigned


def test_a_signed_certificate_is_taken_with_its_key() -> None:
    it = store()
    assert not it.usable(NOW)
    own = owned(it)
    assert it.usable(NOW)
    assert it.v2g_chain(NOW) == own
    assert own.leaf.public_key() == own.key.public_key()
    assert (len(own.chain), own.root) == (3, root())
    assert it.pending == ()
    assert it.station_certificate(NOW) is None
    assert not it.usable(NOW + YEARS)


def test_the_order_of_sub_cas_and_a_missing_type_do_not_matter() -> None:
    it = store()
    leaf, *subs = box().sign_csr(asked(it).csr, "SECC", NOW, Chance(3))
    own = it.signed("\r\n" + pem_chain([leaf, *reversed(subs)]), None, NOW, 10_000)
    assert own.signing is Signing.V2G
    assert list(own.chain) == [leaf, *subs]


def test_a_combined_certificate_serves_both_ends() -> None:
    it = store()
    own = owned(it, Signing.COMBINED)
    assert it.v2g_chain(NOW) == it.station_certificate(NOW) == own
    it = store()
    pending = asked(it, Signing.COMBINED)
    it.signed(certify(pending.csr, Signing.STATION), Signing.V2G, NOW, 10_000)  # under either root
    assert it.usable(NOW)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("of nobody", "not that of any request"),
        ("of another type", "its request was for a V2GCertificate"),
        ("with its root", "a root does not belong"),
        ("without sub-CAs", "chain error"),
        ("under another root", "chain error"),
        ("expired", "expired"),
        ("not yet valid", "not yet valid"),
        ("a contract", "chain error"),
        ("garbage", "not a PEM certificate"),
        ("too long", "longer than MaxCertificateChainSize, 10000"),
    ],
)
def test_what_is_not_what_was_asked_for_is_refused(what: str, says: str) -> None:
    it = store()
    csr = asked(it).csr
    day = timedelta(days=1)
    said: Signing | None = Signing.V2G
    texts = {
        "of nobody": lambda: certify(asked(store(), seed=5).csr),
        "of another type": lambda: certify(csr),
        "with its root": lambda: certify(csr) + pem(root()),
        "without sub-CAs": lambda: pem(box().sign_csr(csr, "SECC", NOW, Chance(1))[0]),
        "under another root": lambda: certify(csr, seed=8),
        "expired": lambda: certify(csr, now=NOW - 70 * day),
        "not yet valid": lambda: certify(csr, not_before=NOW + day),
        "a contract": lambda: pem_chain(box().sign_csr(csr, "CONTRACT", NOW, Chance(1))),
        "garbage": lambda: "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----",
        "too long": lambda: certify(csr) + "\n" * 10_000,
    }
    if what == "of another type":
        said = Signing.STATION
    status, _, text = refused(it.signed, texts[what](), said, NOW, 10_000)
    assert status == "Rejected"
    assert says in text
    assert it.own == ()
    assert [each.csr for each in it.pending] == [csr]  # the right one may still come


def test_a_station_certificate_must_hang_below_a_csms_root() -> None:
    it = store(Use.V2G_ROOT)
    pending = asked(it, Signing.STATION)
    text = refused(it.signed, certify(pending.csr, Signing.STATION), None, NOW, 10_000)[2]
    assert "neither offered nor a trusted root" in text


def test_one_that_is_signed_twice_replaces_itself() -> None:
    it = store()
    csr = asked(it).csr
    it.signed(certify(csr), None, NOW, 10_000)
    text = certify(csr, valid_for=timedelta(days=50))
    second = it.signed(text, Signing.V2G, NOW, 10_000)
    assert it.own == (second,)
    assert it.signed(text, None, NOW, 10_000) == second


def test_each_request_has_a_key_of_its_own_and_late_answers_count() -> None:
    it = store()
    first, second = asked(it), asked(it)  # the same chance twice
    assert first.key.public_key() != second.key.public_key()
    own = it.signed(certify(first.csr), None, NOW, 10_000)
    assert [each.csr for each in it.pending] == [second.csr]
    newer = it.signed(certify(second.csr, not_before=NOW), None, NOW, 10_000)
    assert it.own == (own, newer)
    assert it.v2g_chain(NOW) == newer  # the newest by the start of validity (A02.FR.15)
    for _ in range(9):
        asked(it)
    assert len(it.pending) == 4
    assert it.waiting(Signing.V2G) == it.pending[-1]
    assert it.waiting(Signing.STATION) is None


def test_of_former_certificates_one_is_kept_to_fall_back_on() -> None:
    it = store()
    owned(it, valid_for=timedelta(days=9))
    second = owned(it, key_seed=2, not_before=NOW - timedelta(hours=2))
    third = owned(it, key_seed=3, not_before=NOW)
    kept = {serial_hex(own.leaf) for own in it.own}
    assert kept >= {serial_hex(third.leaf)}
    assert len(kept) == 2
    assert serial_hex(second.leaf) not in kept  # it began before the first


def test_renewal_is_due_a_month_ahead_or_after_two_thirds_of_a_short_life() -> None:
    it = store()
    own = owned(it, not_before=NOW)  # 60 days
    assert own.renewal_at == NOW + timedelta(days=40)
    long = owned(it, not_before=NOW, valid_for=timedelta(days=200), key_seed=2)
    assert long.renewal_at == NOW + timedelta(days=170)


# Keeping


class Full:
    """A keeper whose disk is full, from a moment on."""

    def __init__(self) -> None:
        self.full = False
        self.kept: list[Held] = []

    def save(self, held: Held) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.kept.append(held)


def test_what_cannot_be_kept_is_not_there() -> None:
    keeper = Full()
    it = CertificateStore(Held(), keeper)
    it.install(Use.V2G_ROOT, pem(root()), NOW, 9)
    csr = asked(it).csr
    keeper.full = True
    acts = (
        lambda: it.install(Use.MO_ROOT, pem(root("MO")), NOW, 9),
        lambda: it.delete(hash_data(root(), root()), Use),
        lambda: it.request(Signing.V2G, SECC, Chance(2)),
        lambda: it.signed(certify(csr), None, NOW, 10_000),
    )
    for act in acts:
        status, reason, text = refused(act)
        assert (status, reason) == ("Failed", "OutOfStorage")
        assert "No space left" in text
    assert (it.entries, len(it.pending), it.own) == (1, 1, ())
    assert len(keeper.kept) == 2


def test_keys_are_shown_by_nothing() -> None:
    it = store()
    own = owned(it)
    pending = asked(it, seed=4)
    for key, shown in ((own.key, repr(own)), (pending.key, repr(pending))):
        assert "key=" not in shown
        assert str(key.private_numbers().private_value) not in shown  # type: ignore[union-attr]
