"""TLS to the CSMS: profiles, what the store changes, and both sides' words when it fails."""

from __future__ import annotations

import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Mistake
from simulator.pki.certificates import pem_chain
from simulator.station.config import Delivered, StationConfig, StationError
from simulator.station.csms_tls import delivered
from simulator.station.run import Station
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_ws import Admission, Knock
from simulator.wire.tls import Tls, TlsFiles, TlsPem, client_name
from tests.simulator.station.certificate_box import NOW, box
from tests.simulator.station.tls_csms import (
    OTHER,
    PASSWORD,
    Csms,
    ca,
    client_identity,
    meeting,
    server_identity,
    told,
)

OLD: dict[str, Any] = {"not_before": NOW - timedelta(days=9), "valid_for": timedelta(days=200)}


# Good


@pytest.mark.parametrize("version", [OcppVersion.V16, OcppVersion.V201])
@pytest.mark.parametrize("profile", [2, 3])
async def test_profiles_2_and_3(
    clock: Clock, journal: Journal, version: OcppVersion, profile: int
) -> None:
    tls = Tls(client_identity() if profile == 3 else None, ca())
    async with meeting(clock, journal, profile, tls, version=version) as (it, csms):
        await it.wait_ready(5)
        shown = "CP1" if profile == 3 else None
        password = PASSWORD if profile == 2 else None
        assert csms.knocks == [Knock("CP1", password, shown, tls=True)]
        assert it.memory.settings.text("security_profile") == str(profile)


def config_of(url: str = "wss://127.0.0.1:9000/ocpp", **said: Any) -> StationConfig:
    return StationConfig("CP1", OcppVersion.V201, url, **said)


def test_the_profile_follows_from_what_there_is() -> None:
    plain = "ws://127.0.0.1:9000/ocpp"
    assert config_of(plain).profile == 0
    assert config_of(plain, basic_password=PASSWORD).profile == 1
    assert config_of(basic_password=PASSWORD).profile == 2
    assert config_of(tls=Tls(client_identity())).profile == 3
    given = (Delivered("ChargingStationCertificate", "", ""),)
    assert config_of(certificates=given).profile == 3
    assert config_of(security_profile=3, certificate_directory=Path("d")).profile == 3


@pytest.mark.parametrize(
    ("url", "said", "words"),
    [
        ("ws", {"security_profile": 2, "basic_password": PASSWORD}, "2 is over TLS: expected wss"),
        ("wss", {"security_profile": 1, "basic_password": PASSWORD}, "in plain text: expected ws:"),
        ("wss", {"security_profile": 2}, "security profile 2 needs a password"),
        ("ws", {"security_profile": 1}, "security profile 1 needs a password"),
        ("wss", {"security_profile": 3}, "security profile 3 needs a client certificate"),
        ("wss", {"security_profile": 4}, "expected 0, 1, 2 or 3"),
    ],
)
def test_contradictions_are_refused(url: str, said: dict[str, Any], words: str) -> None:
    with pytest.raises(StationError, match=words):
        config_of(f"{url}://127.0.0.1:9000/ocpp", **said).check()


def test_files_are_what_the_store_is_delivered_with() -> None:
    tls = Tls(client_identity(), ca())
    uses = [part.use for part in delivered(config_of(tls=tls))]
    assert uses == ["CSMSRootCertificate", "ChargingStationCertificate"]
    # Of an authority that the station does not know: used, but not kept as its own.
    strange = Tls(client_identity(seed=OTHER), ca())
    assert [part.use for part in delivered(config_of(tls=strange))] == ["CSMSRootCertificate"]
    assert delivered(config_of("ws://127.0.0.1:9000/ocpp", tls=tls)) == ()
    many = Tls(ca=ca() * 11)
    assert delivered(config_of(tls=many)) == ()


# Bad: who is told what


