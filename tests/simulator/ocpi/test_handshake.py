"""The credentials table, and what may be agreed upon."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.ocpi.connection import RECEIVER, SENDER, Connection, InterfaceRole
from simulator.ocpi.envelope import (
    InvalidParameters,
    MethodNotAllowed,
    NoMatchingEndpoints,
    PeerApiUnusable,
    UnsupportedVersion,
)
from simulator.ocpi.handshake import (
    STEPS,
    Effect,
    Platform,
    Standing,
    check_credentials,
    check_endpoints,
    check_unique_roles,
    choose_version,
    read_endpoints,
    step,
)
from simulator.ocpi.versions import VERSIONS
from tests.simulator.ocpi.platforms import CPO, EMSP, role
from tests.simulator.ocpi.samples import sample

V221 = VERSIONS["2.2.1"]


def test_every_verb_has_a_row_in_every_standing_but_the_last() -> None:
    verbs = {"GET", "POST", "PUT", "DELETE"}
    assert {verb for standing, verb in STEPS if standing is Standing.INVITED} == verbs
    assert {verb for standing, verb in STEPS if standing is Standing.REGISTERED} == verbs
    assert not any(standing is Standing.GONE for standing, _ in STEPS)


@pytest.mark.parametrize(
    ("registered", "verb"), [(True, "POST"), (False, "PUT"), (False, "DELETE")]
)
def test_a_verb_in_the_wrong_standing_is_405(registered: bool, verb: str) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        step(Connection("1", "peer", registered=registered), verb)
    assert caught.value.http_status == 405
    assert 2000 <= caught.value.status_code < 3000


def test_the_server_calls_back_before_it_rotates() -> None:
    effects = step(Connection("1", "peer"), "POST").effects
    assert effects.index(Effect.CHECK) < effects.index(Effect.CALL_BACK)
    assert effects.index(Effect.CALL_BACK) < effects.index(Effect.ROTATE)
    assert step(Connection("1", "peer", registered=True), "DELETE").then is Standing.GONE


def test_credentials_present_the_platform() -> None:
    platform = Platform("http://x/versions", [CPO])
    assert platform.credentials("T") == {"token": "T", "url": "http://x/versions", "roles": [CPO]}
    assert platform.credentials("T", [EMSP])["roles"] == [EMSP]


def test_our_sample_credentials_pass() -> None:
    check_credentials(sample("credentials"))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"token": "a b"}, "/token"),
        ({"token": 5}, "/token"),
        ({"url": "versions"}, "/url"),
        ({"roles": []}, "/roles"),
        ({"roles": {}}, "/roles"),
        ({"roles": [CPO, "CPO"]}, "/roles/1"),
        ({"roles": [{"role": "CPO"}]}, "/roles/0"),
    ],
)
def test_credentials_that_cannot_be_used_are_2001(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        check_credentials({**sample("credentials"), **changes})
    assert caught.value.pointer == pointer


def test_the_same_party_may_have_two_roles() -> None:
    check_credentials({**sample("credentials"), "roles": [CPO, role("EMSP", "DE", "ABC")]})


@pytest.mark.parametrize("credentials", [None, [], "token"])
def test_credentials_are_an_object(credentials: Any) -> None:
    with pytest.raises(InvalidParameters):
        check_credentials(credentials)


def test_a_version_is_chosen_from_what_is_readable() -> None:
    listed = [None, {"version": "2.2.1"}, {"version": "2.2.1", "url": "http://x/2.2.1"}, {"url": 5}]
    offer = choose_version(listed, ["2.2.1"])
    assert (offer.version, offer.url) == (V221, "http://x/2.2.1")


def test_no_common_version_is_3002_and_names_both_sides() -> None:
    with pytest.raises(UnsupportedVersion, match=r"you offer 2\.0; 2\.2\.1 here"):
        choose_version([{"version": "2.0", "url": "http://x"}], ["2.2.1"])


@pytest.mark.parametrize("listed", [None, {}, "2.2.1"])
def test_a_versions_answer_without_a_list_is_3001(listed: Any) -> None:
    with pytest.raises(PeerApiUnusable):
        choose_version(listed, ["2.2.1"])


def test_endpoints_are_read_by_module_and_role() -> None:
    rows = [
        {"identifier": "credentials", "role": "RECEIVER", "url": "http://x/c"},
        {"identifier": "tokens", "role": "SENDER", "url": "http://x/t"},
        {"identifier": "tokens", "role": "OWNER", "url": "http://x/o"},
        {"identifier": "cdrs", "role": "RECEIVER"},
        {"identifier": 5, "role": "RECEIVER", "url": "http://x/5"},
        "nonsense",
    ]
    assert read_endpoints({"version": "2.2.1", "endpoints": rows}, V221) == {
        ("credentials", SENDER): "http://x/c",
        ("credentials", RECEIVER): "http://x/c",
        ("tokens", SENDER): "http://x/t",
    }


@pytest.mark.parametrize("details", [None, [], {}, {"endpoints": {}}])
def test_details_without_endpoints_are_3001(details: Any) -> None:
    with pytest.raises(PeerApiUnusable):
        read_endpoints(details, V221)


def test_a_missing_endpoint_is_3003_and_named() -> None:
    have = {("tokens", SENDER): "http://x"}
    check_endpoints(have, [("tokens", SENDER)], V221)
    with pytest.raises(NoMatchingEndpoints, match=r"cdrs \(RECEIVER\)"):
        check_endpoints(have, [("tokens", SENDER), ("cdrs", RECEIVER)], V221)


def test_who_offers_nothing_that_we_use_is_3003() -> None:
    uses: list[tuple[str, InterfaceRole]] = [("tokens", SENDER), ("cdrs", RECEIVER)]
    check_endpoints({("cdrs", RECEIVER): "http://x"}, [], V221, uses)
    with pytest.raises(NoMatchingEndpoints, match=r"at least one of tokens \(SENDER\), cdrs"):
        check_endpoints({("tokens", RECEIVER): "http://x"}, [], V221, uses)


def test_what_the_version_does_not_have_is_not_missed() -> None:
    check_endpoints({}, [("payments", SENDER)], V221)


def test_a_role_that_a_party_has_twice_is_2001() -> None:
    check_unique_roles([CPO, EMSP, role("CPO", "DE", "DEF")])
    with pytest.raises(InvalidParameters) as caught:
        check_unique_roles([CPO, EMSP, role("CPO", "de", "abc")])
    assert caught.value.pointer == "/roles/2"
