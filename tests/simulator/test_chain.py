"""The whole chain in every version of OCPI: stations, the CPO, the mock Plugsurfing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from simulator.kernel.journal import Record
from simulator.kernel.loop import run
from simulator.ocpi.validate import errors
from simulator.world import World
from simulator.world_file import WorldFile, read_text

VERSIONS = ("2.1.1", "2.2", "2.2.1")
OLD = "2.1.1"
# Never whitelisted, whitelisted where nobody can be asked, blocked.
NEVER, OFFLINE, BLOCKED = "04AA", "04BB", "04CC"

CHAIN = """\
name: chain
seed: 11
clock: virtual
cpo: {{country_code: DE, party_id: ABC, name: Chain, ocpi_versions: {cpo}}}
peers:
- name: plugsurfing
  register: {register}
  ocpi_versions: {peer}
  profile: {{interruptions: [{{since: "2026-01-15T08:00:00Z"}}]}}
  tokens:
  - {{uid: 04AA, contract_id: DE-8PS-CAAAAAAAA-1, whitelist: NEVER}}
  - {{uid: 04BB, contract_id: DE-8PS-CBBBBBBBB-2, whitelist: ALLOWED_OFFLINE}}
  - {{uid: 04CC, contract_id: DE-8PS-CCCCCCCCC-3, whitelist: NEVER, valid: false}}
tariffs:
- id: t
  elements: [{{price_components: [{{type: ENERGY, price: 0.49, vat: 19, step_size: 1}}]}}]
- id: cheap
  type: PROFILE_CHEAP
  elements: [{{price_components: [{{type: ENERGY, price: 0.1, step_size: 1}}]}}]
locations:
- id: L1
  country: DEU
  stations:
  - {{id: S16, ocpp: "1.6", tariff: t}}
  - {{id: S201, ocpp: 2.0.1, evses: [[dc-150]], tariff: t}}