@pytest.mark.parametrize(
    ("csms", "why"),
    [
        (Tls(server_identity(OTHER), ca()), "self-signed certificate in certificate chain|unable"),
        (Tls(server_identity(san=["127.0.0.2"]), ca()), "not valid for '127.0.0.1'"),
        (Tls(server_identity(san=["csms.example"]), ca()), "not valid for '127.0.0.1'"),
        (
            Tls(
                server_identity(not_before=NOW - timedelta(days=9), valid_for=timedelta(days=2)),
                ca(),
            ),
            "certificate has expired: CN=csms|expired",
        ),
    ],
    ids=["wrong-ca", "wrong-address", "wrong-name", "expired"],
)
async def test_a_station_does_not_believe_its_csms(
    clock: Clock, journal: Journal, csms: Tls, why: str
) -> None:
    async with meeting(clock, journal, 2, Tls(ca=ca()), csms) as (it, there):
        with pytest.raises(TimeoutError):
            await it.wait_ready(40)
        assert there.knocks == []
    failed = told(journal, "ocpp.connect_failed")
    assert len(failed) >= 2  # it tries on, at its pace
    assert all(re.search(why, each["error"]) for each in failed)
    assert told(journal, "tls.refused")[0]["link"] == "ocpp"
    (event,) = told(journal, "security.event")  # once, however often it tries
    assert event["kind"] == "InvalidCsmsCertificate"
    assert re.search(why, event["info"])


@pytest.mark.parametrize(
    ("shown", "here", "there"),
    [
        (client_identity(seed=OTHER), "another client certificate", "unable to get|self-signed"),
        (
            client_identity(not_before=NOW - timedelta(days=9), valid_for=timedelta(days=2)),
            "another client certificate",
            "certificate has expired",
        ),
        (client_identity("CP2"), "401", None),
    ],
    ids=["wrong-ca", "expired", "wrong-name"],
)
async def test_a_csms_does_not_believe_its_station(
    clock: Clock, journal: Journal, shown: TlsPem, here: str, there: str | None
) -> None:
    async with meeting(clock, journal, 3, Tls(shown, ca())) as (it, csms):
        with pytest.raises(TimeoutError):
            await it.wait_ready(40)
        if there is None:
            assert csms.refused[0] == "the client certificate is that of 'CP2'"
        else:
            assert re.search(there, told(journal, "tls.refused")[0]["why"])
    failed = told(journal, "ocpp.connect_failed")
    assert len(failed) >= 2
    assert here in failed[0]["error"]


async def test_no_client_certificate_is_said_on_both_sides(
    clock: Clock, journal: Journal, tmp_path: Path
) -> None:
    bare = meeting(clock, journal, 3, Tls(ca=ca()), certificate_directory=tmp_path)
    async with bare as (it, csms):
        with pytest.raises(TimeoutError):
            await it.wait_ready(20)
        assert csms.refused[0] == "security profile 3 needs a client certificate"
    assert told(journal, "certificate.missing")[0] == {"type": "ChargingStationCertificate"}
    assert "401" in told(journal, "ocpp.connect_failed")[0]["error"]


async def test_the_csms_hears_of_it_later(clock: Clock, journal: Journal) -> None:
    """Back with a good certificate, it is told that it had a bad one (A04)."""
    bad = Tls(server_identity(san=["127.0.0.2"]), ca())
    async with meeting(clock, journal, 2, Tls(ca=ca()), bad) as (it, csms):
        await clock.sleep(1)
        await csms.server.stop()
        entry = csms.entry
        good = Csms(clock, journal, entry, Tls(server_identity(), ca()))
        good.server.port = csms.server.port
        await good.server.start()
        await it.wait_ready(60)
        await clock.sleep(1)
        (event,) = good.asked("SecurityEventNotification")
        assert event["type"] == "InvalidCsmsCertificate"
        assert "127.0.0.1" in event["techInfo"]
        await it.stop()
        await good.server.stop()


# What changes while it runs


async def test_a_new_root_serves_the_next_connection(clock: Clock, journal: Journal) -> None:
    async with meeting(clock, journal, 2, Tls(ca=ca())) as (it, csms):
        await it.wait_ready(5)
        await csms.call(
            "InstallCertificate", certificateType="CSMSRootCertificate", certificate=ca(OTHER)
        )
        port = csms.server.port
        await csms.server.stop()
        moved = Csms(clock, journal, csms.entry, Tls(server_identity(OTHER), ca(OTHER)))
        moved.server.port = port
        await moved.server.start()
        await clock.sleep(60)
        assert moved.knocks
        await it.wait_ready(60)
        await it.stop()
        await moved.server.stop()
    assert not told(journal, "security.event")


