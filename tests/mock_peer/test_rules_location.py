"""Rules of locations, EVSEs and connectors."""

from __future__ import annotations

import pytest

from mock_peer.known import Known, KnownLocation, KnownTariff
from mock_peer.rule import Occasion as On
from mock_peer.rule import Severity
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case, asked, check, known, verdict
from tests.mock_peer.test_rules_cdr import pnc_cdr

EVSE_IDS = {"location_id": "LOC1", "evse_uid": "LOC1-1"}
CONNECTOR_IDS = {**EVSE_IDS, "connector_id": "1"}
PNC = "ISO_15118_2_PLUG_AND_CHARGE"


def with_profile_tariff() -> Known:
    made = known()
    made.take_tariff("P1", KnownTariff(o.tariff("P1", type="AD_HOC_PAYMENT"), o.NOW))
    return made


def with_pnc_connector() -> Known:
    made = asked(verdict(token=o.PNC))()
    body = o.location(evses=[o.evse(connectors=[o.connector(capabilities=[PNC])])])
    made.take_location(KnownLocation(body, o.NOW))
    return made


CASES = [
    Case("location.valid", On.LOCATION, o.location(), o.location(country="DE"), "/country"),
    Case("location.valid", On.LOCATION, o.location(), o.location(publish="yes"), "/publish"),
    Case(
        "location.valid",
        On.LOCATION,
        o.location(),
        {k: v for k, v in o.location().items() if k != "city"},
        "/city",
    ),
    Case(
        "location.valid",
        On.LOCATION,
        o.location(time_zone="America/Argentina/Buenos_Aires"),
        o.location(time_zone="Mars/Base"),
        "/time_zone",
    ),
    Case(
        "location.valid",
        On.LOCATION_PATCH,
        {"time_zone": "Europe/Oslo", "last_updated": o.AT},
        {"time_zone": "../etc", "last_updated": o.AT},
        "/time_zone",
        ids={"location_id": "LOC1"},
    ),
    Case("location.valid", On.EVSE, o.evse(), o.evse(status="FREE"), "/status", ids=EVSE_IDS),
    Case(
        "location.valid",
        On.CONNECTOR,
        o.connector(),
        o.connector(max_voltage="230"),
        "/max_voltage",
        ids=CONNECTOR_IDS,
    ),
    Case(
        "location.valid",
        On.LOCATION_PATCH,
        {"name": "x", "last_updated": o.AT},
        {"name": "x"},
        "/last_updated",
        ids=EVSE_IDS,
    ),
    Case(
        "location.valid",
        On.EVSE_PATCH,
        {"status": "CHARGING", "last_updated": o.AT},
        {"status": "BUSY", "last_updated": o.AT},
        "/status",
        ids=EVSE_IDS,
    ),
    Case(
        "location.valid",
        On.CONNECTOR_PATCH,
        {"max_amperage": 16, "last_updated": o.AT},
        {"max_amperage": "16", "last_updated": o.AT},
        "/max_amperage",
        ids=CONNECTOR_IDS,
    ),
    Case("location.territory", On.LOCATION, o.location(), o.location(country="AUS"), "/country"),
    Case(
        "location.territory",
        On.LOCATION_PATCH,
        {"country": "FRA", "last_updated": o.AT},
        {"country": "AUS", "last_updated": o.AT},
        "/country",
        ids=EVSE_IDS,
    ),
    Case(
        "location.unique",
        On.LOCATION,
        o.location("LOC2"),
        o.location("LOC2", evses=[o.evse("LOC1-1", "DE*ABC*ELOC21")]),
        "/evses/0/uid",
    ),
    Case(
        "location.unique",
        On.LOCATION,
        o.location("LOC2"),
        o.location("LOC2", evses=[o.evse("LOC2-1", "de*abc*eloc11")]),
        "/evses/0/evse_id",
    ),
    Case(
        "location.unique",
        On.LOCATION,
        o.location(evses=[o.evse(), o.evse("LOC1-2", "DE*ABC*ELOC12")]),
        o.location(evses=[o.evse(), o.evse("LOC1-1", "DE*ABC*ELOC12")]),
        "/evses/1/uid",
    ),
    Case(
        "location.unique",
        On.LOCATION,
        o.location(),
        o.location(),
        "/id",
        ids={"location_id": "LOC9"},
        good_ids={"location_id": "loc1"},
    ),
    Case("location.unique", On.LOCATION, o.location(), o.location(party_id="XYZ"), "/id"),
    Case(
        "location.unique",
        On.EVSE,
        o.evse("E2", "DE*ABC*E2"),
        o.evse("E2", "DE*ABC*E2"),
        "",
        ids={"location_id": "LOC9", "evse_uid": "E2"},
        good_ids={"location_id": "LOC1", "evse_uid": "E2"},
    ),
    Case(
        "location.unique",
        On.CONNECTOR,
        o.connector("2"),
        o.connector("2"),
        "/id",
        ids={**EVSE_IDS, "connector_id": "3"},
        good_ids={**EVSE_IDS, "connector_id": "2"},
    ),
    Case(
        "location.unique",
        On.LOCATION_PATCH,
        {"last_updated": o.AT},
        {"last_updated": o.AT},
        "",
        ids={"location_id": "LOC9"},
        good_ids={"location_id": "LOC1"},
    ),
    Case(
        "location.unique",
        On.EVSE_PATCH,
        {"last_updated": o.AT},
        {"last_updated": o.AT},
        "",
        ids={"location_id": "LOC1", "evse_uid": "E9"},
        good_ids=EVSE_IDS,
    ),
    Case(
        "location.unique",
        On.CONNECTOR_PATCH,
        {"last_updated": o.AT},
        {"last_updated": o.AT},
        "",
        ids={**EVSE_IDS, "connector_id": "9"},
        good_ids=CONNECTOR_IDS,
    ),
    Case(
        "location.patch-scope",
        On.LOCATION_PATCH,
        {"name": "x", "last_updated": o.AT},
        {"evses": [o.evse()], "last_updated": o.AT},
        "/evses",
        ids=EVSE_IDS,
    ),
    Case(
        "location.patch-scope",
        On.EVSE_PATCH,
        {"status": "CHARGING", "last_updated": o.AT},
        {"connectors": [], "last_updated": o.AT},
        "/connectors",
        ids=EVSE_IDS,
    ),
    Case("location.publish", On.LOCATION, o.location(), o.location(publish=False), "/publish"),
    Case(
        "location.publish",
        On.LOCATION,
        o.location(),
        o.location(publish=False, publish_allowed_to=[{"uid": "1", "type": "RFID"}]),
        "/publish_allowed_to",
    ),
    Case(
        "location.publish",
        On.LOCATION_PATCH,
        {"publish": True, "last_updated": o.AT},
        {"publish": False, "last_updated": o.AT},
        "/publish",
        ids=EVSE_IDS,
    ),
    Case(
        "location.one-tariff",
        On.LOCATION,
        o.location(),
        o.location(evses=[o.evse(connectors=[o.connector(tariff_ids=["T1", "T2"])])]),
        "/evses/0/connectors/0/tariff_ids/1",
    ),
    Case(
        "location.one-tariff",
        On.EVSE,
        o.evse(),
        o.evse(connectors=[o.connector(tariff_ids=["P1", "T1"])]),
        "/connectors/0/tariff_ids/0",
        knows=with_profile_tariff,
        ids=EVSE_IDS,
    ),
    Case(
        "location.one-tariff",
        On.CONNECTOR,
        o.connector(),
        o.connector(tariff_ids=["P1"]),
        "/tariff_ids/0",
        knows=with_profile_tariff,
        ids=CONNECTOR_IDS,
    ),
    Case(
        "location.pnc-capability",
        On.LOCATION,
        o.location(evses=[o.evse(connectors=[o.connector(capabilities=[PNC])])]),
        o.location(evses=[o.evse(capabilities=[PNC])]),
        "/evses/0/capabilities/0",
    ),
    Case(
        "location.pnc-capability",
        On.CONNECTOR,
        o.connector(capabilities=[PNC]),
        o.connector(capabilities=["PLUG_AND_CHARGE_CAPABLE"]),
        "/capabilities/0",
        ids=CONNECTOR_IDS,
    ),
    Case(
        "location.pnc-capability",
        On.CDR,
        pnc_cdr(),
        pnc_cdr(),
        "/cdr_location/connector_id",
        knows=asked(verdict(token=o.PNC)),
        good_knows=with_pnc_connector,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_a_capability_of_plug_and_charge_at_the_evse_is_no_invalid_enum() -> None:
    body = o.location(evses=[o.evse(capabilities=[PNC])])
    assert Case("location.valid", On.LOCATION, None, body, "").judged_bad() == []


def test_a_removed_evse_may_be_elsewhere() -> None:
    gone = o.evse("LOC1-1", "DE*ABC*ELOC11", status="REMOVED")
    case = Case("location.unique", On.LOCATION, o.location("LOC2", evses=[gone]), None, "")
    assert case.judged_good() == []


def test_the_unknown_parent_of_an_evse_is_answered_unknown_location() -> None:
    new = o.evse("E9", "DE*ABC*E9")
    case = Case("location.unique", On.EVSE, None, new, "", ids={"location_id": "LOC9"})
    assert [finding.status for finding in case.judged_bad()] == [2003]


def test_a_profile_changes_severity_and_territory() -> None:
    body = o.location(country="AUS")

    def judged(**profile: object) -> list[Severity]:
        case = Case("location.territory", On.LOCATION, None, body, "", profile=profile)
        return [finding.severity for finding in case.judged_bad()]

    assert judged() == [Severity.REJECT]
    assert judged(territory=("AUS",)) == []
    assert judged(rules={"location.territory": "warn"}) == [Severity.WARN]
    assert judged(rules={"location.territory": "off"}) == []
