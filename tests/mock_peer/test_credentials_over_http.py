"""Registration and requests as a CPO meets their rules: every version, strict, silent, switched."""

from __future__ import annotations

from typing import Any

import pytest

from mock_peer.rule import ALL, V22X, V211
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.connection import SENDER
from simulator.ocpi.headers import authorization
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

SWITCHES: dict[str, Any] = {
    "strict": {},
    "silent": {"strict": False},
    "off": "off",
    "reject": "reject",
}
ROLE = {"role": "CPO", "country_code": "DE", "party_id": "ABC", "business_details": {"name": "x"}}


def profile_of(mode: str, rule: str) -> dict[str, Any]:
    switch = SWITCHES[mode]
    return dict(switch) if isinstance(switch, dict) else {"rules": {rule: switch}}


async def put_credentials(cpo: TestCpo, **spoiled: Any) -> Answer:
    """PUT our own credentials, spoiled; the token in them is the one that we know already."""
    roles: Any = [ROLE]
    body: dict[str, Any] = {
        "token": cpo.connection.token_in,
        "url": cpo.server.versions_url,
        "roles": roles,
    }
    if cpo.connection.version == V211:
        body |= {k: v for k, v in ROLE.items() if k != "role"}
        del body["roles"]
    body = {k: v for k, v in {**body, **spoiled}.items() if v is not None}
    url = cpo.connection.endpoints["credentials", SENDER]
    return await cpo.client.exchange(cpo.connection, "PUT", url, module="credentials", body=body)


@pytest.mark.parametrize("mode", SWITCHES)
@pytest.mark.parametrize("version", ALL)
async def test_credentials_valid(
    clock: Clock, chance: Chance, journal: Journal, version: str, mode: str
) -> None:
    profile = profile_of(mode, "credentials.valid")
    async with connected(clock, chance, journal, version=version, profile=profile) as cpo:
        nameless = {"name": None, "website": "https://cpo.example"}
        spoiled: dict[str, Any] = {"roles": [{**ROLE, "business_details": nameless}]}
        if version == V211:
            spoiled = {"business_details": nameless}
        answer = await put_credentials(cpo, **spoiled)
        assert answer.status_code == (2001 if mode == "reject" else 1000), answer.message
        severity = "reject" if mode == "reject" else "warn"
        _, told = await cpo.control("GET", "/findings")
        found = {(f["rule"], f["severity"]) for f in told["findings"]}
        assert found == (set() if mode == "off" else {("credentials.valid", severity)})


@pytest.mark.parametrize("mode", SWITCHES)
@pytest.mark.parametrize("version", ALL)
async def test_credentials_that_no_connection_works_with_are_2001_whatever_was_agreed(
    clock: Clock, chance: Chance, journal: Journal, version: str, mode: str
) -> None:
    profile = profile_of(mode, "credentials.valid")
    async with connected(clock, chance, journal, version=version, profile=profile) as cpo:
        party: Any = {"party_id": None} if version == V211 else {"roles": [{"role": "CPO"}]}
        for spoiled in ({"token": "a b"}, {"url": "versions"}, party):
            answer = await put_credentials(cpo, **spoiled)
            assert (answer.http_status, answer.status_code) == (200, 2001), spoiled
        assert set(await cpo.findings()) == (set() if mode == "off" else {"credentials.valid"})
        assert (await cpo.ask("GET", "tokens", role=SENDER)).status_code == 1000