@pytest.fixture
def serials(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The serial numbers of the client certificates that a CSMS is shown, in their order."""
    seen: list[int] = []

    def spy(tls: ssl.SSLObject | None) -> str | None:
        shown = tls.getpeercert(binary_form=True) if tls is not None else None
        if shown:
            seen.append(x509.load_der_x509_certificate(shown).serial_number)
        return client_name(tls)

    monkeypatch.setattr("simulator.wire.ocpp_server.client_name", spy)
    return seen


async def renewed(csms: Csms, **how: Any) -> None:
    """Let the station ask for a certificate, and give it one."""
    await csms.call("TriggerMessage", requestedMessage="SignChargingStationCertificate")
    await csms._clock.sleep(1)
    csr = csms.asked("SignCertificate")[-1]["csr"]
    chain = box().sign_csr(csr, "CHARGING_STATION", NOW, Chance(11).child(csr), **how)
    answer = await csms.call("CertificateSigned", certificateChain=pem_chain(chain))
    assert answer["status"] == "Accepted"


async def test_a_renewed_certificate_is_shown_at_once(
    clock: Clock, journal: Journal, serials: list[int]
) -> None:
    async with meeting(clock, journal, 3, Tls(client_identity(**OLD), ca())) as (it, csms):
        await it.wait_ready(5)
        store = it.memory.certificates
        assert store is not None
        before = store.own[0].leaf.serial_number
        await renewed(csms)
        await clock.sleep(1)  # no back-off: the link was closed to come back
        await it.wait_ready(1)
        newest = store.station_certificate(clock.now())
        assert newest is not None
        assert serials == [before, newest.leaf.serial_number]
        assert before != newest.leaf.serial_number
    assert not told(journal, "certificate.fell_back")


async def test_the_former_certificate_until_the_new_one_works(
    clock: Clock, journal: Journal, serials: list[int]
) -> None:
    """A CSMS that does not take what it has had signed is shown the one before (A02)."""
    async with meeting(clock, journal, 3, Tls(client_identity(**OLD), ca())) as (it, csms):
        await it.wait_ready(5)
        store = it.memory.certificates
        assert store is not None
        admit = csms.server._accept
        before = store.own[0].leaf.serial_number

        def accept(knock: Knock) -> Any:
            return admit(knock) if serials[-1] == before else Admission.UNAUTHORIZED

        csms.server._accept = accept
        await renewed(csms)
        await it.wait_ready(60)
        await clock.sleep(60)
        newest = store.station_certificate(clock.now())
        assert newest is not None
        assert serials == [before, newest.leaf.serial_number, before]
        assert told(journal, "certificate.fell_back") == [{"age": 1}]
        assert len(store.own) == 2  # both are kept
        await it.offline()
        await it.online()
        await clock.sleep(1)
        assert serials[-1] == newest.leaf.serial_number  # the next time the new one comes first


async def test_files_renewed_on_disk_serve_the_next_connection(
    clock: Clock, journal: Journal, tmp_path: Path
) -> None:
    files = TlsFiles(tmp_path / "c.pem", tmp_path / "k.pem")

    def write(identity: TlsPem) -> None:
        files.certificate.write_text(identity.certificate)
        files.key.write_text(identity.key)

    # Of an authority that only the CSMS knows: it stays in its files.
    write(client_identity("CP2", seed=OTHER))
    csms_tls = Tls(server_identity(), ca() + ca(OTHER))
    async with meeting(clock, journal, 3, Tls(files, ca()), csms_tls) as (it, csms):
        await clock.sleep(1)
        assert csms.refused == ["the client certificate is that of 'CP2'"]
        write(client_identity("CP1", seed=OTHER))
        await it.wait_ready(60)
        assert csms.knocks[-1].certificate_name == "CP1"


def test_files_that_are_none_are_told_when_the_station_is_built(
    clock: Clock, journal: Journal, tmp_path: Path
) -> None:
    config = config_of(tls=Tls(ca=tmp_path / "none.pem"))
    with pytest.raises(Mistake, match=r"none\.pem"):
        Station(config, clock=clock, chance=Chance(1), journal=journal)
