"""Our CSMS, and roamlab's stations at it."""

import pytest

pytestmark = pytest.mark.roamlab_world("worlds/stations.yaml")


@pytest.fixture
def roamlab_change(csms):
    return {"/cpo/outside/csms": csms}


def test_a_card_charges(roamlab, station, journal):
    journal.expect(ocpp="BootNotification", answer={"/status": "Accepted"})
    station("CP001").start(token="04A1B2C3D4E5F6", car="van")
    begun = journal.expect(ocpp="StartTransaction", answer={"/idTagInfo/status": "Accepted"})
    roamlab.advance("2 s")
    station("CP001").stop()
    ended = journal.expect(ocpp="StopTransaction", where={"/meterStop": {"gt": 0}}, within="5 s")
    assert ended["request"]["transactionId"] == begun["answer"]["transactionId"]
    journal.never(finding="*")


def test_a_blocked_card_does_not(station, journal):
    station("CP001").plug(car="van")
    assert station("CP001").tap(token="04C1B2C3D4E5F6") is False
    journal.expect(ocpp="Authorize", answer={"/idTagInfo/status": "Blocked"})
    journal.never(ocpp="StartTransaction", for_="500 ms")
