"""The module table of Plugsurfing as EMP, cell by cell, over real HTTP: one literal row a request.

A cell is the HTTP status of a request that is taken, or the rule that its 405 names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.headers import authorization
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected
from tests.mock_peer.test_versions import wire

VERSIONS_IN_ORDER = ("2.1.1", "2.2", "2.2.1")
LATER = "2026-01-15T08:00:00Z"
NO = "request.supported"
NO_LOCATIONS, NO_TARIFFS, NO_CDRS = "locations.no-get", "tariffs.no-get", "cdrs.no-get"
NO_SESSIONS, NO_PATCH = "sessions.no-get", "tariffs.no-patch"

# What a CPO asks of Plugsurfing: method, endpoint, path, and the cells of 2.1.1, 2.2, 2.2.1.
# fmt: off
ASKED: tuple[tuple[str, str, str, int | str, int | str, int | str], ...] = (
    ("PUT", "receiver/tariffs", "DE/ABC/T1", 201, 201, 201),
    ("PATCH", "receiver/tariffs", "DE/ABC/T1", 200, NO_PATCH, NO_PATCH),
    ("GET", "receiver/tariffs", "DE/ABC/T1", NO_TARIFFS, NO_TARIFFS, NO_TARIFFS),
    ("GET", "receiver/tariffs", "", NO_TARIFFS, NO_TARIFFS, NO_TARIFFS),
    ("GET", "sender/tariffs", "", NO_TARIFFS, NO_TARIFFS, NO_TARIFFS),
    ("POST", "receiver/tariffs", "DE/ABC/T1", NO, NO, NO),
    ("PUT", "receiver/locations", "DE/ABC/LOC1", 201, 201, 201),
    ("PUT", "receiver/locations", "DE/ABC/LOC1/LOC1-1", 200, 200, 200),
    ("PUT", "receiver/locations", "DE/ABC/LOC1/LOC1-1/1", 200, 200, 200),
    ("PATCH", "receiver/locations", "DE/ABC/LOC1", 200, 200, 200),
    ("PATCH", "receiver/locations", "DE/ABC/LOC1/LOC1-1", 200, 200, 200),
    ("PATCH", "receiver/locations", "DE/ABC/LOC1/LOC1-1/1", 200, 200, 200),
    ("GET", "receiver/locations", "DE/ABC/LOC1", NO_LOCATIONS, NO_LOCATIONS, NO_LOCATIONS),
    ("GET", "receiver/locations", "DE/ABC/LOC1/LOC1-1", NO_LOCATIONS, NO_LOCATIONS, NO_LOCATIONS),
    ("GET", "receiver/locations", "DE/ABC/LOC1/LOC1-1/1", NO_LOCATIONS, NO_LOCATIONS, NO_LOCATIONS),
    ("GET", "receiver/locations", "", NO_LOCATIONS, NO_LOCATIONS, NO_LOCATIONS),
    ("GET", "sender/locations", "", NO_LOCATIONS, NO_LOCATIONS, NO_LOCATIONS),
    ("GET", "sender/locations", "LOC1", NO_LOCATIONS, NO_LOCATIONS, NO_LOCATIONS),
    ("POST", "receiver/locations", "DE/ABC/LOC1", NO, NO, NO),
    ("DELETE", "receiver/locations", "DE/ABC/LOC1", NO, NO, NO),
    ("PUT", "sender/locations", "DE/ABC/LOC1", NO, NO, NO),
    ("GET", "sender/tokens", "", 200, 200, 200),
    ("POST", "sender/tokens", f"{o.CARD}/authorize", 200, 200, 200),
    ("GET", "sender/tokens", f"{o.CARD}/authorize", NO, NO, NO),
    ("PUT", "receiver/tokens", f"DE/8PS/{o.CARD}", NO, NO, NO),
    ("PATCH", "receiver/tokens", f"DE/8PS/{o.CARD}", NO, NO, NO),
    ("PUT", "receiver/sessions", "DE/ABC/S1", NO, 201, 201),
    ("PATCH", "receiver/sessions", "DE/ABC/S1", NO, 200, 200),
    ("GET", "receiver/sessions", "DE/ABC/S1", NO, NO_SESSIONS, NO_SESSIONS),
    ("GET", "receiver/sessions", "", NO, NO_SESSIONS, NO_SESSIONS),
    ("GET", "sender/sessions", "", NO, NO_SESSIONS, NO_SESSIONS),
    ("PUT", "receiver/sessions", "S1/charging_preferences",
     NO, "session.no-preferences", "session.no-preferences"),
    ("DELETE", "receiver/sessions", "DE/ABC/S1", NO, NO, NO),
    ("POST", "receiver/cdrs", "", 201, 201, 201),
    ("GET", "receiver/cdrs", "", NO_CDRS, NO_CDRS, NO_CDRS),
    ("GET", "sender/cdrs", "", NO_CDRS, NO_CDRS, NO_CDRS),
    ("GET", "receiver/cdrs", "{cdr}", NO_CDRS, 200, 200),
    ("PUT", "receiver/cdrs", "{cdr}", NO, NO, NO),
    ("PATCH", "receiver/cdrs", "{cdr}", NO, NO, NO),
    ("DELETE", "receiver/cdrs", "{cdr}", NO, NO, NO),
    ("POST", "sender/commands", "START_SESSION/{command}", NO, 200, 200),
    ("POST", "receiver/commands", "START_SESSION", NO, NO, NO),
    ("POST", "receiver/commands", "RESERVE_NOW", NO, NO, NO),
    ("GET", "receiver/chargingprofiles", "S1", NO, NO, NO),
    ("PUT", "receiver/chargingprofiles", "S1", NO, NO, NO),
    ("DELETE", "receiver/chargingprofiles", "S1", NO, NO, NO),
    ("PUT", "sender/chargingprofiles", "S1", NO, NO, NO),
    ("GET", "sender/hubclientinfo", "", NO, NO, NO),
    ("GET", "receiver/hubclientinfo", "DE/ABC", NO, NO, NO),
    ("PUT", "receiver/hubclientinfo", "DE/ABC", NO, NO, NO),
    ("DELETE", "receiver/tariffs", "DE/ABC/T1", 200, 200, 200),
)
OFFERED = {
    "2.1.1": {"credentials", "locations", "tariffs", "tokens", "cdrs"},
    "2.2": {"credentials", "locations RECEIVER", "tariffs RECEIVER", "tokens SENDER",
            "cdrs RECEIVER", "sessions RECEIVER", "commands SENDER"},
    "2.2.1": {"credentials", "locations RECEIVER", "tariffs RECEIVER", "tokens SENDER",
              "cdrs RECEIVER", "sessions RECEIVER", "commands SENDER"},
}
# What Plugsurfing asks of a CPO: by itself once they are registered, and when it is told to.
BY_ITSELF = {
    "2.1.1": {"PUT tokens"},
    "2.2": {"GET tariffs", "GET locations", "PUT tokens"},
    "2.2.1": {"GET tariffs", "GET locations", "PUT tokens"},
}
ON_REQUEST = {
    "2.1.1": {"GET locations"},
    "2.2": {"GET tariffs", "GET locations", "GET cdrs", "POST commands"},
    "2.2.1": {"GET tariffs", "GET locations", "GET cdrs", "POST commands"},
}
NEVER_SENT = ("RESERVE_NOW", "CANCEL_RESERVATION", "UNLOCK_CONNECTOR")
# fmt: on


def cells() -> list[Any]:
    """The versions, each with its column."""
    return [pytest.param(v, 3 + i, id=v) for i, v in enumerate(VERSIONS_IN_ORDER)]


def bodies(cpo: TestCpo, version: str) -> dict[str, Callable[[], Any]]:
    """A good body for each request that has one, by the end of its path."""
    location = wire(cpo, "location", o.location())
    if version == "2.1.1":
        location["type"] = "PARKING_LOT"
    (evse,) = location["evses"]
    (connector,) = evse["connectors"]
    changed = {"last_updated": LATER}
    return {
        "PUT T1": lambda: wire(cpo, "tariff", o.tariff()),
        "PATCH T1": lambda: {"currency": "EUR", **changed},
        "PUT LOC1": lambda: location,
        "PUT LOC1-1": lambda: evse,
        "PUT 1": lambda: connector,
        "PATCH LOC1": lambda: {"name": "New", **changed},
        "PATCH LOC1-1": lambda: {"status": "CHARGING", **changed},
        "PATCH 1": lambda: {connector_field(version): 16, **changed},
        "POST authorize": lambda: {"location_id": "LOC1", "evse_uids": ["LOC1-1"]},
        "PUT S1": lambda: o.session(),
        "PATCH S1": lambda: {"kwh": 1, **changed},
    }


def connector_field(version: str) -> str:
    return "amperage" if version == "2.1.1" else "max_amperage"


class Asking:
    """A CPO that goes through the table."""

    def __init__(self, cpo: TestCpo, version: str) -> None:
        self.cpo, self.version = cpo, version
        self.reference: str | None = None
        self.found = ""  # the path of the CDR that was taken
        self.command = ""

    async def ask(self, method: str, endpoint: str, path: str) -> Any:
        """Send a row's request, whatever the version details say."""
        path = path.replace("{cdr}", self.found or "x").replace("{command}", self.command or "x")
        url = f"{self.cpo.peer.base_url}/ocpi/{self.version}/{endpoint}"
        answer = await self.cpo.client.exchange(
            self.cpo.connection,
            method,
            f"{url}/{path}" if path else url,
            module=endpoint.partition("/")[2],
            body=await self.body(method, endpoint, path),
        )
        if path.endswith("authorize") and answer.ok:
            self.reference = answer.data.get("authorization_reference")
        if answer.headers.get("Location"):
            self.found = answer.headers["Location"].rpartition("/")[2]
        return answer

    async def body(self, method: str, endpoint: str, path: str) -> Any:
        """What goes with it."""
        if (method, endpoint) == ("POST", "receiver/cdrs"):
            begun = self.cpo.clock.now().replace(microsecond=0)
            await self.cpo.clock.sleep(1800)
            return wire(self.cpo, "cdr", o.cdr(start=begun, reference=self.reference))
        if endpoint == "sender/commands":
            return {"result": "ACCEPTED"}
        made = bodies(self.cpo, self.version).get(f"{method} {path.rpartition('/')[2]}")
        return made() if made else ({} if method in ("PUT", "POST", "PATCH") else None)


