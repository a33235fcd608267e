"""The rules over OCPI 2.1.1's own wire: other fields, another territory, no references."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.facts import of_cdr
from mock_peer.known import Interruption, Known, KnownCdr
from mock_peer.rule import Occasion as On
from mock_peer.rule import Severity
from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer.cases import Case, asked, check, known, verdict
from tests.mock_peer.test_rules_connection import CREDENTIALS

CONTRACTS = {
    o.CARD: "DE-8PS-C00000001-1",
    o.NEVER_CARD: "DE-8PS-C00000002-2",
    o.ALLOWED_CARD: "DE-8PS-C00000004-4",
}
HERE = {"location_id": "LOC1", "evse_uids": ["LOC1-1"]}
CARD_IDS = {"token_uid": o.CARD, "type": "RFID"}
EVSE_IDS = {"location_id": "LOC1", "evse_uid": "LOC1-1"}
PATCH = {"name": "x", "last_updated": o.AT}


def wire(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """A canonical object as 2.1.1 writes it."""
    around = Around(
        Party("DE", "ABC"), Party("DE", "8PS"), location=lambda _name: o.location(), role="CPO"
    )
    made: dict[str, Any] = VERSIONS["2.1.1"].codec.to_wire(kind, body, around).obj
    return made


def location(name: str = "LOC1", **fields: Any) -> dict[str, Any]:
    return {"type": "PARKING_LOT", **wire("location", o.location(name)), **fields}


def cdr(card: str = o.CARD, **fields: Any) -> dict[str, Any]:
    body = wire("cdr", o.cdr())
    body["location"] = {**location(), "evses": [wire("evse", o.evse())]}
    return {**body, "auth_id": CONTRACTS.get(card, card), **fields}


def rule(name: str, bad: Any, at: str, **more: Any) -> Case:
    return Case(
        name,
        On.CDR,
        **{"good": cdr(), "knows": asked(), "version": "2.1.1", **more},
        bad=bad,
        at=at,
    )


def on(name: str, occasion: On, good: Any, bad: Any, at: str, **more: Any) -> Case:
    return Case(name, occasion, good, bad, at, version="2.1.1", **more)


def refused(name: str, module: str, method: str) -> Case:
    head = {"module": module, "method": method}
    return on(name, On.REQUEST, head, {**head, "refused": "PUT"}, "")


def denied() -> Known:
    return asked(verdict("NOT_ALLOWED"))()


def visited() -> Known:
    made = asked()()
    made.take_cdr("cdr0", KnownCdr("digest", True, visit=of_cdr(cdr(), "2.1.1", made).visit))
    return made


def cut_off() -> Known:
    return known(interruptions=[Interruption(o.NOW - timedelta(minutes=5))])


def tariff(**component: Any) -> dict[str, Any]:
    element = {"price_components": [{"price": 1, "step_size": 1, **component}]}
    return wire("tariff", o.tariff(elements=[element]))


CASES = [
    rule("cdr.valid", cdr(stop_date_time="2026-02-29T00:00:00Z"), "/stop_date_time"),
    rule("cdr.valid", cdr(total_cost=Decimal("1e50")), "/total_cost"),
    rule("cdr.valid", cdr(total_energy=11), "/total_energy"),
    rule("cdr.price", cdr(currency="USD"), "/currency"),
    rule("cdr.in-time", cdr(stop_date_time="2026-01-15T09:00:00Z"), "/stop_date_time"),
    rule(
        "cdr.realtime-only",
        cdr(),
        "/auth_id",
        knows=asked(verdict(at=o.NOW + timedelta(hours=1))),
        good_knows=asked(),
    ),
    on(
        "credentials.valid",
        On.CREDENTIALS,
        wire("credentials", CREDENTIALS),
        CREDENTIALS,
        "/party_id",
    ),
    on(
        "request.body",
        On.REQUEST,
        {"module": "cdrs", "method": "POST"},
        {"module": "cdrs", "method": "POST", "error": "{"},
        "",
    ),
    on(
        "request.url",
        On.REQUEST,
        {"module": "cdrs", "method": "POST"},
        {"module": "cdrs", "method": "POST", "unslashed": "/ocpi/2.1.1/receiver/cdrsX"},
        "",
    ),
    refused("request.supported", "locations", "DELETE"),
    refused("locations.no-get", "locations", "GET"),
    refused("tariffs.no-get", "tariffs", "GET"),
    refused("cdrs.no-get", "cdrs", "GET"),
    # Locations
    on("location.valid", On.LOCATION, location(), location(type="GARAGE"), "/type"),
    on(
        "location.valid",
        On.LOCATION,
        location(),
        location(coordinates={"latitude": "52.52", "longitude": "13.404954"}),
        "/coordinates/latitude",
    ),
    on(
        "location.valid",
        On.LOCATION_PATCH,
        {"name": "x"},
        {"name": 1},
        "/name",
        ids={"location_id": "LOC1"},
    ),
    on("location.valid", On.LOCATION, location(), location(time_zone="Mars/Base"), "/time_zone"),
    on(
        "location.territory",
        On.LOCATION,
        location(country="ISL"),
        location(country="EST"),
        "/country",
    ),
    on(
        "location.territory",
        On.LOCATION,
        location(country="ROU"),
        location(country="USA"),
        "/country",
    ),
    on(
        "location.unique",
        On.LOCATION,
        location("LOC2"),
        location("LOC2", evses=[wire("evse", o.evse())]),
        "/evses/0/uid",
    ),
    on(
        "location.patch-scope",
        On.LOCATION_PATCH,
        PATCH,
        {**PATCH, "evses": []},
        "/evses",
        ids=EVSE_IDS,
    ),
    # Tariffs
    on(
        "tariff.valid",
        On.TARIFF,
        tariff(type="ENERGY"),
        tariff(type="WATER"),
        "/elements/0/price_components/0/type",
    ),
    on(
        "tariff.valid",
        On.TARIFF_PATCH,
        {"currency": "EUR"},
        {"currency": 1},
        "/currency",
        ids={"tariff_id": "T1"},
    ),
    on(
        "tariff.valid",
        On.TARIFF_PATCH,
        {"currency": "EUR"},
        {"currency": "EUR"},
        "",
        ids={"tariff_id": "T9"},
        good_ids={"tariff_id": "T1"},
    ),
    on(
        "tariff.unsupported-211",
        On.TARIFF,
        tariff(type="ENERGY"),
        tariff(type="PARKING_TIME"),
        "/elements/0/price_components/0",
    ),
    # Authorization
    on("authorize.valid", On.AUTHORIZE, HERE, {"location_id": 1}, "/location_id", ids=CARD_IDS),
    on("authorize.location-reference", On.AUTHORIZE, HERE, None, "/location_id", ids=CARD_IDS),
    on(
        "authorize.territory",
        On.AUTHORIZE,
        HERE,
        {"location_id": "LOC1"},
        "/location_id",
        ids=CARD_IDS,
        profile={"territory": ("FRA",)},
        good_profile={},
    ),
    on("authorize.token", On.AUTHORIZE, HERE, HERE, "", ids={"token_uid": "x"}, good_ids=CARD_IDS),
    on(
        "authorize.token",
        On.AUTHORIZE,
        HERE,
        HERE,
        "",
        ids={"token_uid": "ps-app-000001", "type": "RFID"},
        good_ids={"token_uid": "ps-app-000001", "type": "OTHER"},
    ),
    # CDRs
    rule("cdr.valid", cdr(total_cost="5.00"), "/total_cost"),
    rule("cdr.valid", cdr(auth_method="COMMAND"), "/auth_method"),
    rule("cdr.unaltered", cdr(total_energy=11), "/total_energy", seen_before=cdr()),
    rule("cdr.paid-once", cdr(id="CDR2"), "/start_date_time", knows=visited, good_knows=asked()),
    rule(
        "cdr.in-time",
        cdr(start_date_time="2026-01-15T05:00:00Z", stop_date_time="2026-01-15T05:30:00Z"),
        "/stop_date_time",
    ),
    rule("cdr.realtime-only", cdr(o.NEVER_CARD), "/auth_id"),
    rule(
        "cdr.realtime-only",
        cdr(),
        "/auth_id",
        knows=asked(verdict(location="LOC2")),
        good_knows=asked(),
    ),
    rule(
        "cdr.realtime-only",
        cdr(),
        "/auth_id",
        knows=asked(verdict(at=o.NOW - timedelta(hours=3))),
        good_knows=asked(),
    ),
    rule("cdr.realtime-only", cdr(), "/auth_id", knows=known, good_knows=cut_off),
    rule(
        "cdr.realtime-only", cdr(o.NEVER_CARD), "/auth_id", knows=cut_off, good=cdr(o.ALLOWED_CARD)
    ),
    rule("session.start-denied", cdr(), "/auth_id", knows=denied, good_knows=asked()),
    rule("cdr.known-location", cdr(location=location("LOC9")), "/location/id"),
    rule(
        "cdr.known-location",
        cdr(location=location(evses=[wire("evse", o.evse("E9"))])),
        "/location/evses/0/uid",
    ),
    rule("cdr.not-negative", cdr(total_cost=-1), "/total_cost"),
    rule("cdr.not-negative", cdr(total_time=-1), "/total_time"),
    rule("cdr.price", cdr(total_cost=Decimal("5.95")), "/total_cost"),
    rule("cdr.home-charging", cdr(remark="HCC_E"), "/remark", good=cdr(remark="cable cut")),
    # Tokens
    on(
        "token.pnc",
        On.TOKEN,
        {"uid": o.PNC, "auth_id": o.PNC, "type": "OTHER", "whitelist": "NEVER", "issuer": "DE*8PS"},
        {
            "uid": o.PNC,
            "auth_id": o.PNC,
            "type": "OTHER",
            "whitelist": "ALLOWED",
            "issuer": "DE*8PS",
        },
        "/whitelist",
    ),
    on("quirk.published-pnc-example", On.TOKEN, {"valid": True}, {"valid": "true"}, "/valid"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_a_cdr_of_an_allowed_session_satisfies_every_rule() -> None:
    from mock_peer import rules
    from mock_peer.profile import Profile
    from mock_peer.rule import Context

    context = Context("2.1.1", o.NOW + timedelta(minutes=31), asked()(), Profile())
    assert rules.evaluate(On.CDR, cdr(), context) == []


@pytest.mark.parametrize("name", ["cdr.authorization-reference", "cdr.no-credit", "request.ids"])
def test_what_211_does_not_know_is_not_asked_for(name: str) -> None:
    from mock_peer.rules import BY_ID

    assert "2.1.1" not in BY_ID[name].versions


@pytest.mark.parametrize(
    ("remark", "wanted"),
    [
        ("HCC_E", "home charging, exempt from VAT"),
        ("HCC_V", "home charging, not exempt from VAT"),
        ("HCC_X", None),
    ],
)
def test_the_remark_alone_tells_of_home_charging(remark: str, wanted: str | None) -> None:
    found = rule("cdr.home-charging", cdr(remark=remark), "").judged_bad()
    assert [(f.expected, f.severity) for f in found] == (
        [(wanted, Severity.NOTE)] if wanted else []
    )
