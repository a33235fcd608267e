"""The words about certificates."""

from __future__ import annotations

from simulator.station.certificate_kinds import ISO_15118, ROOTS, Refused, Signing, Use
from simulator.station.config import DELIVERABLE


def test_the_words_are_those_of_the_standards() -> None:
    assert {*ROOTS, Use.V2G_CHAIN} == set(Use)
    assert set(ISO_15118) == {"V2GRootCertificate", "MORootCertificate", "V2GCertificateChain"}
    assert set(DELIVERABLE) == {*map(str, ROOTS), *map(str, Signing)}


def test_who_is_shown_which() -> None:
    assert [(each.for_cars, each.for_csms) for each in Signing] == [
        (True, False),
        (False, True),
        (True, True),
    ]


def test_a_refusal_fits_into_status_info() -> None:
    refused = Refused("r" * 30, "t" * 600)
    assert (refused.status, len(refused.reason), len(refused.text)) == ("Rejected", 20, 512)
