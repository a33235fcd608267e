"""A world whose every link is over TLS, played back: each side against its live counterpart."""

from __future__ import annotations

import tempfile
from functools import cache, partial
from pathlib import Path

import pytest

from simulator.mistakes import Exit, Mistake
from simulator.scenario.replay import Plan
from simulator.scenario.replay_recording import Recording
from simulator.wire.tls import NO_TLS, Tls
from simulator.world import World
from simulator.world_file import find, read
from tests.simulator.scenario.recorded import (
    as_cpo,
    listening,
    live_cpo,
    live_stations,
    play_stations,
    recorded,
)

CERTIFIED, KNOWN_BY_PASSWORD, PASSWORD = "CP-1", "CP-2", "open-sesame-1234"


def fresh() -> World:
    """Plug & Charge over TLS; the contract is issued, for its OCSP status is asked for."""
    world = World(read(find("pnc-tls")), clock="virtual")
    world.car("eva")
    return world


async def living(world: World) -> None:
    """A session by contract at each station."""
    for station in world.stations.values():
        await world.clock.sleep(5)
        await station.plug(1, world.car("eva"))
        await world.clock.sleep(590)
        await station.stop_session(1)
        await station.unplug(1)
        await world.clock.sleep(60)


@cache
def told() -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        told = recorded(Path(folder), fresh(), living)
    assert {r["url"][:6] for r in told.records if r["leg"] == "ocpi"} == {"https:"}
    return told


def tls_of(world: World, name: str) -> Tls:
    """What a station has: a certificate of its own, or the CA alone."""
    own = next(plan.tls for plan in world.plan.stations if plan.id == name)
    return Tls(ca=world.plan.ocpp_tls.ca) if own is None else own


def test_a_station_with_a_certificate() -> None:
    world = fresh()
    tls = tls_of(world, CERTIFIED)
    report, _ = play_stations(told(), world, side=f"station/{CERTIFIED}", tls=tls)
    assert report.differences == []
    assert report.said > 15


def test_a_station_with_a_password_and_contracts_in_data_transfers() -> None:
    world = fresh()
    tls = tls_of(world, KNOWN_BY_PASSWORD)
    side = f"station/{KNOWN_BY_PASSWORD}"
    report, _ = play_stations(told(), world, side=side, tls=tls, password=PASSWORD)
    assert report.differences == []
    assert report.said > 15


def test_each_station_with_what_is_its_own() -> None:
    world = fresh()
    shown: list[str] = []

    def own(name: str) -> Tls:
        shown.append(name)
        return tls_of(world, name)

    report, _ = play_stations(told(), world, station_tls=own, password=PASSWORD)
    assert sorted(shown) == [CERTIFIED, KNOWN_BY_PASSWORD]
    assert report.differences == []


@pytest.mark.parametrize(
    ("tls", "words"),
    [(NO_TLS, r"TLS: (self-signed|unable to get)"), (Tls(ca="own"), "HTTP 401")],
)
def test_a_station_that_the_csms_does_not_take(tls: Tls, words: str) -> None:
    world = fresh()
    tls = tls if tls.ca is None else Tls(ca=world.plan.ocpp_tls.ca)
    with pytest.raises(Mistake, match=words) as caught:
        play_stations(told(), world, side=f"station/{CERTIFIED}", tls=tls)
    assert caught.value.exit_code == Exit.UNREACHABLE


def test_the_csms() -> None:
    world = fresh()
    names = (CERTIFIED, KNOWN_BY_PASSWORD)

    async def there(world: World, url: str) -> None:
        assert world.pki is not None and url.startswith("wss://")
        await world.pki.start()
        await live_stations(world, url, living, names)

    plan = Plan("csms", port=0, tls=world.plan.ocpp_tls)
    report, _ = listening(told(), world, plan, there)
    assert report.differences == []
    assert report.answered > 30


def test_the_cpo() -> None:
    world = fresh()
    report, _ = as_cpo(told(), world, tls=world.plan.ocpi_tls)
    assert report.differences == []
    assert report.said > 15 and report.answered > 4


def test_the_peer() -> None:
    world = fresh()
    plan = Plan("peer", port=0, tls=world.plan.peers[0].tls or pytest.fail("no TLS"))
    report, _ = listening(told(), world, plan, partial(live_cpo, living=living))
    assert report.differences == []
    assert report.said > 4 and report.answered > 15


def test_a_peer_whose_authority_is_unknown_here() -> None:
    with pytest.raises(Mistake, match=r"TLS: (self-signed|unable to get)") as caught:
        as_cpo(told(), fresh())
    assert caught.value.exit_code == Exit.UNREACHABLE
