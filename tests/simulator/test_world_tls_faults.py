"""Certificates that are no good: shown from the next handshake on, and good again afterwards."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.wire.fault_kinds import FAULTS
from simulator.wire.faults import FaultError
from simulator.world import World
from simulator.world_file import read_text
from simulator.world_tls_faults import KINDS
from tests.simulator.tls_world import make_pki, world_of

OWN = """\
name: tls
seed: 7
clock: virtual
pki: {}
cpo: {country_code: DE, party_id: ABC, name: T, ocpp_tls: pki, ocpi_tls: pki}
peers: [{name: plugsurfing, tls: pki, tokens: [{uid: 04AA}]}]
tariffs: [{id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}]
locations:
- id: L1
  country: DEU
  stations:
  - {id: S3, ocpp: 2.0.1, tariff: t, security_profile: 3, tls: pki}
  - {id: S2, ocpp: 1.6, tariff: t, security_profile: 2, password: 0123456789abcdef}
cars: {mine: {soc_percent: 10}}
"""
PLAIN = OWN.replace("pki: {}\n", "").replace(", ocpp_tls: pki, ocpi_tls: pki", "")
PLAIN = PLAIN.replace(", tls: pki", "").replace(", security_profile: 3", "")
PLAIN = PLAIN.replace("security_profile: 2, ", "")
ROAMING = f"""{OWN}
emps: [{{name: acme, tls: pki, tokens: [{{uid: 04EE, contract_id: DE-EMP-C00000001-X}}]}}]
"""
CAUSES = {
    "tls_expired": "certificate has expired",
    "tls_wrong_ca": "unable to get local issuer certificate",
    "tls_wrong_name": "certificate is not valid for '127.0.0.1'",
}


def own() -> World:
    return World(read_text(OWN, "tls.yaml"))


def told(world: World, what: str, actor: str, since: int = 0) -> Iterator[dict[str, Any]]:
    for record in list(world.journal.records)[since:]:
        if record.get("what") == what and record["actor"] == actor:
            yield record["data"]


def test_every_fault_of_tls_is_there() -> None:
    assert set(KINDS) == {name for name in FAULTS if name.startswith("tls_")} == set(CAUSES)


@pytest.mark.parametrize("kind", KINDS)
async def test_both_servers_of_the_cpo_show_it_and_nothing_is_lost(kind: str) -> None:
    async with own() as world:
        station = world.station("S2")
        await station.plug(1, world.car("mine"))
        assert await station.tap(1, "04AA")
        number = await world.faults.place({"kind": kind, "actor": "cpo"})
        await world.clock.sleep(60)
        assert not world.cpo.csms.connected
        for name in ("S2", "S3"):
            errors = [
                each["error"] for each in told(world, "ocpp.connect_failed", f"station/{name}")
            ]
            assert errors and all(CAUSES[kind] in error for error in errors), errors
            secure = list(told(world, "security.event", f"station/{name}"))
            assert [each["kind"] for each in secure] == ["InvalidCsmsCertificate"]
        assert any(each["link"] == "ocpp" for each in told(world, "tls.refused", "cpo"))
        answer = await world.peers["plugsurfing"].command("STOP_SESSION", session_id="none")
        assert "TLS" in str(answer) or "certificate" in str(answer), answer
        await station.stop_session(1)
        await station.unplug(1)
        await world.faults.clear(number)
        await world.clock.sleep(900)
        assert set(world.cpo.csms.connected) == {"S2", "S3"}
        assert world.cpo.snapshot()["cdrs"] == {"accepted": 1}


async def begin(world: World, token: str = "04AA") -> None:
    await world.station("S2").plug(1, world.car("mine"))
    assert await world.station("S2").tap(1, token)


async def finish(world: World) -> None:
    await world.clock.sleep(300)
    await world.station("S2").stop_session(1)
    await world.station("S2").unplug(1)
    await world.clock.sleep(60)


def failures(world: World, actor: str, module: str) -> set[int | None]:
    """The HTTP statuses of what an actor asked."""
    return {
        record["http_status"]
        for record in world.journal.records
        if record["leg"] == "ocpi" and record["direction"] == "sent"
        if (record["actor"], record["module"]) == (actor, module)
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_a_peer_shows_it_and_gets_its_cdr_later(kind: str) -> None:
    async with own() as world:
        peer = world.peers["plugsurfing"]
        await begin(world)
        number = await world.faults.place({"kind": kind, "actor": "plugsurfing"})
        await finish(world)
        assert None in failures(world, "cpo", "sessions")
        assert any(each["link"] == "ocpi" for each in told(world, "tls.refused", "plugsurfing"))
        assert not any(each["cdrs"] for each in (await peer.state())["held"])  # asked meanwhile
        await world.faults.clear(number)
        await world.clock.sleep(7200)
        (connection,) = (await peer.state())["held"]
        assert len(connection["cdrs"]) == 1
        assert world.cpo.snapshot()["cdrs"] == {"accepted": 1}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_emp_shows_it_and_gets_its_cdr_at_night(kind: str) -> None:
    async with World(read_text(ROAMING, "tls.yaml")) as world:
        emp = world.emps["acme"]
        await world.clock.sleep(120)
        await begin(world, "04EE")
        number = await world.faults.place({"kind": kind, "actor": "emp"})
        await finish(world)
        assert failures(world, "roam", "cdrs") == {None}
        assert (await emp.state())["cdrs"] == []
        await world.faults.clear(number)
        await world.clock.sleep(24 * 3600)
        assert len((await emp.state())["cdrs"]) == 1


async def test_a_peer_of_a_kind_that_knows_no_worlds_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with own() as world:
        monkeypatch.setattr("simulator.world_peer.told_of_the_world", lambda start, welcome: {})
        with pytest.raises(FaultError, match="or is of a kind that this world has no hand in"):
            await world.faults.place({"kind": "tls_expired", "actor": "plugsurfing"})


@pytest.mark.parametrize("kind", KINDS)
async def test_a_station_shows_it_and_is_let_in_again(kind: str) -> None:
    async with own() as world:
        await world.faults.place({"kind": kind, "actor": "station/S3", "for": "2 min"})
        await world.clock.sleep(110)
        assert set(world.cpo.csms.connected) == {"S2"}
        assert list(told(world, "ocpp.connect_failed", "station/S3"))
        if kind == "tls_wrong_name":
            whys = [each["why"] for each in told(world, "station.refused", "cpo")]
            assert whys and set(whys) == {"the client certificate is that of 'another'"}
        else:
            errors = [each["why"] for each in told(world, "tls.refused", "cpo")]
            assert errors and all(CAUSES[kind] in error for error in errors), errors
        await world.clock.sleep(600)
        assert set(world.cpo.csms.connected) == {"S2", "S3"}


async def test_one_that_stands_in_the_world_file_holds_from_the_first_handshake() -> None:
    text = f"{OWN}faults: [{{kind: tls_wrong_ca, actor: station/S3, for: 30 s}}]\n"
    world = World(read_text(text, "tls.yaml"))
    async with world:
        assert len(list(told(world, "ocpp.connect_failed", "station/S3"))) >= 1
        assert set(world.cpo.csms.connected) == {"S2", "S3"}


async def test_the_last_one_shows_and_what_it_hid_shows_again() -> None:
    async with own() as world:
        place = world.faults.place
        first = await place({"kind": "tls_wrong_ca", "actor": "cpo"})
        second = await place({"kind": "tls_expired", "actor": "cpo"})
        for gone, kind in ((None, "tls_expired"), (second, "tls_wrong_ca")):
            if gone is not None:
                await world.faults.clear(gone)
            since = len(list(world.journal.records))
            await world.clock.sleep(300)
            (*_, last) = told(world, "ocpp.connect_failed", "station/S3", since)
            assert CAUSES[kind] in last["error"]
        await world.faults.clear(first)
        await world.clock.sleep(900)
        assert set(world.cpo.csms.connected) == {"S2", "S3"}


@pytest.mark.parametrize(
    ("text", "actor", "says"),
    [
        (OWN, "", "whose certificate? 'cpo', 'plugsurfing', or 'station/' and the id of one"),
        (OWN, "station/S9", "no actor is called 'station/S9'"),
        (OWN, "emp", "'emp' shows no certificate here"),
        (PLAIN, "plugsurfing", "plugsurfing shows no certificate: no tls"),
        (
            ROAMING.replace("tls: pki, tokens: [{uid: 04EE", "tokens: [{uid: 04EE"),
            "emp",
            "emp shows no certificate: no tls",
        ),
        (OWN, "station/S2", "station/S2 shows no certificate: it has no security profile 3"),
        (PLAIN, "cpo", "cpo shows no certificate: no ocpp_tls, no ocpi_tls"),
        (PLAIN, "station/S3", "station/S3 shows no certificate: it has no security profile 3"),
    ],
)
async def test_who_shows_no_certificate_cannot_show_a_wrong_one(
    text: str, actor: str, says: str
) -> None:
    spec = {"kind": "tls_expired"} | ({"actor": actor} if actor else {})
    async with World(read_text(text, "w.yaml")) as world:
        with pytest.raises(FaultError) as caught:
            await world.faults.place(spec)
        assert says in str(caught.value)
        assert world.faults.board.list() == []


async def test_with_files_only_a_strangers_certificate_can_be_made(tmp_path: Path) -> None:
    async with world_of(make_pki(tmp_path / "pki")) as world:
        with pytest.raises(FaultError, match="takes the key of the authority"):
            await world.faults.place({"kind": "tls_expired", "actor": "cpo"})
        await world.faults.place({"kind": "tls_wrong_ca", "actor": "cpo", "for": "1 min"})
        await world.clock.sleep(50)
        errors = [each["error"] for each in told(world, "ocpp.connect_failed", "station/S201")]
        assert errors and all(CAUSES["tls_wrong_ca"] in error for error in errors)
        await world.clock.sleep(600)
        assert set(world.cpo.csms.connected) == {"S16", "S201", "SPW"}


async def test_nothing_of_it_is_kept() -> None:
    async with own() as world:
        assert world.pki is not None
        before = [row.serial for row in world.pki.pki.issued()]
        for kind in KINDS:
            await world.faults.place({"kind": kind, "actor": "station/S3"})
        assert [row.serial for row in world.pki.pki.issued()] == before


def test_a_world_of_its_own_pki_may_be_built_in_another_process() -> None:
    plan = pickle.loads(pickle.dumps(read_text(OWN, "tls.yaml")))
    tls = World(plan).plan.peers[0].tls
    assert tls is not None
    assert "BEGIN CERTIFICATE" in str(tls.ca)
