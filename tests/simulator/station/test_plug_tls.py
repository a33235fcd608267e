"""A car meets a station over TLS, on real sockets."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.pki.store import Pki
from simulator.station.certificate_kinds import Signing
from simulator.station.certificate_records import Own
from simulator.station.plug_tls import Handshake, look_only, shake_hands
from tests.simulator.station.certificate_box import NOW, box, owned, root, store

LEAF = "DC=CPO,CN=DE-ICE-S-0001-2,O=roamlab,C=DE"
PROTOCOLS = {"2": "TLSv1.2", "20": "TLSv1.3"}


@cache
def own(**how: Any) -> Own:
    """A station's certificate."""
    return owned(store(), **how)


@pytest.mark.parametrize("edition", ["2", "20"])
async def test_they_agree(clock: Clock, edition: str) -> None:
    seen = await shake_hands(own(), (root("V2G", 8), root("V2G")), edition, clock)
    assert (seen.leaf, seen.certificates, seen.refused) == (LEAF, 3, None)
    assert seen.protocol == seen.words == PROTOCOLS[edition]
    assert seen.cipher is not None
    if edition == "2":
        assert seen.cipher == "ECDHE-ECDSA-AES128-SHA256"
    assert clock.monotonic() == 0.0  # it takes no time of the world


@pytest.mark.real
@pytest.mark.parametrize("edition", ["2", "20"])
async def test_on_a_real_clock_too(edition: str) -> None:
    clock = Clock("real", start=NOW)
    seen = await shake_hands(own(), (root("V2G"),), edition, clock)
    assert (seen.protocol, seen.refused) == (PROTOCOLS[edition], None)
    seen = await shake_hands(own(), (root("V2G", 8),), edition, clock)
    assert seen.refused == "unable to get local issuer certificate"


@pytest.mark.parametrize("edition", ["2", "20"])
async def test_dates_are_judged_by_the_world_s_clock(edition: str) -> None:
    mine, roots = own(), (root("V2G"),)
    ends = mine.leaf.not_valid_after_utc
    for offset, refused in ((-60, None), (60, "certificate has expired")):
        clock = Clock("virtual", start=ends + timedelta(seconds=offset))
        for seen in (await shake_hands(mine, roots, edition, clock), look_only(mine, roots, clock)):
            assert (seen.refused is None) == (refused is None)
        if refused:
            assert (await shake_hands(mine, roots, edition, clock)).refused.startswith(refused)  # type: ignore[union-attr]


@pytest.mark.parametrize("roots", [(), (root("V2G", 8),), (root("MO"),)], ids=len)
async def test_a_car_that_does_not_know_the_root(clock: Clock, roots: Any) -> None:
    for seen in (await shake_hands(own(), roots, "2", clock), look_only(own(), roots, clock)):
        assert seen.refused
        assert seen.protocol is None
        assert seen.words == f"refused: {seen.refused}"


async def test_the_key_must_be_the_certificate_s(clock: Clock) -> None:
    mine = own()
    thief = Own(mine.signing, mine.chain, mine.root, own(key_seed=2).key)
    seen = await shake_hands(thief, (root("V2G"),), "20", clock)
    assert seen.refused is not None
    assert "belong together" in seen.refused


async def test_no_station_s_certificate(clock: Clock) -> None:
    """TLS would take it; ISO 15118 wants DC=CPO."""
    issued = box().issue("CSMS", "127.0.0.1", NOW, Chance(4))
    server = Own(Signing.V2G, issued.chain, root("CSMS"), issued.key)
    seen = await shake_hands(server, (root("CSMS"),), "20", clock)
    assert seen.protocol == "TLSv1.3"
    assert seen.refused == "'127.0.0.1' is no certificate of a station: its DC is not CPO"


@pytest.mark.parametrize("profile", ["iso15118-2", "iso15118-20"])
async def test_each_profile_of_the_pki(clock: Clock, profile: Any) -> None:
    pki = Pki.create(Chance(3), NOW - timedelta(days=1), profile=profile)
    issued = pki.issue("SECC", "DE-ICE-S-0001-2", NOW, Chance(4))
    mine = Own(Signing.V2G, issued.chain, pki.roots("V2G")[0], issued.key)
    seen = await shake_hands(mine, pki.roots("V2G"), "20", clock)
    assert (seen.protocol, seen.refused) == ("TLSv1.3", None)


def left_in(folder: Path) -> list[Path]:
    """What is there."""
    return list(folder.iterdir())


async def test_no_key_stays_on_the_disk(
    clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await shake_hands(own(), (root("V2G"),), "2", clock)
    assert left_in(tmp_path) == []


def test_without_a_socket_there_is_no_protocol(clock: Clock) -> None:
    seen = look_only(own(), (root("V2G"),), clock)
    assert seen == Handshake(LEAF, 3)
    assert seen.words == "without TLS"
