"""Every rule of authorization, sessions and CDRs over HTTP, in each version it applies to: what
breaks it when strict, when silent, switched off and changed to a warning; and what satisfies it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.rules import BY_ID
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock, rfc3339
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from tests.mock_peer import objects as o
from tests.mock_peer.charging import Day, day

Deed = Callable[[Day], Awaitable[Answer]]
PATH = ("DE", "ABC", "S1")


@dataclass(frozen=True)
class Row:
    """A deed that breaks a rule: its strict answer, and the place by version."""

    rule: str
    deed: Deed
    status: int
    at: str
    at_211: str = ""
    http_status: int = 200
    note: str = ""

    def __str__(self) -> str:
        return f"{self.rule}{self.note and '-'}{self.note}"

    def place(self, version: str) -> str:
        """Where the finding points."""
        return self.at_211 or self.at if version == "2.1.1" else self.at


# CDRs


async def usual(cpo: Day, **fields: Any) -> Answer:
    """Authorize, charge, bill at once."""
    reference = await cpo.allowed()
    begun = await cpo.charge()
    return await cpo.bill("CDR1", begun, reference, **fields)


def spoiled(**fields: Any) -> Deed:
    """A CDR with another content."""

    async def deed(cpo: Day) -> Answer:
        return await usual(cpo, **fields)

    return deed


async def changed(cpo: Day) -> Answer:
    reference = await cpo.allowed()
    begun = await cpo.charge()
    await cpo.bill("CDR1", begun, reference)
    return await cpo.bill("cdr1", begun, reference, total_energy=Decimal("10.001"))


async def late(cpo: Day) -> Answer:
    reference = await cpo.allowed()
    begun = await cpo.charge()
    await cpo.clock.sleep(3601)
    return await cpo.bill("CDR1", begun, reference)


async def early(cpo: Day) -> Answer:
    reference = await cpo.allowed()
    return await cpo.bill("CDR1", await cpo.charge(20), reference)


async def twice(cpo: Day) -> Answer:
    reference = await cpo.allowed(o.ALLOWED_CARD)
    begun = await cpo.charge()
    for name in ("CDR0", "CDR1"):
        told = await cpo.bill(name, begun, reference, card=o.ALLOWED_CARD, session_id="S1")
    return told


async def same_visit(cpo: Day) -> Answer:
    """A whitelisted card's charge, billed under two ids and for two sessions."""
    begun = await cpo.charge()
    for name in ("CDR0", "CDR1"):
        told = await cpo.bill(name, begun, card=o.ALLOWED_CARD)
    return told


async def unreferred(cpo: Day) -> Answer:
    await cpo.allowed()
    return await cpo.bill("CDR1", await cpo.charge())


async def foreign_reference(cpo: Day) -> Answer:
    await cpo.allowed()
    return await cpo.bill("CDR1", await cpo.charge(), "0c0ffee0")


async def anothers_reference(cpo: Day) -> Answer:
    reference = await cpo.allowed(o.NEVER_CARD)
    return await cpo.bill("CDR1", await cpo.charge(), reference, card=o.ALLOWED_CARD)


async def unasked(cpo: Day) -> Answer:
    return await cpo.bill("CDR1", await cpo.charge())


async def unasked_never(cpo: Day) -> Answer:
    await cpo.silence()
    return await cpo.whitelisted("CDR1", await cpo.charge(), card=o.NEVER_CARD)


async def unknown_card(cpo: Day) -> Answer:
    token = o.cdr_token("0000", contract_id="DE-8PS-C00000099-9")
    return await cpo.bill("CDR1", await cpo.charge(), cdr_token=token)


async def denied(cpo: Day) -> Answer:
    settings = {"default": {"allowed": "NO_CREDIT"}}
    await cpo.cpo.control("PUT", "/authorizations", settings)
    reference = (await cpo.ask()).data.get("authorization_reference")
    return await cpo.bill("CDR1", await cpo.charge(), reference)


async def elsewhere(cpo: Day) -> Answer:
    """With a card that may be whitelisted, so that the place is all that is wrong."""
    body = cpo.cdr("CDR1", await cpo.charge(), card=o.ALLOWED_CARD)
    body["location" if cpo.version == "2.1.1" else "cdr_location"]["id"] = "LOC9"
    return await cpo.cpo.post_cdr(body)


async def another_evse(cpo: Day) -> Answer:
    reference = await cpo.allowed(evse=None)
    body = cpo.cdr("CDR1", await cpo.charge(), reference)
    if cpo.version == "2.1.1":
        body["location"]["evses"][0]["uid"] = "E9"
    else:
        body["cdr_location"]["evse_uid"] = "E9"
    return await cpo.cpo.post_cdr(body)


async def credit(cpo: Day) -> Answer:
    return await usual(cpo, credit=True, credit_reference_id="CDR0")


async def at_home(cpo: Day) -> Answer:
    reference = await cpo.allowed()
    body = cpo.cdr("CDR1", await cpo.charge(), reference)
    flag = {"home_charging_compensation": True} if cpo.version != "2.1.1" else {}
    return await cpo.cpo.post_cdr({**body, **flag, "remark": "HCC_E"})