@pytest.mark.parametrize(("version", "column"), cells())
async def test_every_request_of_a_cpo(
    clock: Clock, chance: Chance, journal: Journal, version: str, column: int
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        asking = Asking(cpo, version)
        if version != "2.1.1":
            _, sent = await cpo.control("POST", "/commands/START_SESSION", {"location_id": "LOC1"})
            asking.command = sent["id"]
        for row in ASKED:
            wanted = row[column]
            before = len(await cpo.findings())
            answer = await asking.ask(*row[:3])
            found = (await cpo.findings())[before:]
            assert answer.envelope is not None, row
            told = answer.envelope
            if isinstance(wanted, str):
                assert (answer.http_status, told.status_code) == (405, 2000), (row, told)
                assert str(told.status_message).startswith(f"{wanted}"), (row, told)
                assert found == [wanted], row
            else:
                assert (answer.http_status, told.status_code) == (wanted, 1000), (row, told)
                expected = ["session.required-for-remote"] if row[0:2] == _COMMANDED else []
                assert [rule for rule in found if rule not in expected] == [], row


_COMMANDED = ("POST", "receiver/cdrs")


@pytest.mark.parametrize("version", VERSIONS_IN_ORDER)
async def test_what_is_not_offered_is_absent_from_the_version_details(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        url = f"{cpo.peer.base_url}/ocpi/{version}"
        answer = await cpo.client.exchange(cpo.connection, "GET", url, module="versions")
        endpoints = answer.data["endpoints"]
        told = {
            f"{e['identifier']} {e['role']}"
            if "role" in e and e["identifier"] != "credentials"
            else e["identifier"]
            for e in endpoints
        }
        assert told == OFFERED[version]
        assert len(endpoints) == len(told)


async def test_what_is_nowhere_is_404_and_says_where_the_endpoints_are(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with connected(clock, chance, journal) as cpo:
        for path, hint in (
            ("2.2.1/locations/DE/ABC/LOC1", "/ocpi/2.2.1"),
            ("2.2.1/receiver/bookings", "/ocpi/2.2.1"),
            ("2.3.0/receiver/locations", "/ocpi/versions"),
        ):
            url = f"{cpo.peer.base_url}/ocpi/{path}"
            answer = await cpo.client.exchange(cpo.connection, "PUT", url, module="x", body={})
            assert answer.envelope is not None
            assert (answer.http_status, answer.envelope.status_code) == (404, 2000)
            assert hint in str(answer.envelope.status_message), path


@pytest.mark.parametrize("version", VERSIONS_IN_ORDER)
async def test_a_module_that_is_not_offered_is_no_way_round_the_registration(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, register=False) as cpo:
        url = f"{cpo.peer.base_url}/ocpi/{version}/receiver/chargingprofiles/S1"
        for token in ("nobody", cpo.peer.token_a):
            head = authorization(token, VERSIONS[version].token_form)
            assert (await cpo.send("GET", url, b"", Authorization=head)).status == 401
        assert await cpo.findings() == ["credentials.before-data"] * 2


def sent_by_the_peer(journal: Journal) -> set[str]:
    """The functional requests of Plugsurfing to the CPO, as the CPO saw them."""
    return {
        f"{r['method']} {r['module']}"
        for r in journal.records
        if r["leg"] == "ocpi" and (r["actor"], r["direction"]) == ("cpo", "received")
    } - {"GET versions", "GET credentials"}


@pytest.mark.parametrize("version", VERSIONS_IN_ORDER)
async def test_every_request_of_plugsurfing(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        assert sent_by_the_peer(journal) == BY_ITSELF[version]
        since = {"modules": ["tariffs", "locations", "cdrs"]}
        status, _ = await cpo.control("POST", "/connections/cpo-1/pull", since)
        assert status == 200
        taken = 409 if version == "2.1.1" else 200
        for name, body in (
            ("START_SESSION", {"location_id": "LOC1"}),
            ("STOP_SESSION", {"session_id": "S1"}),
        ):
            status, told = await cpo.control("POST", f"/commands/{name}", body)
            assert status == taken, told
        for name in NEVER_SENT:
            status, told = await cpo.control("POST", f"/commands/{name}", {"location_id": "L"})
            assert status == 404 and "never sent" in told["error"]
        await cpo.control("PUT", f"/tokens/{o.CARD}", {"valid": False})
        assert sent_by_the_peer(journal) == BY_ITSELF[version] | ON_REQUEST[version]
        commands = [c["command"] for c in cpo.commands]
        assert commands == ([] if version == "2.1.1" else ["START_SESSION", "STOP_SESSION"])
