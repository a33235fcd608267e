"""Which files of a PKI serve which end of a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import DEFAULT_START as NOW
from simulator.pki.certificates import common_name, read_chain
from simulator.pki.keys import PkiError
from simulator.pki.links import server_tls, station_tls
from simulator.pki.store import Pki
from simulator.wire.tls import Tls, TlsFiles


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return Pki.create(Chance(1), NOW, directory=tmp_path / "pki")


def name_of(tls: Tls) -> str:
    assert isinstance(tls.identity, TlsFiles)
    assert tls.identity.key.stat().st_mode & 0o777 == 0o600
    return common_name(read_chain(tls.identity.certificate.read_text())[0])


def test_a_server_shows_what_is_for_its_host(pki: Pki) -> None:
    assert name_of(server_tls(pki)) == "localhost"
    assert name_of(server_tls(pki, "::1")) == "localhost"
    assert name_of(server_tls(pki, "localhost")) == "localhost"
    with pytest.raises(PkiError, match=r"for 10\.0\.0\.1; roamlab pki issue server NAME --san 10"):
        server_tls(pki, "10.0.0.1")
    pki.issue("CSMS", "far", NOW, Chance(2), san=["10.0.0.1", "far.example"])
    assert name_of(server_tls(pki, "10.0.0.1")) == "far"
    assert name_of(server_tls(pki, "far.example")) == "far"
    assert name_of(server_tls(pki)) == "localhost"
    assert name_of(server_tls(pki, "0.0.0.0")) == "far"
    pki.revoke("far", NOW)
    with pytest.raises(PkiError):
        server_tls(pki, "10.0.0.1")


def test_a_station_shows_what_bears_its_id(pki: Pki) -> None:
    assert station_tls(pki, "CP1").identity is None
    with pytest.raises(PkiError, match="roamlab pki issue station CP1 makes one"):
        station_tls(pki, "CP1", client_certificate=True)
    first = pki.issue("CHARGING_STATION", "CP1", NOW, Chance(3))
    second = pki.issue("CHARGING_STATION", "CP1", NOW, Chance(4))
    pki.issue("CHARGING_STATION", "CP2", NOW, Chance(5))
    tls = station_tls(pki, "CP1")
    assert name_of(tls) == "CP1"
    assert isinstance(tls.identity, TlsFiles)
    shown = read_chain(tls.identity.certificate.read_text())[0]
    assert shown == second.certificate != first.certificate
    assert station_tls(pki, "CP1", client_certificate=False).identity is None


def test_what_was_signed_for_somebody_else_is_not_ours(pki: Pki, tmp_path: Path) -> None:
    from simulator.station.certificate_kinds import Signing
    from simulator.station.signing_request import Subject, fresh_key, new_request

    request = new_request(Signing.STATION, Subject("CP9", "o"), fresh_key(Chance(6), set()))
    pki.sign_csr(request.csr, "CHARGING_STATION", NOW, Chance(7))
    assert station_tls(pki, "CP9").identity is None


def test_all_trust_the_root(pki: Pki) -> None:
    tls = server_tls(pki)
    assert tls.ca == station_tls(pki, "CP1").ca
    assert isinstance(tls.ca, Path)
    assert read_chain(tls.ca.read_text()) == pki.roots("CSMS")


def test_a_pki_in_memory_has_no_files() -> None:
    with pytest.raises(PkiError, match="in memory"):
        server_tls(Pki.create(Chance(1), NOW))
