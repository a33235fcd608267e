"""Rules of credentials, locations and tariffs as a CPO meets them: each version, each way to agree.

One row a rule: a request that keeps it and one that breaks it, and the strict answer to that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from mock_peer import rules
from mock_peer.rule import ALL, V22X, V211, Severity
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected
from tests.mock_peer.test_versions import wire

LATER = "2026-01-15T08:00:00Z"
PNC = "ISO_15118_2_PLUG_AND_CHARGE"
Make = Callable[["Wire"], Any]


class Wire:
    """Makes objects as a version writes them."""

    def __init__(self, cpo: TestCpo) -> None:
        self.cpo = cpo
        self.old = cpo.connection.version == V211

    def location(self, ident: str = "LOC1", **fields: Any) -> dict[str, Any]:
        more = {"type": "PARKING_LOT"} if self.old else {}
        return {**wire(self.cpo, "location", o.location(ident)), **more, **fields}

    def evse(self, uid: str = "LOC1-1", evse_id: str = "DE*ABC*ELOC11", **fields: Any) -> Any:
        return {**wire(self.cpo, "evse", o.evse(uid, evse_id)), **fields}

    def tariff(self, name: str = "T1", **fields: Any) -> dict[str, Any]:
        return {**wire(self.cpo, "tariff", o.tariff(name)), **fields}

    def parking(self, **restrictions: Any) -> dict[str, Any]:
        parts = [{"type": kind, "price": 1, "step_size": 1} for kind in ("ENERGY", "PARKING_TIME")]
        return self.tariff(
            elements=[{"price_components": parts[:1] if restrictions else parts,
                       **({"restrictions": restrictions} if restrictions else {})}]
        )  # fmt: skip


class Row(NamedTuple):
    """A rule, where it is met, what keeps and what breaks it, and the strict code."""

    rule: str
    method: str
    path: str
    good: Make
    bad: Make
    code: int = 1000
    versions: tuple[str, ...] = ALL


def plug(**fields: Any) -> dict[str, Any]:
    return o.connector(**fields)


def at_plug(**fields: Any) -> Make:
    return lambda w: w.location(evses=[w.evse(connectors=[plug(**fields)])])


def limited(name: str, value: Any) -> Make:
    return lambda w: w.parking(**{name: value})


# fmt: off
ROWS = (
    Row("location.valid", "PUT", "locations/DE/ABC/LOC1",
        lambda w: w.location(name=None, unknown="x", evses=[]),
        lambda w: w.location(address=None), 2001),
    Row("location.valid", "PUT", "locations/DE/ABC/LOC1/LOC1-1",
        lambda w: w.evse(status="UNKNOWN"), lambda w: w.evse(connectors=[]), 2001),
    Row("location.valid", "PATCH", "locations/DE/ABC/LOC1",
        lambda w: {"name": None, "last_updated": LATER},
        lambda w: {"country": None, "last_updated": LATER}, 2001),
    Row("location.territory", "PUT", "locations/DE/ABC/LOC1",
        lambda w: w.location(country="ISL" if w.old else "EST"),
        lambda w: w.location(country="EST" if w.old else "ISL"), 2000),
    Row("location.territory", "PATCH", "locations/DE/ABC/LOC1",
        lambda w: {"country": "AUT", "last_updated": LATER},
        lambda w: {"country": "AUS", "last_updated": LATER}, 2000),
    Row("location.unique", "PUT", "locations/DE/ABC/LOC2",
        lambda w: w.location("LOC2", evses=[w.evse("LOC2-9", "DE*ABC*E9")]),
        lambda w: w.location("LOC2", evses=[w.evse("loc1-1", "DE*ABC*E9")]), 2001),
    Row("location.unique", "PUT", "locations/DE/ABC/LOC1/LOC1-2",
        lambda w: w.evse("LOC1-2", "DE*ABC*ELOC12"),
        lambda w: w.evse("LOC1-2", "DE*ABC*ELOC11"), 2001),
    Row("location.patch-scope", "PATCH", "locations/DE/ABC/LOC1",
        lambda w: {"name": "x", "last_updated": LATER},
        lambda w: {"name": "x", "evses": None, "last_updated": LATER}),
    Row("location.patch-scope", "PATCH", "locations/DE/ABC/LOC1/LOC1-1",
        lambda w: {"status": "CHARGING", "last_updated": LATER},
        lambda w: {"status": "CHARGING", "connectors": [], "last_updated": LATER}),
    Row("location.publish", "PUT", "locations/DE/ABC/LOC1",
        lambda w: w.location(publish=True),
        lambda w: w.location(publish=False), 1000, V22X),
    Row("location.publish", "PUT", "locations/DE/ABC/LOC1",
        lambda w: w.location(publish=True, publish_allowed_to=[]),
        lambda w: w.location(publish=True, publish_allowed_to=[{"uid": "1", "type": "RFID"}]),
        1000, V22X),
    Row("location.one-tariff", "PUT", "locations/DE/ABC/LOC1",
        at_plug(tariff_ids=["T1"]), at_plug(tariff_ids=["T1", "T2"]), 1000, V22X),
    Row("location.one-tariff", "PATCH", "locations/DE/ABC/LOC1/LOC1-1/1",
        lambda w: {"tariff_ids": ["NOT-YET-THERE"], "last_updated": LATER},
        lambda w: {"tariff_ids": ["p1"], "last_updated": LATER}, 1000, V22X),
    Row("location.pnc-capability", "PUT", "locations/DE/ABC/LOC1",
        at_plug(capabilities=[PNC]),
        lambda w: w.location(evses=[w.evse(capabilities=[PNC])]), 1000, V22X),
    Row("tariff.valid", "PUT", "tariffs/DE/ABC/T3",
        lambda w: w.tariff("T3", tariff_alt_url=None), lambda w: w.tariff("T3", elements=[]), 2001),
    Row("tariff.valid", "PATCH", "tariffs/DE/ABC/T1",
        lambda w: {"currency": "SEK"}, lambda w: {"currency": "kr"}, 2001, (V211,)),
    Row("tariff.regular-only", "PUT", "tariffs/DE/ABC/T4",
        lambda w: {k: v for k, v in w.tariff("T4").items() if k != "type"},
        lambda w: w.tariff("T4", type="PROFILE_CHEAP"), 1000, V22X),
    Row("tariff.unsupported-211", "PUT", "tariffs/DE/ABC/T1",
        lambda w: w.parking(max_kwh=3), lambda w: w.parking(), 1000, (V211,)),
    *(Row("tariff.unsupported-211", "PUT", "tariffs/DE/ABC/T1",
          lambda w: w.parking(min_kwh=1), limited(name, value),
          1000, (V211,))
      for name, value in (("min_power", 1), ("max_power", 11),
                          ("start_date", "2026-01-01"), ("end_date", "2026-12-31"))),
    Row("credentials.roles-unique", "PUT", "tariffs/DE/ABC/T7",
        lambda w: w.tariff("T7"), lambda w: w.tariff("T8"), 2001, V22X),  # the owner: see `send`
)
# fmt: on
MODES: dict[str, Any] = {
    "strict": {},
    "silent": {"strict": False},
    "off": "off",
    "warn": "warn",
    "reject": "reject",
}


async def send(cpo: TestCpo, row: Row, body: Any, *, bad: bool) -> Answer:
    """Send a row's request; the owner's rule is broken in the URL."""
    module, *path = row.path.split("/")
    if bad and row.rule == "credentials.roles-unique":
        path, body = ["NL", "XYZ", "T8"], {**body, "country_code": "NL", "party_id": "XYZ"}
    return await cpo.ask(row.method, module, *path, body=body)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("version", ALL)
async def test_every_rule(
    clock: Clock, chance: Chance, journal: Journal, version: str, mode: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        w = Wire(cpo)
        (connection,) = (c for c in cpo.peer.book.all() if c.registered)
        for row in ROWS:
            if version not in row.versions:
                continue
            await cpo.control("POST", "/reset")
            agreed(cpo, connection, {})
            await cpo.put_tariff(w.tariff())
            if version != V211:
                await cpo.put_tariff(w.tariff("P1", type="AD_HOC_PAYMENT"))
            assert (await cpo.put_location(w.location())).status_code == 1000
            began = len((await cpo.control("GET", "/findings"))[1]["findings"])
            switch = MODES[mode]
            profile = switch if isinstance(switch, dict) else {"rules": {row.rule: switch}}
            agreed(cpo, connection, profile)
            good = await send(cpo, row, row.good(w), bad=False)
            assert good.status_code == 1000, (row.rule, row.path, good.message)
            bad = await send(cpo, row, row.bad(w), bad=True)
            _, told = await cpo.control("GET", "/findings")
            found = {(f["rule"], f["severity"]) for f in told["findings"][began:]}
            assert found == wanted_findings(row, mode), (row.rule, row.path)
            assert bad.status_code == wanted_code(row, mode), (row.rule, row.path, bad.message)
            if bad.status_code != 1000:
                assert bad.http_status == 200
                assert bad.envelope and row.rule in str(bad.envelope.status_message)


def agreed(cpo: TestCpo, connection: Any, profile: dict[str, Any]) -> None:
    connection.extra["profile"] = profile
    cpo.peer.book.save(connection)


def wanted_code(row: Row, mode: str) -> int:
    if mode == "strict":
        return row.code
    return rules.BY_ID[row.rule].status if mode == "reject" else 1000


def wanted_findings(row: Row, mode: str) -> set[tuple[str, str]]:
    severity = rules.BY_ID[row.rule].severity
    assert severity is not None
    if mode == "off":
        return set()
    return {(row.rule, mode if mode in ("warn", "reject") else severity.value)}


def test_every_row_says_what_the_table_says() -> None:
    for row in ROWS:
        rule = rules.BY_ID[row.rule]
        assert row.versions == rule.versions or set(row.versions) < set(rule.versions)
        assert (row.code == 1000) is (rule.severity is not Severity.REJECT)
    covered = {(row.rule, version) for row in ROWS for version in row.versions}
    named = [r for r in rules.RULES if r.id.startswith(("location.", "tariff."))]
    assert covered >= {(r.id, version) for r in named for version in r.versions}


async def held(cpo: TestCpo) -> Any:
    return (await cpo.control("GET", "/state"))[1]["held"][0]


async def test_a_severity_that_is_lowered_keeps_what_would_be_dropped(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    switches = {"tariff.regular-only": "warn", "location.one-tariff": "warn"}
    async with connected(clock, chance, journal, profile={"rules": switches}) as cpo:
        await cpo.put_tariff(o.tariff("P1", type="AD_HOC_PAYMENT"))
        connector = o.connector(tariff_ids=["P1", "T1"])
        await cpo.put_location(o.location(evses=[o.evse(connectors=[connector])]))
        assert await cpo.findings() == ["tariff.regular-only", "location.one-tariff"]
        now = await held(cpo)
        assert [t["id"] for t in now["tariffs"]] == ["P1"]
        assert now["locations"][0]["evses"][0]["connectors"][0]["tariff_ids"] == ["P1", "T1"]


async def test_a_dropped_tariff_is_no_way_round_the_one_tariff_rule(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """Nor is one that comes later: a known REGULAR tariff is taken before an unknown one."""
    async with connected(clock, chance, journal) as cpo:
        await cpo.put_tariff(o.tariff("T1"))
        await cpo.put_tariff(o.tariff("P1", type="AD_HOC_PAYMENT"))
        for told, kept in (
            (["P1", "T1"], ["T1"]),
            (["LATER", "T1"], ["T1"]),
            (["LATER", "LAST"], ["LATER"]),
            (["P1"], []),
        ):
            connector = o.connector(tariff_ids=told)
            await cpo.put_location(o.location(evses=[o.evse(connectors=[connector])]))
            (home,) = (await held(cpo))["locations"]
            assert home["evses"][0]["connectors"][0]["tariff_ids"] == kept, told
        await cpo.put_tariff(o.tariff("P1"))  # the same id, REGULAR now
        began = len(await cpo.findings())
        body = {"tariff_ids": ["P1"], "last_updated": LATER}
        await cpo.ask("PATCH", "locations", "DE", "ABC", "LOC1", "LOC1-1", "1", body=body)
        assert (await cpo.findings())[began:] == []


async def test_a_removed_evse_does_not_come_back_where_its_ids_are_in_use(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        there = ("locations", "DE", "ABC", "LOC1", "LOC1-1")
        await cpo.put_location(o.location())
        gone, back = ({"status": s, "last_updated": LATER} for s in ("REMOVED", "AVAILABLE"))
        assert (await cpo.ask("PATCH", *there, body=gone)).status_code == 1000
        assert (await cpo.ask("PATCH", *there, body=back)).status_code == 1000
        assert (await cpo.ask("PATCH", *there, body=gone)).status_code == 1000
        assert (await cpo.put_location(o.location("LOC2", evses=[o.evse()]))).status_code == 1000
        assert (await cpo.ask("PATCH", *there, body=back)).status_code == 2001
        assert set(await cpo.findings()) == {"location.unique"}


async def test_a_location_that_is_refused_for_its_country_takes_nothing_with_it(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    """It occupies no ids, and what was there before stays."""
    async with connected(clock, chance, journal) as cpo:
        assert (await cpo.put_location(o.location("FAR", country="AUS"))).status_code == 2000
        here = o.location("NEAR", evses=[o.evse("FAR-1", "DE*ABC*EFAR1")])
        assert (await cpo.put_location(here)).status_code == 1000
        assert (await cpo.put_location({**here, "country": "AUS"})).status_code == 2000
        assert [place["country"] for place in (await held(cpo))["locations"]] == ["DEU"]
        body = {"location_id": "NEAR"}
        assert (await cpo.authorize(o.CARD, body)).data["allowed"] == "ALLOWED"
        assert (await cpo.authorize(o.CARD, {"location_id": "FAR"})).data["allowed"] == (
            "NOT_ALLOWED"
        )


TWO_CPOS = {"cpos": [{"name": "Other", "country_code": "NL", "party_id": "XYZ"}]}


@pytest.mark.parametrize("version", V22X)
async def test_one_cpo_does_not_change_what_is_anothers(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version, profile=TWO_CPOS) as cpo:
        w, theirs = Wire(cpo), {"country_code": "NL", "party_id": "XYZ"}
        await cpo.put_tariff(w.tariff())
        await cpo.put_location(w.location())
        change = {"status": "CHARGING", "last_updated": LATER}
        for method, path, body, code in (
            ("PUT", ("locations", "NL", "XYZ", "LOC1"), {**w.location(), **theirs}, 2001),
            ("PUT", ("locations", "NL", "XYZ", "LOC1", "LOC1-1"), w.evse(), 2003),
            ("PATCH", ("locations", "nl", "xyz", "LOC1", "LOC1-1"), change, 2003),
            ("PUT", ("tariffs", "NL", "XYZ", "T1"), {**w.tariff(), **theirs}, 2001),
            ("DELETE", ("tariffs", "NL", "XYZ", "T1"), None, 2001),
        ):
            module, *rest = path
            answer = await cpo.ask(method, module, *rest, body=body)
            assert answer.status_code == code, (method, path, answer.message)
        assert set(await cpo.findings()) == {"location.unique", "tariff.valid"}
        now = await held(cpo)
        assert [t["country_code"] for t in now["tariffs"]] == ["DE"]
        assert [place["country_code"] for place in now["locations"]] == ["DE"]
        own = ("tariffs", "NL", "XYZ", "T2")
        assert (await cpo.ask("PUT", *own, body={**w.tariff("T2"), **theirs})).status_code == 1000
        assert (await cpo.ask("DELETE", *own)).status_code == 1000
        stranger = ("tariffs", "FR", "QQQ", "T1")
        assert (await cpo.ask("DELETE", *stranger)).status_code == 2001
        assert "credentials.roles-unique" in await cpo.findings()


@pytest.mark.parametrize("version", V22X)
async def test_what_is_pulled_is_of_a_cpo_that_the_credentials_name(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version, register=False) as cpo:
        cpo.locations = [o.location("L1"), o.location("L2", country_code="NL", party_id="XYZ")]
        cpo.tariffs = [o.tariff("T1"), o.tariff("T2", country_code="NL", party_id="XYZ")]
        await cpo.register()
        await clock.sleep(10)
        assert await cpo.findings() == ["credentials.roles-unique"] * 2
        now = await held(cpo)
        assert [place["id"] for place in now["locations"]] == ["L1"]
        assert [t["id"] for t in now["tariffs"]] == ["T1"]
