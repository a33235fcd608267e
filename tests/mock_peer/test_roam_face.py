"""Registration with Roam, its limits, and what it does not take."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from mock_peer.emp import EmpConfig
from mock_peer.roam_organisation import Organisation, parse
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import SENDER
from simulator.ocpi.envelope import OcpiError
from tests.mock_peer.roaming import EMP_PORT, TOKEN, Whole, roaming

# The EMP's requests while it registers: versions, details, credentials, its token.
COUNTED_BEFORE = 4


def allowed(whole: Whole, **limits: int) -> None:
    """Give the EMP other limits, from now on."""
    (connection,) = whole.roam.book.all()
    book = whole.roam.book
    book.set_organisation(connection, parse(limits, book.organisation(connection)))


async def test_the_emp_begins(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal) as whole:
        connection = whole.emp.connection
        (role,) = connection.their_roles
        assert (role["role"], role["country_code"], role["party_id"]) == ("CPO", "DE", "8PS")
        assert role["business_details"]["name"] == "Plugsurfing"
        assert sorted({module for module, _ in connection.endpoints}) == [
            "commands", "credentials", "locations", "tokens",
        ]  # fmt: skip
        assert connection.version == "2.2.1"
        assert whole.findings("roam.roles") == []
        assert [r["data"]["parties"] for r in whole.told("roam.registered")] == [["DE*EMP"]]


async def test_roam_begins(clock: Clock, chance: Chance, journal: Journal) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        organisation = Organisation(keys_per_contract=3)
        connection = await whole.roam.face.register(
            whole.emp.versions_url, whole.emp.token_a(), organisation
        )
        await clock.sleep(5)
        assert connection.registered
        own = structs.replace(organisation, country_code="DE", party_id="EMP")
        assert whole.roam.book.organisation(connection) == own
        assert whole.emp.connection.registered
        assert TOKEN["uid"] in whole.cpo.tokens


async def test_a_registration_that_fails_leaves_nothing_behind(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        with pytest.raises(OcpiError, match="HTTP 401"):
            await whole.roam.face.register(whole.emp.versions_url, "wrong")
        assert [c for c in whole.roam.book.all() if c.registered] == []


async def test_the_default_prefix_is_the_emp_s_own_party(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    token = {"uid": "A", "contract_id": "NLABCC00000001X"}
    config = EmpConfig(
        port=EMP_PORT, country_code="NL", party_id="ABC", tokens=(token,), pulls=False
    )
    async with roaming(clock, chance, journal, config=config) as whole:
        assert "A" in whole.cpo.tokens
        assert whole.cpo.tokens["A"]["contract_id"] == "NL-ABC-C00000001-X"


async def test_the_request_after_the_limit_is_429_without_retry_after(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await clock.sleep(60)
        allowed(whole, requests_per_minute=2, requests_per_day=COUNTED_BEFORE + 4)
        answers = [await whole.ask("GET", "tokens", "DE", "EMP", TOKEN["uid"]) for _ in range(3)]
        assert [answer.http_status for answer in answers] == [200, 200, 429]
        assert "Retry-After" not in answers[-1].headers
        (finding,) = whole.findings("roam.limit-")
        assert (finding["rule"], finding["expected"]) == (
            "roam.limit-minute", "at most 2 requests per clock minute (UTC)"
        )  # fmt: skip
        await clock.sleep(60)
        later = [await whole.ask("GET", "tokens", "DE", "EMP", TOKEN["uid"]) for _ in range(2)]
        await clock.sleep(60)
        later.append(await whole.ask("GET", "tokens", "DE", "EMP", TOKEN["uid"]))
        assert [answer.http_status for answer in later] == [200, 200, 429]
        assert [f["rule"] for f in whole.findings("roam.limit-day")] == ["roam.limit-day"]


@pytest.mark.parametrize(
    "organisation", [{"rules": {"roam.limit-minute": "warn"}}, {"strict": False}]
)
async def test_a_limit_that_refuses_nothing_is_told_all_the_same(
    clock: Clock, chance: Chance, journal: Journal, organisation: dict[str, Any]
) -> None:
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        allowed(whole, requests_per_minute=1)
        assert (await whole.pull()).ok
        assert [f["rule"] for f in whole.findings("roam.limit-")] == ["roam.limit-minute"]


async def test_a_429_is_an_ocpi_answer_and_the_next_clock_minute_is_free(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        path = ("tokens", "DE", "EMP", TOKEN["uid"])
        await clock.sleep(119.5 - clock.now().second)  # half a second before the minute ends
        allowed(whole, requests_per_minute=1)
        assert (await whole.ask("GET", *path)).ok
        refused = await whole.ask("GET", *path)
        assert (refused.http_status, refused.status_code) == (429, 2000)
        assert refused.envelope is not None
        assert "roam.limit-minute" in (refused.envelope.status_message or "")
        assert refused.headers["X-Request-ID"]
        assert not {"retry-after", "x-ratelimit-remaining"} & {h.lower() for h in refused.headers}
        await clock.sleep(0.6)  # not a minute later, but in the next one
        assert (await whole.ask("GET", *path)).ok


async def test_locations_are_not_pushed_to_roam(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        answer = await whole.ask("PUT", "locations", "L1", role=SENDER, body={})
        assert answer.http_status == 405
        assert "roam.locations-pull-only" in answer.message
        assert [f["rule"] for f in whole.findings("roam.locations")] == ["roam.locations-pull-only"]


async def test_routing_to_a_cpo_is_ignored_and_told(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        assert (await whole.pull()).ok
        assert whole.findings("roam.no-routing-headers") == []
        headers = {"OCPI-to-country-code": "FR", "OCPI-to-party-id": "XYZ"}
        path = ("DE", "EMP", TOKEN["uid"])
        assert (await whole.ask("GET", "tokens", *path, headers=headers)).ok
        (finding,) = whole.findings("roam.no-routing-headers")
        assert (finding["seen"], finding["severity"]) == ("FR*XYZ", "drop")


async def test_roam_sends_no_routing_headers_and_echoes_none(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        answer = await whole.pull()
        assert [name for name in answer.headers if name.lower().startswith("ocpi-")] == []
        await whole.share()
        await whole.cpo.authorize(TOKEN["uid"], {"location_id": "LOC1"})
        (asked,) = whole.requests("emp", "tokens", "POST")
        assert not any(name.lower().startswith("ocpi-") for name in asked["request"]["headers"])


async def test_the_tokens_of_an_emp_that_leaves_are_withdrawn(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        await whole.emp.unregister()
        await clock.sleep(5)
        assert whole.cpo.tokens[TOKEN["uid"]]["valid"] is False
        told = await whole.cpo.authorize(TOKEN["uid"], {"location_id": "LOC1"})
        assert told.data["allowed"] == "BLOCKED"
        token = {"uid": TOKEN["uid"], "type": "RFID"}
        connection = whole.cpo.peer.book.all()[0]
        verdict = await whole.roam.relay.authorize(connection, token, None, "ref", None)
        assert verdict == ("NOT_ALLOWED", "the token's EMP is gone")


async def test_an_emp_that_ends_its_registration_is_let_in_no_more(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        url = whole.emp.connection.endpoints["locations", SENDER]
        assert (await whole.emp.unregister()).ok
        response = await whole.cpo.send("GET", url, b"")
        assert response.status == 401
        assert [c for c in whole.roam.book.all() if c.registered] == []


async def test_the_same_invitation_stands_until_it_is_taken(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, register=False) as whole:
        assert whole.roam.token_a == whole.roam.token_a
