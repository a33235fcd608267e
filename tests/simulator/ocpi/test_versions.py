"""The table of versions."""

from __future__ import annotations

import pytest

from simulator.ocpi.connection import RECEIVER, SENDER
from simulator.ocpi.versions import VERSIONS, pick, ranked


def test_the_highest_common_version_is_picked() -> None:
    assert pick(["2.0", "2.2.1", "2.3.0"]) is VERSIONS["2.2.1"]
    assert pick(["2.3.0", "nonsense", ""]) is None
    assert pick(["2.2.1", "2.2", "2.1.1"], mine=["2.1.1", "2.2"]) is VERSIONS["2.2"]
    assert pick(["2.2.1"], mine=["9"]) is None


def test_numbers_are_ranked_as_numbers() -> None:
    assert ranked("2.10") > ranked("2.9.1") > ranked("2.9") > ranked("draft")


@pytest.mark.parametrize(
    ("module", "role", "path", "verbs"),
    [
        ("credentials", SENDER, "", {"GET", "POST", "PUT", "DELETE"}),
        ("locations", SENDER, "{location_id}/{evse_uid}/{connector_id}", {"GET"}),
        ("locations", RECEIVER, "{country_code}/{party_id}/{location_id}", {"GET", "PUT", "PATCH"}),
        ("sessions", SENDER, "{session_id}/charging_preferences", {"PUT"}),
        ("cdrs", RECEIVER, "", {"POST"}),
        ("tariffs", RECEIVER, "{country_code}/{party_id}/{tariff_id}", {"GET", "PUT", "DELETE"}),
        ("tokens", SENDER, "{token_uid}/authorize", {"POST"}),
        ("commands", RECEIVER, "{command}", {"POST"}),
    ],
)
def test_verbs_of_2_2_1(module: str, role: str, path: str, verbs: set[str]) -> None:
    version = VERSIONS["2.2.1"]
    found = next(row for row in version.modules if (row.module, row.role) == (module, role))
    assert set(found.paths[path]) == verbs
    assert version.verbs(module, found.role) is found.paths


def test_verbs_that_some_path_takes() -> None:
    assert VERSIONS["2.1.1"].knows("tariffs", RECEIVER, "PATCH")
    assert not VERSIONS["2.2"].knows("tariffs", RECEIVER, "PATCH")
    assert VERSIONS["2.2"].knows("tariffs", RECEIVER, "DELETE")
    assert not VERSIONS["2.1.1"].knows("hubclientinfo", SENDER, "GET")


def test_a_module_that_a_version_lacks_has_no_verbs() -> None:
    assert VERSIONS["2.2.1"].verbs("payments", SENDER) == {}


def test_2_2_1_encodes_tokens_and_numbers_messages() -> None:
    version = VERSIONS["2.2.1"]
    assert (version.token_form, str(version)) == ("base64", "2.2.1")
    assert version.request_ids and version.routing_headers and version.endpoint_roles


def test_2_1_1_does_neither() -> None:
    version = VERSIONS["2.1.1"]
    assert version.token_form == "raw"
    assert not version.request_ids and not version.routing_headers and not version.endpoint_roles
    assert version.verbs("chargingprofiles", SENDER) == {}
    tariffs = version.verbs("tariffs", RECEIVER)["{country_code}/{party_id}/{tariff_id}"]
    assert "PATCH" in tariffs and "DELETE" in tariffs


def test_a_status_code_that_a_version_lacks_becomes_its_generic_one() -> None:
    assert VERSIONS["2.1.1"].code(2004) == 2000
    assert VERSIONS["2.1.1"].code(2003) == 2003
    assert VERSIONS["2.1.1"].code(1900) == 1900
    assert VERSIONS["2.2"].code(2004) == 2004