async def remote(cpo: Day) -> Answer:
    """A remote start, and no session pushed."""
    wanted = {"token_uid": o.CARD, "location_id": "LOC1", "evse_uid": "LOC1-1"}
    await cpo.cpo.control("POST", "/commands/START_SESSION", wanted)
    reference = cpo.cpo.commands[-1]["authorization_reference"]
    return await cpo.bill("CDR1", await cpo.charge(), reference)


async def foreign_owner(cpo: Day) -> Answer:
    reference = await cpo.allowed()
    body = cpo.cdr("CDR1", await cpo.charge(), reference)
    return await cpo.cpo.post_cdr({**body, "party_id": "XYZ"})


BACK = {"end_date_time": "2026-01-15T06:00:00Z"}
CDRS = [
    Row("credentials.roles-unique", foreign_owner, 2001, "/party_id", note="cdr"),
    Row("cdr.valid", spoiled(currency="EURO"), 2001, "/currency"),
    Row("cdr.valid", spoiled(total_energy=12), 2001, "/total_energy", note="sum"),
    Row("cdr.unaltered", changed, 2000, "/id"),
    Row("cdr.in-time", late, 1000, "/end_date_time", "/stop_date_time"),
    Row("cdr.in-time", early, 1000, "/end_date_time", "/stop_date_time", note="early"),
    Row("cdr.paid-once", twice, 1000, "/session_id", "/start_date_time"),
    Row("cdr.paid-once", same_visit, 1000, "/start_date_time", note="visit"),
    Row("cdr.authorization-reference", unreferred, 2001, "/authorization_reference"),
    Row("cdr.authorization-reference", foreign_reference, 2001, "/authorization_reference",
        note="foreign"),
    Row("cdr.authorization-reference", anothers_reference, 2001, "/cdr_token/uid", note="token"),
    Row("cdr.realtime-only", unasked, 2000, "/cdr_token/uid", "/auth_id"),
    Row("cdr.realtime-only", unasked_never, 2000, "/cdr_token/uid", "/auth_id", note="never"),
    Row("cdr.realtime-only", unknown_card, 2000, "/cdr_token/uid", "/auth_id", note="unknown"),
    Row("session.start-denied", denied, 2000, "/cdr_token/uid", "/auth_id"),
    Row("cdr.known-location", elsewhere, 2003, "/cdr_location/id", "/location/id"),
    Row("cdr.known-location", another_evse, 2003, "/cdr_location/evse_uid",
        "/location/evses/0/uid", note="evse"),
    Row("cdr.not-negative", spoiled(total_time=-1), 2001, "/total_time"),
    Row("cdr.not-negative", spoiled(**BACK), 2001, "/end_date_time", "/stop_date_time",
        note="end"),
    Row("cdr.no-credit", credit, 2000, "/credit"),
    Row("cdr.price", spoiled(total_cost={"excl_vat": 9}), 1000, "/total_cost/excl_vat",
        "/total_cost"),
    Row("cdr.home-charging", at_home, 1000, "/home_charging_compensation", "/remark"),
    Row("session.required-for-remote", remote, 1000, "/session_id"),
]  # fmt: skip


# Sessions


def put(**fields: Any) -> Deed:
    """PUT a session with another content."""

    async def deed(cpo: Day) -> Answer:
        return await cpo.cpo.put_session(cpo.wire("session", o.session(**fields)))

    return deed


async def patched_back(cpo: Day) -> Answer:
    await cpo.cpo.put_session(o.session(status="COMPLETED"))
    change = {"status": "ACTIVE", "last_updated": rfc3339(cpo.now)}
    return await cpo.cpo.ask("PATCH", "sessions", *PATH, body=change)


async def patched_unknown(cpo: Day) -> Answer:
    change = {"kwh": 1, "last_updated": rfc3339(cpo.now)}
    return await cpo.cpo.ask("PATCH", "sessions", *PATH, body=change)


SESSIONS = [
    Row("session.valid", put(kwh="1"), 2001, "/kwh"),
    Row("session.valid", patched_unknown, 2001, "", note="patch"),
    Row("session.not-negative", put(kwh=-1), 1000, "/kwh"),
    Row("session.known-location", put(location_id="LOC9"), 1000, "/location_id"),
    Row("session.ends-once", patched_back, 1000, "/status"),
    Row("session.no-preferences", put(charging_preferences={"profile_type": "FAST"}), 1000,
        "/charging_preferences"),
]  # fmt: skip

ROWS = [*CDRS, *SESSIONS]
CASES = [
    pytest.param(row, version, id=f"{row}-{version}")
    for row in ROWS
    for version in BY_ID[row.rule].versions
]


def told(found: list[dict[str, Any]], row: Row) -> list[dict[str, Any]]:
    """The findings of the row's rule."""
    return [finding for finding in found if finding["rule"] == row.rule]


