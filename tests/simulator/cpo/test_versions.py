"""One CPO in every version: what is offered, what an older version withholds, and changing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.cpo.run import Cpo, UnknownVerbTarget
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import RECEIVER, SENDER
from simulator.ocpi.tariff import TariffError
from simulator.ocpi.validate import errors
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http import join_url
from tests.simulator.cpo.stations import station16
from tests.simulator.cpo.world import CONFIG, LOCATION, TARIFF, World, connector, running, token

ALL = tuple(VERSIONS)
HIDDEN = {**LOCATION, "id": "LOC2", "publish": False}
SPECIAL = {**TARIFF, "id": "T2", "type": "PROFILE_CHEAP"}


def pushed(world: World, module: str) -> list[tuple[str, str | None]]:
    """Verb and id of what the eMSP was sent for a module."""
    return [(verb, (body or {}).get("id")) for verb, body in world.emsp.of(module)]


async def get(world: World, module: str, *ids: str) -> Any:
    peer = world.emsp.cpo
    url = join_url(peer.endpoints[module, SENDER], *ids)
    return await world.emsp.client.exchange(peer, "GET", url, module=module)


# What is offered


@pytest.mark.parametrize(
    ("ours", "theirs", "agreed"),
    [
        (ALL, ALL, "2.2.1"),
        (("2.1.1", "2.2"), ALL, "2.2"),
        (ALL, ("2.1.1",), "2.1.1"),
        (("2.1.1",), ALL, "2.1.1"),
    ],
)
@pytest.mark.parametrize("begins", ["cpo", "emsp"])
async def test_the_highest_common_version_is_used(
    clock: Clock, chance: Chance, journal: Journal,
    ours: tuple[str, ...], theirs: tuple[str, ...], agreed: str, begins: str,
) -> None:  # fmt: skip
    options: dict[str, Any] = {"versions": theirs, "ocpi_versions": ours}
    async with running(clock, chance, journal, registered=False, **options) as world:
        emsp = world.emsp
        if begins == "cpo":
            await world.cpo.register(emsp.server.versions_url, emsp.invite(), "emsp")
        else:
            seen = emsp.store  # the eMSP was handed our token A
            connection = _invited(world)
            seen.save(connection)
            await emsp.registrar.register(connection)
        await world.told("tokens.pulled", count=1)
        assert [peer.version for peer in world.cpo.peers.registered()] == [agreed]
        assert world.emsp.cpo.version == agreed
        listed = await emsp.client.exchange(
            world.emsp.cpo, "GET", world.cpo.versions_url, module="versions"
        )
        assert [row["version"] for row in listed.data] == list(ours)
        (location,) = [body for _, body in world.emsp.of("locations")]
        assert errors("location", location, agreed) == []
        assert ("type" in location) == (agreed == "2.1.1")


def _invited(world: World) -> Any:
    from simulator.ocpi.connection import Connection

    token_a = world.cpo.token_a("emsp")
    return Connection("cpo", "cpo", token_out=token_a, versions_url=world.cpo.versions_url)


# What 2.1.1 withholds


@pytest.mark.parametrize("version", ALL)
async def test_what_a_version_must_not_carry_stays_here_and_is_told(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    config: dict[str, Any] = {"locations": [LOCATION, HIDDEN], "tariffs": [TARIFF, SPECIAL]}
    async with running(clock, chance, journal, versions=(version,), **config) as world:
        older = version == "2.1.1"
        assert pushed(world, "locations") == [("PUT", "LOC1"), ("PUT", "LOC2")][: 2 - older]
        assert pushed(world, "tariffs") == [("PUT", "T1"), ("PUT", "T2")][: 2 - older]
        told = [(r["data"]["kind"], r["data"]["ids"]) for r in world.events("ocpi.withheld")]
        assert told == [("tariff", ["T2"]), ("location", ["LOC2"])] * older
        assert not world.events("tariff.not_taken") + world.events("location.not_taken")
        for module, one, other in (("locations", "LOC1", "LOC2"), ("tariffs", "T1", "T2")):
            page = await get(world, module)
            assert [found["id"] for found in page.data] == [one, other][: 2 - older]
            assert page.headers["X-Total-Count"] == str(2 - older)
        status = 404 if older else 200
        for ids in (("LOC2",), ("LOC2", "E1"), ("LOC2", "E1", "1")):
            assert (await get(world, "locations", *ids)).http_status == status, ids
        assert bool(world.events("ocpi.lost")) == older
        world.cpo.sites.set_status("LOC2", "E1", "AVAILABLE", "2026-01-15T08:00:00Z")
        before = len(world.emsp.of("locations"))
        world.cpo._locations.evse_changed("LOC2", "E1")
        await clock.sleep(5)
        assert len(world.emsp.of("locations")) - before == (not older)


async def test_a_connector_names_the_tariff_that_was_sent(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    plug = {**connector(), "tariff_ids": ["T2", "T1"]}
    place = {**LOCATION, "evses": [{**LOCATION["evses"][0], "connectors": [plug]}]}
    config: dict[str, Any] = {"locations": [place], "tariffs": [TARIFF, SPECIAL], "stations": []}
    async with running(clock, chance, journal, versions=("2.1.1",), **config) as world:
        (location,) = [body for _, body in world.emsp.of("locations")]
        assert location["evses"][0]["connectors"][0]["tariff_id"] == "T1"
        (pulled,) = (await get(world, "locations")).data
        assert pulled["evses"][0]["connectors"][0]["tariff_id"] == "T1"


# Tariffs that change


@pytest.mark.parametrize("version", ALL)
async def test_a_changed_tariff_is_patched_where_the_version_has_that(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with running(clock, chance, journal, versions=(version,)) as world:
        elements = [{"price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}]}]
        world.cpo.change_tariff("T1", elements=elements)
        await clock.sleep(5)
        verb, body = world.emsp.of("tariffs")[-1]
        assert verb == ("PATCH" if version == "2.1.1" else "PUT")
        assert body["elements"] == elements and body["last_updated"] > TARIFF["last_updated"]
        assert ("currency" in body) == (version != "2.1.1"), "a PATCH holds what changed"
        assert errors("tariff", body, version, partial=verb == "PATCH") == []


async def test_a_tariff_that_loses_a_field_or_a_failed_patch_is_put_whole(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    described = {**TARIFF, "tariff_alt_url": "https://abc.example/t1"}
    options: dict[str, Any] = {"versions": ("2.1.1",), "tariffs": [described]}
    async with running(clock, chance, journal, **options) as world:
        world.cpo.change_tariff("T1", tariff_alt_url=None)
        await clock.sleep(5)
        assert pushed(world, "tariffs") == [("PUT", "T1")] * 2
        assert "tariff_alt_url" not in world.emsp.of("tariffs")[-1][1]

        async def no_patch(ctx: Any) -> Any:
            from simulator.ocpi.envelope import ServerError

            if ctx.method == "PATCH":
                raise ServerError("not today")

        world.emsp.misbehave = no_patch
        world.cpo.change_tariff("T1", currency="SEK")
        await clock.sleep(5)
        assert pushed(world, "tariffs") == [("PUT", "T1")] * 3
        with pytest.raises(UnknownVerbTarget):
            world.cpo.change_tariff("T9", currency="SEK")
        with pytest.raises(TariffError):
            world.cpo.change_tariff("T1", elements="free")
        assert world.cpo.sites.tariffs["T1"]["currency"] == "SEK"


async def test_a_tariff_that_may_not_travel_any_more_is_deleted(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, versions=("2.1.1",)) as world:
        await world.emsp.listener.stop()
        world.cpo.change_tariff("T1", type="PROFILE_FAST")
        await clock.sleep(60)
        await world.emsp.listener.start()
        world.cpo.change_tariff("T1", currency="SEK")
        await clock.sleep(60)
        assert pushed(world, "tariffs") == [("PUT", "T1"), ("DELETE", None)]
        world.cpo.change_tariff("T1", type="REGULAR")
        await clock.sleep(60)
        assert pushed(world, "tariffs")[2:] == [("PUT", "T1")]


# Changing the version


@pytest.mark.parametrize("who", ["cpo", "emsp"])
@pytest.mark.parametrize(
    ("first", "then"), [("2.2.1", "2.1.1"), ("2.1.1", "2.2.1"), ("2.2", "2.1.1")]
)
async def test_a_new_version_gets_everything_anew(
    clock: Clock, chance: Chance, journal: Journal, first: str, then: str, who: str
) -> None:
    async with (
        running(clock, chance, journal, versions=ALL, ocpi_versions=ALL) as world,
        station16(world.cpo, clock) as station,
    ):
        await world.cpo.rotate("emsp", (first,))
        await station.boot()
        begun = await station.begin()
        await clock.sleep(60)
        (peer,) = world.cpo.peers.registered()
        tokens = (peer.token_in, peer.token_out)
        assert peer.version == first and world.emsp.of("sessions")
        world.emsp.got.clear()
        if who == "cpo":
            await world.cpo.rotate("emsp", (then,))
        else:
            await world.emsp.registrar.update(world.emsp.cpo, (then,))
        await clock.sleep(60)
        assert peer.version == world.emsp.cpo.version == then
        assert not {peer.token_in, peer.token_out} & set(tokens)
        assert pushed(world, "tariffs") == [("PUT", "T1")]
        assert [verb for verb, _ in world.emsp.of("locations")] == ["PUT"]
        assert [verb for verb, _ in world.emsp.of("sessions")] == ["PUT"], "the open session, whole"
        for module, kind in (("tariffs", "tariff"), ("locations", "location"),
                             ("sessions", "session")):  # fmt: skip
            for _, body in world.emsp.of(module):
                assert errors(kind, body, then) == [], module
        await station.end(begun.transaction_id, 2000)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert errors("cdr", cdr, then) == []
        assert ("stop_date_time" in cdr) == (then == "2.1.1")


async def test_a_rotation_alone_repeats_nothing(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, versions=ALL) as world:
        world.emsp.got.clear()
        await world.cpo.rotate("emsp")
        await clock.sleep(60)
        assert world.emsp.got == [] and len(world.events("peer.registered")) == 1


async def test_after_a_restart_an_offer_that_shrank_is_agreed_upon_anew(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    options: dict[str, Any] = {"versions": ALL, "database": tmp_path / "cpo.db"}
    async with running(clock, chance, journal, **options) as world:
        await world.cpo.stop()
        world.emsp.got.clear()
        config = replace(CONFIG, database=tmp_path / "cpo.db", ocpi_versions=("2.1.1",))
        again = Cpo(config, clock=clock, chance=chance.child("again"), journal=journal)
        await again.start()
        try:
            await clock.sleep(60)
            assert [peer.version for peer in again.peers.registered()] == ["2.1.1"]
            assert world.emsp.cpo.version == "2.1.1"
            assert pushed(world, "locations") == [("PUT", "LOC1")]
            assert errors("location", world.emsp.of("locations")[0][1], "2.1.1") == []
        finally:
            await again.stop()


async def test_after_a_restart_a_peer_that_cannot_follow_is_told_of(
    tmp_path: Path, clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with running(clock, chance, journal, database=tmp_path / "cpo.db") as world:
        await world.cpo.stop()
        config = replace(CONFIG, database=tmp_path / "cpo.db", ocpi_versions=("2.1.1",))
        again = Cpo(config, clock=clock, chance=chance.child("again"), journal=journal)
        await again.start()
        try:
            told = await world.told("peer.not_updated")
            assert "no common version" in told["data"]["problem"]
        finally:
            await again.stop()


# Modules that a peer lacks


@pytest.mark.parametrize("version", ALL)
async def test_a_peer_without_sessions_and_commands_gets_its_cdr(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    options: dict[str, Any] = {"versions": (version,), "lacks": ("sessions", "commands")}
    async with (
        running(clock, chance, journal, **options) as world,
        station16(world.cpo, clock) as station,
    ):
        (registered,) = world.events("peer.registered")
        assert registered["data"]["lacking"] == ["sessions (RECEIVER)"]
        assert ("sessions", RECEIVER) not in world.cpo.peers.registered()[0].endpoints
        await station.boot()
        begun = await station.begin()
        await clock.sleep(900)
        await station.end(begun.transaction_id, 2000)
        await world.told("cdr.accepted")
        assert world.emsp.of("sessions") == [] and len(world.emsp.cdrs) == 1
        assert not world.events("session.not_taken")


# The card, in every version


@pytest.mark.parametrize("version", ALL)
async def test_denied_offline_and_whitelisted(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    tokens = [token("CARD1", whitelist="NEVER"), token("CARD2", whitelist="ALLOWED_OFFLINE")]
    async with (
        running(clock, chance, journal, versions=(version,), tokens=tokens) as world,
        station16(world.cpo, clock) as station,
    ):
        await station.boot()
        world.emsp.verdict = "BLOCKED"
        assert (await station.begin("CARD1")).id_tag_info["status"] == "Blocked"
        assert (await station.begin("NOBODY")).id_tag_info["status"] == "Invalid"
        await world.emsp.listener.stop()
        assert (await station.begin("CARD1")).id_tag_info["status"] == "Invalid"
        begun = await station.begin("CARD2", 2)
        assert begun.id_tag_info["status"] == "Accepted"
        await clock.sleep(60)
        await world.emsp.listener.start()
        await station.end(begun.transaction_id, 2000)
        await world.told("cdr.accepted")
        (cdr,) = world.emsp.cdrs.values()
        assert errors("cdr", cdr, version) == []
        assert cdr["auth_method"] == "WHITELIST" and "authorization_reference" not in cdr
        contract = cdr["auth_id"] if version == "2.1.1" else cdr["cdr_token"]["contract_id"]
        assert contract == "DE-EMP-CARD2"


@pytest.mark.parametrize("name", ["type", "token_type"])
async def test_a_token_s_type_may_have_either_name_in_2_1_1(
    clock: Clock, chance: Chance, journal: Journal, name: str
) -> None:
    other = token("CARD1", type="OTHER")
    async with running(clock, chance, journal, versions=("2.1.1",), tokens=[other]) as world:
        peer = world.emsp.cpo
        url = join_url(peer.endpoints["tokens", RECEIVER], "DE", "EMP", "CARD1")
        for query, status in (({}, 404), ({name: "OTHER"}, 200)):
            got = await world.emsp.client.exchange(peer, "GET", url, module="tokens", query=query)
            assert got.http_status == status
        patch = {"valid": False}  # without last_updated, which is no must there
        got = await world.emsp.client.exchange(
            peer, "PATCH", url, module="tokens", query={name: "OTHER"}, body=patch
        )
        assert got.ok, got.message
