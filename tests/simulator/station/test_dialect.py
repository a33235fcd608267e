"""Every dialect has all that the seam asks for."""

from __future__ import annotations

import inspect

import pytest

from simulator.station.connector import Phase, State
from simulator.station.dialect import Certificates, Contracts, Dialect
from simulator.station.dialects import DIALECTS
from simulator.station.settings import BY_NAME
from simulator.wire.ocpp_rpc import OcppVersion

SEAM = [name for name, _ in inspect.getmembers(Dialect, inspect.isfunction) if name[0] != "_"]
CERTIFICATES = [
    name for name, _ in inspect.getmembers(Certificates, inspect.isfunction) if name[0] != "_"
]

CONTRACTS = [
    name for name, _ in inspect.getmembers(Contracts, inspect.isfunction) if name[0] != "_"
]


@pytest.mark.parametrize("version", DIALECTS, ids=str)
@pytest.mark.parametrize("name", SEAM)
def test_methods_take_what_the_seam_gives(version: OcppVersion, name: str) -> None:
    want = inspect.signature(getattr(Dialect, name)).parameters
    have = inspect.signature(getattr(type(DIALECTS[version]), name)).parameters
    assert list(have) == list(want)


@pytest.mark.parametrize("version", DIALECTS, ids=str)
@pytest.mark.parametrize("name", CERTIFICATES)
def test_so_do_those_about_certificates(version: OcppVersion, name: str) -> None:
    want = inspect.signature(getattr(Certificates, name)).parameters
    have = inspect.signature(getattr(type(DIALECTS[version].certificates), name)).parameters
    assert list(have) == list(want)


@pytest.mark.parametrize("version", DIALECTS, ids=str)
@pytest.mark.parametrize("name", CONTRACTS)
def test_so_do_those_about_contracts(version: OcppVersion, name: str) -> None:
    want = inspect.signature(getattr(Contracts, name)).parameters
    have = inspect.signature(getattr(type(DIALECTS[version].contracts), name)).parameters
    assert list(have) == list(want)


@pytest.mark.parametrize("version", DIALECTS, ids=str)
def test_every_state_has_its_word(version: OcppVersion) -> None:
    dialect = DIALECTS[version]
    for state in State:
        assert dialect.status_of(Phase(state))
        assert dialect.status_of(Phase(state, faulted=True)) == "Faulted"


@pytest.mark.parametrize("version", DIALECTS, ids=str)
def test_what_is_noted_is_configured_somewhere(version: OcppVersion) -> None:
    dialect = DIALECTS[version]
    assert {*dialect.noted, *dialect.noted_by_clock} <= set(BY_NAME)
