"""Rules of CDRs."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.facts import of_cdr
from mock_peer.known import (
    Interruption,
    Known,
    KnownCdr,
    KnownLocation,
    KnownTariff,
    session_key,
)
from mock_peer.profile import Gap
from mock_peer.rule import Occasion as On
from mock_peer.rules_cdr import HOME_CHARGING, NO_FLAG
from simulator.kernel.clock import rfc3339
from tests.mock_peer import objects as o
from tests.mock_peer.cases import REFERENCE, Case, asked, check, known, verdict

END = o.NOW + timedelta(minutes=30)
LEAP = "2026-01-15T06:59:60Z"  # the second before the session's usual start, as RFC 3339 allows


def cdr(**fields: Any) -> dict[str, Any]:
    return o.cdr(**{"reference": REFERENCE, **fields})


def pnc_cdr() -> dict[str, Any]:
    return cdr(cdr_token=o.cdr_token(o.PNC, "OTHER"))


def card_cdr(uid: str, **fields: Any) -> dict[str, Any]:
    return cdr(cdr_token=o.cdr_token(uid), **fields)


def cut_off() -> Known:
    return known(interruptions=[Interruption(o.NOW - timedelta(minutes=5))])


def shared_late() -> Known:
    made = asked()()
    made.take_location(KnownLocation(o.location(), o.NOW + timedelta(minutes=1)))
    return made


def outside() -> Known:
    made = asked()()
    made.take_location(KnownLocation(o.location(country="AUS"), o.NOW, outside=True))
    return made


def with_session() -> Known:
    made = asked(verdict(by_command=True))()
    made.take_session(o.session())
    return made


def rule(name: str, bad: Any, at: str, **more: Any) -> Case:
    """A case whose good message is the plain CDR of an allowed session."""
    return Case(name, On.CDR, **{"good": cdr(), "knows": asked(), **more}, bad=bad, at=at)


def denied() -> Known:
    return asked(verdict("NOT_ALLOWED"))()


def billed() -> Known:
    made = asked()()
    body = o.cdr("CDR0", reference=REFERENCE)
    made.take_cdr("de*abc*cdr0", KnownCdr("digest", True, session_key(body), REFERENCE))
    return made


def visited() -> Known:
    made = asked()()
    made.take_cdr(
        "de*abc*cdr0", KnownCdr("digest", True, visit=of_cdr(o.cdr(), "2.2.1", made).visit)
    )
    return made


CASES = [
    rule("cdr.valid", cdr(currency="EURO"), "/currency"),
    rule("cdr.valid", cdr(total_energy="10"), "/total_energy"),
    rule("cdr.unaltered", cdr(total_energy=11), "/total_energy", seen_before=cdr()),
    rule(
        "cdr.in-time",
        cdr(start=o.NOW - timedelta(hours=2)),
        "/end_date_time",
    ),
    rule("cdr.in-time", cdr(end_date_time=rfc3339(o.NOW + timedelta(hours=2))), "/end_date_time"),
    rule("cdr.paid-once", cdr(), "/session_id", knows=billed, good_knows=asked()),
    rule(
        "cdr.paid-once",
        cdr(session_id="S2"),
        "/authorization_reference",
        knows=billed,
        good=cdr(session_id="S2", reference="another"),
    ),
    rule(
        "cdr.paid-once",
        cdr(session_id="S2"),
        "/start_date_time",
        knows=visited,
        good=cdr(session_id="S2", cdr_location=o.cdr_location("LOC1", "LOC1-2")),
    ),
    # The reference
    rule("cdr.authorization-reference", cdr(reference=None), "/authorization_reference"),
    rule("cdr.authorization-reference", cdr(reference="other"), "/authorization_reference"),
    rule(
        "cdr.authorization-reference",
        cdr(),
        "/authorization_reference",
        knows=denied,
        good_knows=asked(),
    ),
    rule("cdr.authorization-reference", card_cdr(o.NEVER_CARD), "/cdr_token/uid"),
    rule(
        "cdr.authorization-reference",
        cdr(),
        "/cdr_location/id",
        knows=asked(verdict(location="LOC2")),
        good_knows=asked(),
    ),
    rule(
        "cdr.authorization-reference",
        cdr(cdr_token=o.cdr_token(contract_id="DE-8PS-C00000002-2")),
        "/cdr_token/contract_id",
        good=cdr(cdr_token=o.cdr_token(contract_id="de8psC000000011")),
    ),
    rule(
        "cdr.authorization-reference",
        cdr(cdr_token=o.cdr_token(token_type="OTHER")),
        "/cdr_token/type",
    ),
    rule(
        "cdr.authorization-reference",
        cdr(),
        "/authorization_reference",
        knows=asked(verdict(at=END + timedelta(seconds=61))),
        good_knows=asked(verdict(at=END + timedelta(seconds=59))),
    ),
    rule(
        "cdr.authorization-reference",
        cdr(),
        "/authorization_reference",
        knows=asked(verdict(at=o.NOW - timedelta(minutes=61))),
        good_knows=asked(verdict(at=o.NOW - timedelta(minutes=59))),
    ),
    # Authorized in real time
    rule(
        "cdr.realtime-only",
        cdr(),
        "/cdr_token/uid",
        knows=asked(verdict(at=END + timedelta(seconds=61))),
        good_knows=asked(),
    ),
    rule("cdr.realtime-only", cdr(cdr_token=o.cdr_token(token_type="OTHER")), "/cdr_token/uid"),
    rule(
        "cdr.realtime-only",
        cdr(reference=None, start_date_time=LEAP),
        "/cdr_token/uid",
        knows=known,
        good_knows=asked(),
    ),
    rule("cdr.realtime-only", card_cdr(o.NEVER_CARD), "/cdr_token/uid"),
    rule(
        "cdr.realtime-only", cdr(reference=None), "/cdr_token/uid", knows=known, good_knows=asked()
    ),
    rule("cdr.realtime-only", card_cdr("unknown"), "/cdr_token/uid"),
    rule(
        "cdr.realtime-only",
        card_cdr(o.NEVER_CARD, reference=None),
        "/cdr_token/uid",
        knows=cut_off,
        good=cdr(reference=None),
    ),
    rule(
        "cdr.realtime-only",
        card_cdr(o.NEVER_CARD, reference=None),
        "/cdr_token/uid",
        knows=known,
        good=card_cdr(o.ALLOWED_CARD, reference=None),
    ),
    rule(
        "cdr.realtime-only",
        cdr(reference=None),
        "/cdr_token/uid",
        knows=known,
        good=cdr(reference=None),
        good_profile={"interruptions": (Gap(o.NOW - timedelta(minutes=9), o.NOW),)},
    ),
    rule(
        "cdr.realtime-only",
        card_cdr(o.NEVER_CARD, reference=None),
        "/cdr_token/uid",
        good=cdr(reference=None),
        good_knows=asked(verdict("")),
    ),
    rule("session.start-denied", cdr(), "/cdr_token/uid", knows=denied, good_knows=asked()),
    rule(
        "session.start-denied",
        cdr(reference=None),
        "/cdr_token/uid",
        knows=denied,
        good_knows=asked(verdict("NO_CREDIT", reference="first"), verdict()),
    ),
    rule(
        "session.required-for-remote",
        cdr(),
        "/session_id",
        knows=asked(verdict(by_command=True)),
        good_knows=with_session,
    ),
    # The location
    rule(
        "cdr.known-location",
        cdr(start_date_time=LEAP),
        "/cdr_location/id",
        knows=shared_late,
        good_knows=asked(),
    ),
    rule("cdr.known-location", cdr(cdr_location=o.cdr_location("LOC9")), "/cdr_location/id"),
    rule("cdr.known-location", cdr(), "/cdr_location/id", knows=shared_late, good_knows=asked()),
    rule("cdr.known-location", cdr(), "/cdr_location/id", knows=outside, good_knows=asked()),
    rule(
        "cdr.known-location",
        cdr(cdr_location=o.cdr_location("LOC1", "E9")),
        "/cdr_location/evse_uid",
    ),
    rule(
        "cdr.known-location",
        cdr(cdr_location=o.cdr_location("LOC9")),
        "/cdr_location/id",
        good=cdr(cdr_location=o.cdr_location("LOC9")),
        good_profile={"private_locations": "depots behind a gate"},
    ),
    # Numbers
    rule("cdr.not-negative", cdr(total_energy=Decimal("-0.1")), "/total_energy"),
    rule("cdr.not-negative", cdr(total_cost={"excl_vat": -1}), "/total_cost/excl_vat"),
    rule("cdr.not-negative", cdr(end_date_time="2026-01-15T06:00:00Z"), "/end_date_time"),
    rule(
        "cdr.not-negative",
        cdr(
            charging_periods=[
                {"start_date_time": o.AT, "dimensions": [{"type": "ENERGY", "volume": -1}]}
            ]
        ),
        "/charging_periods/0/dimensions/0/volume",
        good=cdr(
            charging_periods=[
                {"start_date_time": o.AT, "dimensions": [{"type": "POWER", "volume": -1}]}
            ]
        ),
    ),
    rule("cdr.no-credit", cdr(credit=True, credit_reference_id="CDR0"), "/credit"),
    rule(
        "cdr.no-credit",
        cdr(credit_reference_id="CDR0"),
        "/credit_reference_id",
        good=cdr(credit=False),
    ),
    rule(
        "cdr.price",
        cdr(total_cost={"excl_vat": Decimal("5.01"), "incl_vat": Decimal("5.95")}),
        "/total_cost/excl_vat",
    ),
    rule(
        "cdr.price",
        cdr(total_cost={"excl_vat": 5, "incl_vat": Decimal("5.90")}),
        "/total_cost/incl_vat",
    ),
    rule("cdr.price", cdr(currency="USD"), "/currency"),
    # Valid, and beyond what can be priced: told, not passed over.
    rule(
        "cdr.price",
        cdr(start_date_time="0999-01-01T00:00:00Z", total_cost={"excl_vat": 4}),
        "/start_date_time",
    ),
    rule("cdr.home-charging", cdr(home_charging_compensation=True), "/home_charging_compensation"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    check(case)


def test_a_cdr_of_an_allowed_session_satisfies_every_rule() -> None:
    from mock_peer import rules
    from mock_peer.profile import Profile
    from mock_peer.rule import Context

    context = Context("2.2.1", o.NOW + timedelta(minutes=31), asked()(), Profile())
    assert rules.evaluate(On.CDR, cdr(), context) == []


def test_the_tariff_counts_as_it_was_at_the_start() -> None:
    """A dearer tariff that came during the session, or stands in the CDR alone, does not apply."""

    def dearer_since() -> Known:
        made = asked()()
        later = o.NOW + timedelta(minutes=10)
        made.take_tariff("T1", KnownTariff(o.tariff(price="0.90"), later))
        return made

    own = cdr(tariffs=[o.tariff(price="0.90")])
    assert rule("cdr.price", None, "", good=own, knows=dearer_since).judged_good() == []


def test_an_unshared_tariff_is_taken_from_the_cdr() -> None:
    body = cdr(tariffs=[o.tariff("T9", price="0.60")])
    body["charging_periods"][0]["tariff_id"] = "T9"
    found = rule("cdr.price", body, "").judged_bad()
    assert [(f.seen, f.expected) for f in found] == [
        (Decimal("5.00"), "6.00 by tariff T9"),
        (Decimal("5.95"), "7.14 by tariff T9"),
    ]


def test_a_tariff_shared_after_the_start_yields_to_the_cdrs_own() -> None:
    """Unless the CDR tells none: then the first one shared stands for all before it."""

    def shared_since() -> Known:
        made = asked()()
        made.tariffs.clear()
        made.take_tariff("T1", KnownTariff(o.tariff(price="0.90"), o.NOW + timedelta(minutes=1)))
        return made

    own = cdr(tariffs=[o.tariff(price="0.50")])
    assert rule("cdr.price", None, "", good=own, knows=shared_since).judged_good() == []
    (found, _) = rule("cdr.price", cdr(tariffs=[]), "", knows=shared_since).judged_bad()
    assert found.expected == "9.00 by tariff T1"


def test_the_same_cdr_again_is_not_paid_twice() -> None:
    same = rule("cdr.paid-once", cdr(), "", knows=billed, seen_before=cdr())
    assert same.judged_bad() == []


def test_what_is_not_valid_is_not_told_once_more_by_its_price() -> None:
    found = rule("cdr.price", cdr(charging_periods=[{"dimensions": 1}]), "").judged_bad()
    assert found == []


def test_a_difference_below_a_cent_is_rounding() -> None:
    body = cdr(total_cost={"excl_vat": Decimal("5.009"), "incl_vat": Decimal("5.95")})
    assert rule("cdr.price", body, "").judged_bad() == []


@pytest.mark.parametrize(
    ("flag", "remark", "incl_vat", "wanted"),
    [
        (False, "HCC_E", True, NO_FLAG),
        (False, "cable cut", True, None),
        (True, "HCC_E", True, "home charging, exempt from VAT"),
        (True, "HCC_E", False, "home charging, exempt from VAT"),
        (True, "HCC_V", False, "home charging, not exempt from VAT"),
        (True, "HCC_V", True, "home charging, not exempt from VAT"),
        (True, None, False, "home charging, exempt from VAT"),
        (True, None, True, "home charging, not exempt from VAT"),
        (None, "HCC_V", True, NO_FLAG),
    ],
)
def test_home_charging(flag: Any, remark: Any, incl_vat: bool, wanted: str | None) -> None:
    cost = {"excl_vat": 5, **({"incl_vat": Decimal("5.95")} if incl_vat else {})}
    body = cdr(home_charging_compensation=flag, remark=remark, total_cost=cost)
    body = {name: value for name, value in body.items() if value is not None}
    found = rule("cdr.home-charging", body, "").judged_bad()
    assert [finding.expected for finding in found] == ([wanted] if wanted else [])


def test_every_verdict_of_the_home_charging_table_is_reached() -> None:
    assert len(HOME_CHARGING) == 7
