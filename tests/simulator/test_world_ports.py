"""Which ports a world takes, and that two of one file stand side by side."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulator.pki.ocsp_http import PATH
from simulator.scenario.lab import Lab
from simulator.wire.http import BindError
from simulator.world import World
from simulator.world_contracts import PkiPlan
from simulator.world_file import WorldFile, read_text
from simulator.world_ports import Ports, by_option, of_a_test, reserved, settle

BARE = """\
name: many
seed: 3
clock: real
pki: {}
cpo: {country_code: DE, party_id: ABC, name: Many}
peers: [{name: plugsurfing}]
emps: [{name: theirs}]
"""
NAMED = """\
name: named
pki: {port: 4}
cpo: {country_code: DE, party_id: ABC, name: Named, ocpp_port: 1, ocpi_port: 2}
peers: [{name: plugsurfing, port: 3}]
emps: [{name: theirs, port: 5}]
"""


def ports_of(plan: WorldFile) -> list[int | None]:
    (peer,), (emp,), pki = plan.peers, plan.emps, plan.pki
    assert pki is not None
    return [plan.cpo["ocpp_port"], plan.cpo["ocpi_port"], peer.port, pki.port, emp.port]


@pytest.mark.parametrize(
    ("text", "how", "ports"),
    [
        (BARE, None, [9000, 9100, 8090, None, 8100]),
        (f"{BARE}ports: fixed\n", None, [9000, 9100, 8090, None, 8100]),
        (f"{BARE}ports: free\n", None, [0] * 5),
        (f"{BARE}ports: free\n", Ports.FIXED, [9000, 9100, 8090, None, 8100]),
        (NAMED, None, [1, 2, 3, 4, 5]),
        (f"{NAMED}ports: free\n", None, [1, 2, 3, 4, 5]),
        (NAMED, Ports.ALL_FREE, [0] * 5),
    ],
)
def test_where_a_world_listens(text: str, how: Ports | None, ports: list[int | None]) -> None:
    assert ports_of(settle(read_text(text), how)) == ports


def test_who_says_so() -> None:
    assert (by_option(True), by_option(False)) == (Ports.ALL_FREE, None)
    assert of_a_test(read_text(BARE)) is Ports.FREE
    assert of_a_test(read_text(f"{BARE}ports: fixed\n")) is Ports.FIXED


def test_in_virtual_time_ports_are_the_same_in_every_run() -> None:
    world = World(read_text(BARE), clock="virtual", ports=Ports.ALL_FREE)
    assert ports_of(world.plan) == [9000, 9100, 8090, None, 8100]


def numbers(addresses: Mapping[str, Any]) -> set[str]:
    (peer,), (emp,) = addresses["peers"], addresses["emps"]
    urls = [addresses["ocpp_url"], addresses["ocpi_versions_url"], peer["versions_url"],
            emp["versions_url"], addresses["pki"]["ocsp_url"]]  # fmt: skip
    return {url.split("/")[2] for url in urls}


@pytest.mark.real
def test_two_worlds_of_one_file_stand_side_by_side() -> None:
    with ExitStack() as stack:
        labs = [stack.enter_context(Lab(read_text(BARE), start="off")) for _ in range(2)]
        places = [numbers(lab.snapshot()["addresses"]) for lab in labs]
        assert len(places[0] | places[1]) == 10
        for lab in labs:  # what certificates name is where the responder is
            pki = lab.world.pki
            assert pki is not None
            assert pki.pki.settings.ocsp_url == f"{pki.server.base_url}{PATH}"


def test_a_pki_that_is_kept_keeps_its_port(tmp_path: Path) -> None:
    plan = replace(read_text(BARE), pki=PkiPlan(directory=tmp_path / "pki"))
    first, again = (World(plan, ports=Ports.ALL_FREE).pki for _ in range(2))
    assert first is not None and again is not None
    assert first.port == again.port not in (0, 8085)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
def test_a_reserved_port_is_for_who_names_it(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    port = reserved(host)
    with socket.create_server((host, port), family=family) as server:
        assert server.getsockname()[1] == port


def test_nobody_reserves_an_address_of_another_machine() -> None:
    with pytest.raises(BindError, match=r"cannot listen on 192\.0\.2\.1"):
        reserved("192.0.2.1")
