"""What messages are called on either wire, in every version that is spoken here."""

from __future__ import annotations

import pytest

from simulator.ocpi.versions import CONFIGURATION, VERSIONS
from simulator.wire.ocpp_messages import OcppVersion
from simulator.wire.ocpp_schema import actions
from simulator.wire.spoken import (
    METHODS,
    MODULES,
    unknown,
    unspoken_action,
    unspoken_method,
    unspoken_module,
)


def test_every_action_of_every_version_is_known() -> None:
    names = [name for version in OcppVersion for name in actions(version)]
    assert len(names) > 150
    assert [name for name in names if unspoken_action(name)] == []


def test_the_modules_are_those_of_every_version() -> None:
    named = {interface.module for row in VERSIONS.values() for interface in row.modules}
    assert named | CONFIGURATION | {"-"} == MODULES
    assert [name for name in MODULES if unspoken_module(name)] == []


def test_the_methods_are_those_of_every_interface() -> None:
    paths = [interface.paths for row in VERSIONS.values() for interface in row.modules]
    assert {verb for each in paths for verbs in each.values() for verb in verbs} == METHODS
    assert [name for name in METHODS if unspoken_method(name)] == []


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (unspoken_action("StartTransactio"), "Did you mean 'StartTransaction'?"),
        (unspoken_module("cdr"), "no OCPI module is called 'cdr'. Did you mean 'cdrs'?"),
        (unspoken_method("PSOT"), "no OCPI method is called 'PSOT'. Did you mean 'POST'?"),
        (unknown("thing", "x", {"y"}), "no thing is called 'x'. Known: y."),
    ],
)
def test_what_no_message_is_called(why: str | None, words: str) -> None:
    assert words in (why or "")


@pytest.mark.parametrize("name", ["y", "${name}", "my-*", "?", "[xy]"])
def test_what_may_be_named(name: str) -> None:
    assert unknown("thing", name, {"y"}) is None
