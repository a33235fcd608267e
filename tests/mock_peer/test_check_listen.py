"""`check cpo --listen`: our own CPO begins the registration, or nobody does."""

from __future__ import annotations

from contextlib import suppress

import pytest

from mock_peer.check_model import Verdict
from simulator.mistakes import Exit
from simulator.ocpi.client import OcpiCallFailed
from simulator.ocpi.envelope import OcpiError
from simulator.ocpi.versions import VERSIONS
from simulator.world import World
from tests.mock_peer.checking import Told, begin, check_our_cpo, told
from tests.mock_peer.test_check_cpo import NOT_EXERCISED


@pytest.mark.parametrize("version", VERSIONS)
async def test_our_own_cpo_may_begin_in_every_version(version: str) -> None:
    report, journal, words = await check_our_cpo(
        version=version, listen=begin, remote_start="DE-1/DE-DC-1-1"
    )
    assert [f"{line.id}: {line.ruling.why}" for line in report.failures] == []
    assert (report.exit_code, report.version) == (Exit.PASS, version)
    verdicts = told(report.lines)
    silent = {name for name, verdict in verdicts.items() if verdict is Verdict.NOT_EXERCISED}
    assert silent <= set(NOT_EXERCISED)
    assert verdicts["check.token-a"] is Verdict.NOT_APPLICABLE
    for name in ("registration", "call-back", "versions", "no-token", "update", "ended-token"):
        assert verdicts[f"check.{name}"] is Verdict.PASS, name
    posted = [r for r in journal.records if r.get("module") == "credentials"]
    assert (posted[0]["method"], posted[0]["direction"]) == ("POST", "received")
    assert report.versions_url.endswith("/ocpi/versions")
    assert "  POST credentials: HTTP 200, OCPI 1000" in words


async def test_the_token_may_be_the_tester_s_own() -> None:
    report, _, words = await check_our_cpo(listen=begin, token="my-own-token", wait_s=60)
    assert words[1] == "token A       my-own-token"
    assert told(report.lines)["check.registration"] is Verdict.PASS


async def test_nobody_comes() -> None:
    async def stay_away(world: World, words: Told) -> None:
        await words.invitation

    report, _, words = await check_our_cpo(listen=stay_away, wait_s=60)
    assert report.exit_code is Exit.TIMEOUT
    assert report.missing == ("registration",)
    assert report.problem == words[-1] == "no CPO registered within 60 s"
    verdicts = set(told(report.lines).values())
    assert verdicts == {Verdict.NOT_EXERCISED, Verdict.NOT_APPLICABLE}


async def test_who_knocks_with_another_token_is_told_and_does_not_count() -> None:
    async def mistype(world: World, words: Told) -> None:
        url, _ = await words.invitation
        with suppress(OcpiError):
            await world.cpo.register(url, "mistyped")

    report, _, words = await check_our_cpo(listen=mistype, wait_s=60)
    assert report.exit_code is Exit.TIMEOUT
    assert any("GET versions: HTTP 401" in said for said in words)
    assert words[-1] == "no CPO registered within 60 s"


async def test_a_registration_that_is_refused_fails_with_its_message() -> None:
    async def unreachable(world: World, words: Told) -> None:
        url, token = await words.invitation
        world.cpo._roaming.registrar.platform.versions_url = "http://127.0.0.1:9/ocpi/versions"
        with suppress(OcpiCallFailed):
            await world.cpo.register(url, token)

    report, _, words = await check_our_cpo(listen=unreachable, wait_s=60)
    assert report.exit_code is Exit.FAILED
    line = next(line for line in report.lines if line.id == "check.registration")
    assert line.verdict is Verdict.FAIL
    assert "3001" in line.ruling.why
    assert report.messages[line.messages[0]]["direction"] == "received"
    assert any("POST credentials" in said and "3001" in said for said in words)