@pytest.mark.parametrize(("row", "version"), CASES)
async def test_a_strict_peer_answers_by_the_row(
    clock: Clock, chance: Chance, journal: Journal, row: Row, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        answer = await row.deed(cpo)
        assert answer.status_code == row.status, answer.message
        if row.status != 1000:
            assert answer.http_status == row.http_status
        found = told(await cpo.findings(), row)
        (finding,) = [f for f in found if f["pointer"] == row.place(version)]
        assert finding["severity"] == (BY_ID[row.rule].severity or "note")
        assert finding["expected"]
        record = journal.since(finding["message_seq"] - 1)[0]
        assert (record["leg"], record["direction"]) == ("ocpi", "received")
        assert record["status_code"] == row.status


@pytest.mark.parametrize(("row", "version"), CASES)
async def test_a_silent_peer_answers_1000_and_only_the_finding_tells(
    clock: Clock, chance: Chance, journal: Journal, row: Row, version: str
) -> None:
    async with day(clock, chance, journal, version, strict=False) as cpo:
        answer = await row.deed(cpo)
        assert (answer.status_code, row.rule in answer.message) == (1000, False)
        places = [f["pointer"] for f in told(await cpo.findings(), row)]
        assert row.place(version) in places


@pytest.mark.parametrize(("row", "version"), CASES)
async def test_a_rule_that_is_off_is_not_told_and_refuses_nothing(
    clock: Clock, chance: Chance, journal: Journal, row: Row, version: str
) -> None:
    profile = {"rules": {row.rule: "off"}}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        answer = await row.deed(cpo)
        assert row.rule not in answer.message
        assert row.rule not in await cpo.broken()
        assert answer.status_code != 3000


@pytest.mark.parametrize(("row", "version"), CASES)
@pytest.mark.parametrize("severity", ["warn", "reject"])
async def test_a_rules_severity_is_the_profiles(
    clock: Clock, chance: Chance, journal: Journal, row: Row, version: str, severity: str
) -> None:
    """One rule alone, so that no other refuses as well."""
    others = dict.fromkeys((name for name in BY_ID if name != row.rule), "off")
    profile = {"rules": {**others, row.rule: severity}}
    async with day(clock, chance, journal, version, profile=profile) as cpo:
        answer = await row.deed(cpo)
        assert {f["severity"] for f in told(await cpo.findings(), row)} == {severity}
        if severity == "reject":
            assert 2000 <= (answer.status_code or 0) < 3000
            assert row.rule in answer.message
        elif row.note != "patch":  # there is nothing to change
            assert answer.status_code == 1000


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
@pytest.mark.parametrize("strict", [True, False])
async def test_a_right_day_breaks_nothing(
    clock: Clock, chance: Chance, journal: Journal, version: str, strict: bool
) -> None:
    async with day(clock, chance, journal, version, strict=strict) as cpo:
        if version != "2.1.1":
            answer = await put()(cpo)
            assert (answer.http_status, answer.status_code) == (201, 1000)
            change = {"kwh": 1, "last_updated": rfc3339(cpo.now)}
            patched = await cpo.cpo.ask("PATCH", "sessions", *PATH, body=change)
            assert patched.status_code == 1000
        assert (await usual(cpo, session_id="S1")).status_code == 1000
        assert await cpo.broken() == []


# Odd, and right


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
async def test_a_visit_without_energy_is_billed_with_nothing(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """Zero is no less than zero: energy, price and time, and an end that is the start."""
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed()
        now = rfc3339(cpo.now)
        nothing = [{"start_date_time": now, "dimensions": [{"type": "ENERGY", "volume": 0}]}]
        answer = await cpo.bill(
            "CDR1",
            cpo.now,
            reference,
            start_date_time=now,
            end_date_time=now,
            charging_periods=nothing,
            total_cost={"excl_vat": 0, "incl_vat": 0},
            total_energy=0,
            total_time=0,
        )
        assert (answer.http_status, answer.status_code) == (201, 1000), answer.message
        assert await cpo.broken() == []


@pytest.mark.parametrize("version", ["2.1.1", "2.2", "2.2.1"])
async def test_a_location_pushed_in_the_second_of_the_start_was_there_before(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """A start without a fraction tells the whole second."""
    async with day(clock, chance, journal, version) as cpo:
        await clock.sleep(0.4)
        await cpo.cpo.control("POST", "/reset", {})
        await cpo.share()
        begun = cpo.now
        assert begun < clock.now()
        reference = await cpo.allowed()
        await clock.sleep(1800)
        answer = await cpo.bill("CDR1", begun, reference)
        assert answer.status_code == 1000, answer.message


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_a_refused_cdr_comes_again_mended_and_the_same_one_is_answered_as_at_first(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed()
        begun = await cpo.charge()
        assert (await cpo.bill("CDR1", begun)).status_code == 2001
        first = await cpo.bill("CDR1", begun, reference)
        await clock.sleep(timedelta(days=1).total_seconds())
        again = await cpo.bill("CDR1", begun, reference)
        assert (first.http_status, again.http_status) == (201, 201)
        assert first.headers["Location"] == again.headers["Location"]
        assert await cpo.broken() == ["cdr.authorization-reference"]
