"""When the CSMS is asked for certificates and their status, and when no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ocpp.v201.call as ask
import pytest

from simulator.kernel.clock import Clock, parse_rfc3339
from simulator.kernel.journal import Journal
from simulator.pki.certificates import pem
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.config import PncConfig
from simulator.station.core import SecurityEvent
from simulator.station.run import Station
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import certify, factory_roots, root
from tests.simulator.station.csms import Csms, actions, calls, events, flaws, sent, world

V201 = OcppVersion.V201
CALM = 86_400  # a heartbeat a day: these tests last for months
PNC: dict[str, Any] = {
    "pnc": PncConfig(),
    "certificates": factory_roots(),
    "interval_s": CALM,
}
FAST = {"cert_signing_wait_s": "10", "cert_signing_repeats": "1"}
DAY_S = 86_400.0


async def trigger(csms: Csms, what: str = "SignV2GCertificate") -> None:
    assert (await csms.call(ask.TriggerMessage(what))).status == "Accepted"


async def signed(csms: Csms, chain: str) -> str:
    return str((await csms.call(ask.CertificateSigned(chain, "V2GCertificate"))).status)


async def renew(csms: Csms, journal: Journal, clock: Clock, **how: Any) -> None:
    """Answer the last request with a certificate."""
    csr = sent(journal, "SignCertificate")[-1]["csr"]
    assert await signed(csms, certify(csr, now=clock.now(), **how)) == "Accepted"
    await clock.sleep(1)


async def variable(csms: Csms, name: str) -> str:
    data = {"component": {"name": "ISO15118Ctrlr"}, "variable": {"name": name}}
    answer = await csms.call(ask.GetVariables([data]))
    return str(answer.get_variable_result[0]["attribute_value"])


def times(journal: Journal, action: str = "SignCertificate") -> list[float]:
    """When an action was sent, in seconds after its first time."""
    at = [parse_rfc3339(r["at"]) for r in calls(journal) if r["action"] == action]
    return [round((each - at[0]).total_seconds(), 1) for each in at]


async def test_a_csms_that_never_signs_is_asked_at_doubled_intervals_then_no_more(
    clock: Clock, journal: Journal
) -> None:
    """TC_A_23, A02.FR.17 to FR.19."""
    async with world(clock, journal, V201, settings=FAST, **PNC) as (_, csms):
        await trigger(csms)
        await clock.sleep(10 * DAY_S)
        assert times(journal) == [0.0, 10.0, 30.0]
        assert len({each["csr"] for each in sent(journal, "SignCertificate")}) == 1
        await renew(csms, journal, clock)  # the first request is as good as the last
        await trigger(csms)
        await clock.sleep(60)
        assert len(times(journal)) == 6
    assert [event["times"] for event in events(journal, "certificate.given_up")] == [3, 3]
    assert flaws(journal) == []


async def test_a_wait_of_zero_leaves_it_to_the_csms(clock: Clock, journal: Journal) -> None:
    settings = {"cert_signing_wait_s": "0"}
    async with world(clock, journal, V201, settings=settings, **PNC) as (_, csms):
        await trigger(csms)
        await clock.sleep(DAY_S)
    assert len(times(journal)) == 1


async def test_with_the_certificate_the_repetition_ends(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (_, csms):
        await trigger(csms)
        await clock.sleep(1)
        await renew(csms, journal, clock)
        await clock.sleep(DAY_S)
    assert len(times(journal)) == 1


async def test_a_csms_that_signs_twice(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (station, csms):
        await trigger(csms)
        await clock.sleep(15)
        csrs = [each["csr"] for each in sent(journal, "SignCertificate")]
        for csr in csrs:
            assert await signed(csms, certify(csr)) == "Accepted"
        assert len(station.core.certificates.own) == 1  # type: ignore[union-attr]
        await clock.sleep(DAY_S)
    assert len(csrs) == 2
    assert "SecurityEventNotification" not in actions(journal)


async def test_a_csms_that_sends_anothers_chain_is_asked_no_more(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (_, csms):
        await trigger(csms)
        await clock.sleep(1)
        await trigger(csms, "SignChargingStationCertificate")
        await clock.sleep(1)
        station_csr = sent(journal, "SignCertificate")[1]["csr"]
        assert await signed(csms, certify(station_csr, Signing.STATION)) == "Rejected"
        await clock.sleep(DAY_S)
    types = [each["certificateType"] for each in sent(journal, "SignCertificate")]
    assert types.count("V2GCertificate") == 1
    assert types.count("ChargingStationCertificate") == 3  # that request was not answered
    assert len(sent(journal, "SecurityEventNotification")) == 1


@pytest.mark.parametrize("broken", [False, True])
async def test_a_refusal_turns_pnc_off_until_reboot(
    clock: Clock, journal: Journal, broken: bool
) -> None:
    """A02.FR.21."""
    async with world(clock, journal, V201, settings=FAST, **PNC) as (station, csms):
        csms.answers["SignCertificate"] = {
            "status": "Rejected",
            "status_info": {"reason_code": "InvalidCSR"},
        }
        if broken:
            csms.broken.add("SignCertificate")
        assert station.core.pnc_enabled
        await trigger(csms)
        await clock.sleep(DAY_S)
        assert len(times(journal)) == 1
        assert not station.core.pnc_enabled
        assert await variable(csms, "PnCEnabled") == "false"
        await station.reset()
        await clock.sleep(30)
        await station.wait_ready(60)
        assert station.core.pnc_enabled
        assert await variable(csms, "PnCEnabled") == "true"
    refused = events(journal, "certificate.refused")
    assert [event["pnc_suspended"] for event in refused] == [True]
    assert ("InvalidCSR" in refused[0]["why"]) is not broken


async def test_what_the_csms_sets_outranks_the_suspension(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **PNC) as (station, csms):
        csms.answers["SignCertificate"] = {"status": "Rejected"}
        await trigger(csms)
        await clock.sleep(1)
        data: dict[str, Any] = {"component": {"name": "ISO15118Ctrlr"}, "attribute_value": "true"}
        await csms.call(ask.SetVariables([data | {"variable": {"name": "PnCEnabled"}}]))
        await clock.sleep(1)
        assert station.core.pnc_enabled


async def test_a_refused_station_certificate_leaves_pnc_alone(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, **PNC) as (station, csms):
        csms.answers["SignCertificate"] = {"status": "Rejected"}
        await trigger(csms, "SignChargingStationCertificate")
        await clock.sleep(DAY_S)
        assert station.core.pnc_enabled
    assert len(times(journal)) == 1


async def test_a_csms_that_never_answers_is_asked_again_too(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (station, csms):
        csms.silent.add("SignCertificate")
        await trigger(csms)
        await clock.sleep(DAY_S)
        assert station.core.pnc_enabled
    assert times(journal) == [0.0, 40.0, 90.0]  # each waits its 30 s for an answer


async def test_a_request_made_offline_goes_out_when_the_link_is_back(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (station, csms):
        csms.silent.add("SignCertificate")
        await trigger(csms)
        await clock.sleep(1)
        await station.offline()
        await clock.sleep(DAY_S)
        assert len(times(journal)) == 1
        csms.silent.clear()
        await station.online()
        await clock.sleep(30)
        assert len(times(journal)) > 1
        await renew(csms, journal, clock)


async def test_a_power_cut_forgets_neither_keys_nor_how_often_was_asked(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (station, csms):
        await trigger(csms)
        await clock.sleep(15)
        assert len(times(journal)) == 2
        await station.power_cut(100)
        await clock.sleep(DAY_S)
        assert len(times(journal)) == 3
        await renew(csms, journal, clock)
        await station.power_cut(100)
        await clock.sleep(200)
        assert station.core.certificates.usable(clock.now())  # type: ignore[union-attr]
        await trigger(csms)
        await clock.sleep(1)
    assert len({each["csr"] for each in sent(journal, "SignCertificate")}) == 2


async def test_renewal_comes_before_the_end(clock: Clock, journal: Journal) -> None:
    """A03.FR.02: a month ahead of 200 days."""
    async with world(clock, journal, V201, **PNC) as (station, csms):
        await trigger(csms)
        await clock.sleep(1)
        await renew(csms, journal, clock, valid_for=timedelta(days=200))
        await clock.sleep(169 * DAY_S)
        assert len(times(journal)) == 1
        await clock.sleep(2 * DAY_S)
        assert sent(journal, "SignCertificate")[1]["certificateType"] == "V2GCertificate"
        await renew(csms, journal, clock, valid_for=timedelta(days=190))
        assert len(station.core.certificates.own) == 2  # type: ignore[union-attr]
        await clock.sleep(DAY_S)
    assert len({each["csr"] for each in sent(journal, "SignCertificate")}) == 2


async def test_renewal_falls_due_while_off(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **PNC) as (station, csms):
        await trigger(csms)
        await clock.sleep(1)
        await renew(csms, journal, clock)
        await station.offline()
        await clock.sleep(50 * DAY_S)
        assert len(times(journal)) == 1
        await station.online()
        await clock.sleep(60)
        assert len({each["csr"] for each in sent(journal, "SignCertificate")}) == 2


async def test_a_ca_that_gives_certificates_about_to_end_makes_no_storm(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, **PNC) as (_, csms):
        await trigger(csms)
        await clock.sleep(1)
        begun = clock.now() - timedelta(days=59)
        for _ in range(3):
            count = len(times(journal))
            await renew(
                csms, journal, clock, not_before=begun, valid_for=timedelta(days=59, hours=3)
            )
            await clock.sleep(50)
            assert len(times(journal)) == count
            await clock.sleep(3600)
    assert len(times(journal)) < 20


async def test_a_station_may_enrol_by_itself_once_it_has_a_root(
    clock: Clock, journal: Journal
) -> None:
    pnc = PncConfig(enrols=True)
    async with world(clock, journal, V201, pnc=pnc, interval_s=CALM) as (station, csms):
        await clock.sleep(60)
        assert "SignCertificate" not in actions(journal)
        await csms.call(ask.InstallCertificate(Use.V2G_ROOT.value, pem(root())))
        await clock.sleep(1)
        await renew(csms, journal, clock)
        assert station.core.certificates.usable(clock.now())  # type: ignore[union-attr]
        await clock.sleep(DAY_S)
    assert len(times(journal)) == 1


async def test_a_renewal_falls_due_though_an_earlier_request_was_given_up(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (_, csms):
        await with_chain(csms, journal, clock)
        await trigger(csms)
        await clock.sleep(39 * DAY_S)
        assert len(times(journal)) == 4
        await clock.sleep(2 * DAY_S)  # 40 days of 60 have passed
        assert len(times(journal)) == 7
        await clock.sleep(9 * DAY_S)
    assert len(times(journal)) == 7
    assert len({each["csr"] for each in sent(journal, "SignCertificate")}) == 3


# GetCertificateStatus


async def with_chain(csms: Csms, journal: Journal, clock: Clock) -> None:
    await trigger(csms)
    await clock.sleep(1)
    await renew(csms, journal, clock)
    await clock.sleep(1)


def statuses(station: Station) -> list[str | None]:
    store = station.core.certificates
    assert store is not None
    return [status.result for status in store.statuses.values()]


async def test_the_status_of_each_certificate_is_fetched_and_weekly_again(
    clock: Clock, journal: Journal
) -> None:
    """M06.FR.06, FR.07, FR.10; TC_M_24."""
    async with world(clock, journal, V201, **PNC) as (station, csms):
        csms.answers["GetCertificateStatus"] = {"status": "Accepted", "ocsp_result": "MAo="}
        await with_chain(csms, journal, clock)
        assert statuses(station) == ["MAo="] * 3
        await clock.sleep(15 * DAY_S)
        assert times(journal, "GetCertificateStatus")[::3] == pytest.approx(
            [0, 7 * DAY_S, 14 * DAY_S], abs=2
        )
    assert flaws(journal) == []


@pytest.mark.parametrize("answer", [{"status": "Failed"}, {"status": "Accepted"}, None])
async def test_a_status_that_cannot_be_had_is_asked_for_daily(
    clock: Clock, journal: Journal, answer: dict[str, Any] | None
) -> None:
    """TC_M_25; also without the result that Accepted should bring, and with an error."""
    async with world(clock, journal, V201, **PNC) as (station, csms):
        if answer is None:
            csms.broken.add("GetCertificateStatus")
        else:
            csms.answers["GetCertificateStatus"] = answer
        await with_chain(csms, journal, clock)
        assert statuses(station) == [None] * 3
        await clock.sleep(2.5 * DAY_S)
        assert len(times(journal, "GetCertificateStatus")) == 9
    assert len(events(journal, "certificate.status_missing")) == 9


async def test_without_pnc_no_status_is_asked_for(clock: Clock, journal: Journal) -> None:
    settings = {"pnc_enabled": "false"}
    async with world(clock, journal, V201, settings=settings, **PNC) as (_, csms):
        await with_chain(csms, journal, clock)
        await clock.sleep(DAY_S)
        assert "GetCertificateStatus" not in actions(journal)
        data: dict[str, Any] = {"component": {"name": "ISO15118Ctrlr"}, "attribute_value": "true"}
        await csms.call(ask.SetVariables([data | {"variable": {"name": "PnCEnabled"}}]))
        await clock.sleep(1)
        assert len(times(journal, "GetCertificateStatus")) == 3


# SecurityEventNotification


async def test_a_security_event_waits_for_the_link(clock: Clock, journal: Journal) -> None:
    async with world(clock, journal, V201, **PNC) as (station, _csms):
        keeping = station._board.certificates
        assert keeping is not None
        await station.offline()
        await clock.sleep(1)
        keeping.perform(SecurityEvent("InvalidChargingStationCertificate", "x" * 300))
        await clock.sleep(60)
        assert "SecurityEventNotification" not in actions(journal)
        await station.online()
        await clock.sleep(30)
        await station.offline()
        await station.online()
        await clock.sleep(30)
    told = sent(journal, "SecurityEventNotification")
    assert [len(each["techInfo"]) for each in told] == [255]
    assert flaws(journal) == []


async def test_nothing_is_due_while_the_link_is_down_or_after_the_end(
    clock: Clock, journal: Journal
) -> None:
    async with world(clock, journal, V201, settings=FAST, **PNC) as (station, csms):
        keeping = station._board.certificates
        assert keeping is not None
        await with_chain(csms, journal, clock)
        await trigger(csms)
        await clock.sleep(1)
        assert len(keeping._timers) == 3  # the request, the renewal, the status
        await station.offline()
        await clock.sleep(1)
        assert len(keeping._timers) == 0
        await station.online()
        await clock.sleep(30)
        assert len(keeping._timers) == 2  # the request was given up
        await station.power_cut(10)
        assert len(keeping._timers) == 0


async def test_while_pending_a_request_may_be_triggered(clock: Clock, journal: Journal) -> None:
    """B02: the CSMS can have the certificate renewed before it accepts the station."""
    async with world(clock, journal, V201, ready=False, **PNC) as (station, csms):
        csms.boots.append(("Pending", 600))
        await station.start()
        await clock.sleep(5)
        await trigger(csms)
        await clock.sleep(1)
        await renew(csms, journal, clock)
        assert "GetCertificateStatus" not in actions(journal)  # nobody has triggered that
        await clock.sleep(700)
    assert len(times(journal)) == 1
    assert len(times(journal, "GetCertificateStatus")) == 3
    assert flaws(journal) == []


@pytest.mark.parametrize(("profile", "reconnects"), [("1", 0), ("3", 1)])
async def test_a_new_certificate_for_the_csms_is_used_at_once(
    clock: Clock, journal: Journal, profile: str, reconnects: int
) -> None:
    """A02.FR.08: by a new connection, where the CSMS is shown one at all."""
    async with world(clock, journal, V201, **PNC) as (station, csms):
        keeping, seen = station._board.certificates, []
        assert keeping is not None
        keeping._reconnect = lambda: seen.append("reconnect")
        station.memory.settings.set("security_profile", profile)
        await trigger(csms, "SignChargingStationCertificate")
        await clock.sleep(1)
        chain = certify(sent(journal, "SignCertificate")[0]["csr"], Signing.STATION)
        answer = await csms.call(ask.CertificateSigned(chain, "ChargingStationCertificate"))
        assert answer.status == "Accepted"
        await clock.sleep(1)
        await trigger(csms)
        await clock.sleep(1)
        await renew(csms, journal, clock)  # one for cars changes nothing
        csr = sent(journal, "SignCertificate")[-1]["csr"]
        assert "CERTIFICATE REQUEST" in csr
    assert len(seen) == reconnects