@pytest.mark.parametrize("mode", SWITCHES)
@pytest.mark.parametrize("version", V22X)
async def test_credentials_cpo_role(
    clock: Clock, chance: Chance, journal: Journal, version: str, mode: str
) -> None:
    profile = profile_of(mode, "credentials.cpo-role")
    async with connected(clock, chance, journal, version=version, profile=profile) as cpo:
        for roles in (
            [ROLE, {**ROLE, "role": "XYZ"}],
            [ROLE, {**ROLE, "role": "cpo", "party_id": "DEF"}],
            [{**ROLE, "role": "HUB"}],
        ):
            answer = await put_credentials(cpo, roles=roles)
            refused = mode in ("strict", "reject")
            assert answer.status_code == (2001 if refused else 1000), answer.message
            if not refused:
                assert answer.data["token"]
                cpo.connection.token_out = answer.data["token"]
        found = await cpo.findings()
        assert found == ([] if mode == "off" else ["credentials.cpo-role"] * 3)
        legal = [ROLE, {**ROLE, "role": "NSP"}, {**ROLE, "party_id": "DEF"}]
        assert (await put_credentials(cpo, roles=legal)).status_code == 1000
        assert await cpo.findings() == found


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize(
    ("missing", "rules"),
    [
        (("tokens", "RECEIVER"), ["credentials.endpoints"]),
        (("locations", "SENDER"), ["credentials.endpoints"]),
        (("tariffs", "SENDER"), ["credentials.endpoints"]),
        (("cdrs", "SENDER"), []),
        (("sessions", "SENDER"), ["session.required-for-remote"]),
        (("commands", "RECEIVER"), []),
    ],
)
async def test_credentials_endpoints(
    clock: Clock,
    chance: Chance,
    journal: Journal,
    version: str,
    missing: tuple[str, Any],
    rules: list[str],
) -> None:
    async with connected(clock, chance, journal, version=version, register=False) as cpo:
        kept = [r for r in cpo.server._directory._routes if (r.module, r.role) != missing]
        cpo.server._directory._routes = tuple(kept)
        await cpo.register()
        await clock.sleep(10)
        optional = version == V211 and missing[0] in ("tariffs", "sessions")
        assert await cpo.findings() == ([] if optional else rules)


@pytest.mark.parametrize("mode", SWITCHES)
@pytest.mark.parametrize("version", ALL)
async def test_requests(
    clock: Clock, chance: Chance, journal: Journal, version: str, mode: str
) -> None:
    """An HTTP error is the same when silent or switched off: there is no other answer."""
    names = ("request.body", "request.ids", "request.url", "request.supported",
             "locations.no-get", "credentials.before-data")  # fmt: skip
    switch = SWITCHES[mode]
    profile = switch if isinstance(switch, dict) else dict.fromkeys(names, switch)
    profile = profile if isinstance(switch, dict) else {"rules": profile}
    async with connected(clock, chance, journal, version=version, profile=profile) as cpo:
        form = VERSIONS[version].token_form
        good = {"Authorization": authorization(cpo.connection.token_out, form)}
        wrong = {"Authorization": authorization("nobody", form)}
        ids = {"X-Request-ID": "r", "X-Correlation-ID": "c"}
        base = f"{cpo.peer.base_url}/ocpi/{version}/receiver"
        for method, path, body, head, status, wanted in (
            ("POST", "/cdrs", b"{", {**good, **ids}, 400, ["request.body"]),
            ("DELETE", "/locations/DE/ABC/X", b"", {**good, **ids}, 405, ["request.supported"]),
            ("GET", "/locations", b"", {**good, **ids}, 405, ["locations.no-get"]),
            ("GET", "/cdrs", b"", wrong, 401, ["credentials.before-data"]),
            ("DELETE", "/tariffs/DE/ABC/X", b"", good, 404, ["request.ids"] * 2),
            ("DELETE", "/tariffsDE/ABC/X", b"", {**good, **ids}, 404, ["request.url"]),
        ):
            began = len(await cpo.findings())
            answer = await cpo.send(method, f"{base}{path}", body, **head)
            assert answer.status == status, (method, path)
            assert b'"status_code":2' in answer.body
            found = (await cpo.findings())[began:]
            ignored = mode == "off" or (version == V211 and "request.ids" in wanted)
            assert found == ([] if ignored else wanted), (method, path)


@pytest.mark.parametrize("version", ALL)
async def test_who_has_ended_may_register_anew(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with connected(clock, chance, journal, version=version) as cpo:
        await cpo.registrar.unregister(cpo.connection)
        assert (await cpo.control("GET", "/connections"))[1]["connections"] == []
        await cpo.register()
        await clock.sleep(10)
        url = cpo.connection.endpoints["credentials", SENDER]
        for method, body, status in (("GET", None, 200), ("POST", {}, 405), ("PATCH", {}, 405)):
            told = await cpo.client.exchange(
                cpo.connection, method, url, module="credentials", body=body
            )
            assert (told.http_status, told.envelope is not None) == (status, True), method
        assert (await cpo.ask("GET", "tokens", role=SENDER)).status_code == 1000
        assert len(cpo.tokens) == 7
        assert o.CARD in cpo.tokens