- {{id: L2, country: DEU, publish: false}}
cars: {{mine: {{soc_percent: 20}}}}
"""


def world_of(version: str, register: str = "cpo", *, offers: str = "cpo") -> World:
    """A world in one version: the CPO or the peer offers that alone, the other side all."""
    both = {"cpo": list(VERSIONS), "peer": list(VERSIONS), offers: [version]}
    return World(read_text(CHAIN.format(register=register, **both)))


async def charge(world: World, station: str, uid: str, minutes: float = 20) -> None:
    """One plug-in session by card."""
    there = world.station(station)
    await there.plug(1, world.car("mine"))
    await there.tap(1, uid)
    await world.clock.sleep(60 * minutes)
    await there.tap(1, uid)
    await there.unplug(1)
    await world.clock.sleep(60)


def exchanges(world: World, module: str, method: str, actor: str = "cpo") -> list[Record]:
    """The requests of an actor for a module."""
    return [
        r
        for r in world.journal.records
        if r["leg"] == "ocpi"
        and (r["actor"], r["module"], r["method"], r["direction"])
        == (actor, module, method, "sent")
    ]


def body(record: Record) -> Any:
    return json.loads(record["request"]["body"])


def data(record: Record) -> Any:
    return json.loads(record["response"]["body"])["data"]


def findings(world: World) -> list[tuple[str, str]]:
    return [(r["rule"], r["severity"]) for r in world.journal.records if r["leg"] == "finding"]


def events(world: World, what: str) -> list[dict[str, Any]]:
    return [
        r["data"]
        for r in world.journal.records
        if r["leg"] == "event" and r["what"] == what and r["actor"] == "cpo"
    ]


def headers(records: list[Record]) -> Iterator[tuple[str, set[str]]]:
    for record in records:
        for side in ("request", "response"):
            yield record["url"], {name.lower() for name in record[side]["headers"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("register", "offers"), [("cpo", "cpo"), ("peer", "peer")])
async def test_card_sessions_from_registration_to_accepted_cdrs(
    version: str, register: str, offers: str
) -> None:
    async with world_of(version, register, offers=offers) as world:
        await world.clock.sleep(30)
        (peer,) = world.cpo.peers.registered()
        assert peer.version == version
        await charge(world, "S16", NEVER)
        await charge(world, "S201", OFFLINE)
        posts = exchanges(world, "cdrs", "POST")
        assert [r["status_code"] for r in posts] == [1000, 1000], [r["response"] for r in posts]
        for post in posts:
            cdr = body(post)
            assert errors("cdr", cdr, version) == []
            assert post["version"] == version and f"/{version}/" in post["url"]
            assert ("authorization_reference" in cdr) == (version != OLD)
        assert {s for _, s in findings(world)} <= {"drop"}, findings(world)
        sessions = exchanges(world, "sessions", "PUT") + exchanges(world, "sessions", "PATCH")
        assert bool(sessions) == (version != OLD), "Plugsurfing has no sessions in 2.1.1"
        for module, kind in (("locations", "location"), ("tariffs", "tariff")):
            for put in exchanges(world, module, "PUT"):
                assert put["status_code"] == 1000, (put["request"], put["response"])
                assert errors(kind, body(put), version) == []
        for post in exchanges(world, "tokens", "POST"):
            assert data(post)["allowed"] == "ALLOWED"
            assert ("authorization_reference" in data(post)) == (version != OLD)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_withheld_and_lost_is_told(version: str) -> None:
    async with world_of(version) as world:
        await world.clock.sleep(30)
        locations = [body(r)["id"] for r in exchanges(world, "locations", "PUT")]
        tariffs = [body(r)["id"] for r in exchanges(world, "tariffs", "PUT")]
        withheld = [(e["kind"], *e["ids"]) for e in events(world, "ocpi.withheld")]
        lacking = events(world, "peer.registered")[0]["lacking"]
        if version == OLD:
            assert (locations, tariffs) == (["L1"], ["t"])
            assert ("tariff", "cheap") in withheld and ("location", "L2") in withheld
            assert lacking == ["sessions (RECEIVER)"]
            lost = [place for e in events(world, "ocpi.lost") for place in e["lost"]]
            assert "/elements/0/price_components/0/vat" in lost
        else:
            assert (locations, tariffs) == (["L1", "L2"], ["t", "cheap"])
            assert withheld == [] and lacking == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_wire_is_that_of_the_version(version: str) -> None:
    async with world_of(version) as world:
        await charge(world, "S16", NEVER)
        (peer,) = world.cpo.peers.registered()
        agreed = [
            r for r in world.journal.records if r["leg"] == "ocpi" and r["version"] == version
        ]
        assert len({r["module"] for r in agreed}) >= 4
        for url, names in headers([r for r in agreed if r["module"] != "versions"]):
            assert ("x-request-id" in names) == (version != OLD), url
        assert world.cpo._roaming.registrar.platform.versions == (version,)
        assert peer.token_form is None, "raw in 2.1.1, base64 later, as the version has it"
        (location,) = [body(r) for r in exchanges(world, "locations", "PUT")][:1]
        if version == OLD:
            assert "country_code" not in location and "publish" not in location
            assert len(location["coordinates"]["latitude"].split(".")[1]) == 6
            assert "voltage" in location["evses"][0]["connectors"][0]
        else:
            assert location["country_code"] == "DE" and location["publish"] is True


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_blocked_card_is_denied(version: str) -> None:
    async with world_of(version) as world:
        await charge(world, "S16", BLOCKED)
        await charge(world, "S16", "04FFFF")
        decided = [(e["uid"], e["verdict"]) for e in events(world, "authorization.decided")]
        assert (BLOCKED, "BLOCKED") in decided
        assert dict(decided)["04FFFF"] != "ALLOWED"
        assert exchanges(world, "cdrs", "POST") == []


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_session_that_ends_offline_is_told_when_the_station_is_back(version: str) -> None:
    async with world_of(version) as world:
        station = world.station("S16")
        await charge(world, "S16", OFFLINE)
        await station.plug(1, world.car("mine"))
        await station.tap(1, OFFLINE)
        await world.clock.sleep(300)
        await station.offline()
        await world.clock.sleep(600)
        await station.tap(1, OFFLINE)
        await station.unplug(1)
        await world.clock.sleep(300)
        assert len(exchanges(world, "cdrs", "POST")) == 1, "nobody knows of its end yet"
        await station.online()
        await world.clock.sleep(300)
        first, second = exchanges(world, "cdrs", "POST")
        assert (first["status_code"], second["status_code"]) == (1000, 1000), second["response"]
        assert body(second)["total_energy"] > 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_session_that_begins_offline_is_paid_where_the_card_allows_it(
    version: str,
) -> None:
    async with world_of(version) as world:
        await charge(world, "S16", OFFLINE)  # the station's cache knows the card from here on
        await world.clock.sleep(3600)
        await world.station("S16").offline()
        await world.clock.sleep(60)
        await charge(world, "S16", OFFLINE)
        await world.station("S16").online()
        await world.clock.sleep(300)
        first, second = exchanges(world, "cdrs", "POST")
        assert (first["status_code"], second["status_code"]) == (1000, 1000), second["response"]
        assert body(first)["auth_method"] == "AUTH_REQUEST"
        assert body(second)["auth_method"] == "WHITELIST"
        assert body(second)["remark"].startswith("Authorized locally: the station was offline")


@pytest.mark.parametrize("version", ["2.2", "2.2.1"])
async def test_a_remote_start_has_a_session_and_a_cdr(version: str) -> None:
    async with world_of(version) as world:
        station = world.station("S201")
        await station.plug(1, world.car("mine"))
        peer = world.peers["plugsurfing"]
        await peer.command("START_SESSION", token_uid=NEVER, location_id="L1", evse_uid="S201-1")
        await world.clock.sleep(600)
        (session,) = world.cpo.ledger.open_sessions()
        await peer.command("STOP_SESSION", session_id=session.head.id)
        await world.clock.sleep(60)
        await station.unplug(1)
        await world.clock.sleep(60)
        (post,) = exchanges(world, "cdrs", "POST")
        assert post["status_code"] == 1000, post["response"]
        results = [body(r)["result"] for r in exchanges(world, "commands", "POST")]
        assert results == ["ACCEPTED", "ACCEPTED"]


async def test_a_connection_that_goes_to_another_version_goes_on() -> None:
    async with World(_all()) as world:
        (peer,) = world.cpo.peers.registered()
        assert peer.version == "2.2.1"
        await charge(world, "S16", NEVER)
        for version in (OLD, "2.2"):
            sent = len(exchanges(world, "locations", "PUT"))
            await world.cpo.rotate("plugsurfing", (version,))
            await world.clock.sleep(30)
            assert peer.version == version
            assert len(exchanges(world, "locations", "PUT")) > sent
            await charge(world, "S16", NEVER)
        posts = exchanges(world, "cdrs", "POST")
        assert [(r["version"], r["status_code"]) for r in posts] == [
            ("2.2.1", 1000), (OLD, 1000), ("2.2", 1000),
        ], [r["response"] for r in posts]  # fmt: skip


def _all() -> WorldFile:
    offer = list(VERSIONS)
    return read_text(CHAIN.format(register="cpo", cpo=offer, peer=offer))


@pytest.mark.real  # each world brings its own loop
@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_seed_is_the_same_journal(version: str) -> None:
    def journal() -> bytes:
        world = world_of(version)

        async def main() -> None:
            async with world:
                await charge(world, "S16", NEVER)

        run(main(), world.clock)
        return world.journal.dump()

    assert journal() == journal()
