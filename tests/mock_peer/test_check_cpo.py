"""`check cpo` on our own CPO core: what it must find, and what it must not."""

from __future__ import annotations

import pytest

from mock_peer.check_cpo import Plan, check_cpo
from mock_peer.check_model import Verdict
from mock_peer.profile import Profile
from mock_peer.rule import Face
from mock_peer.rules import RULES
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer.checking import check_our_cpo, told

# What our own CPO does not do, and why.
NOT_EXERCISED = {
    "cdr.unaltered": "a CDR is sent once",
    "cdr.home-charging": "nobody charges at home",
    "location.pnc-capability": "no connector of the demo's world offers Plug and Charge",
}
NO_COMMANDS = {"check.start-session", "check.stop-session", "check.command-results"}


@pytest.mark.parametrize("version", VERSIONS)
async def test_our_own_cpo_passes_in_every_version(version: str) -> None:
    report, _, words = await check_our_cpo(version=version, remote_start="DE-1/DE-DC-1-1")
    broken = [f"{line.id}: {line.ruling.why}" for line in report.failures]
    assert broken == []
    assert report.exit_code is Exit.PASS
    assert report.version == version
    silent = {line.id for line in report.lines if line.verdict is Verdict.NOT_EXERCISED}
    assert silent <= set(NOT_EXERCISED)
    for line in report.lines:
        if line.verdict is Verdict.NOT_APPLICABLE:
            assert line.ruling.why == "what Plugsurfing itself does" or version in line.ruling.why
    assert report.count(Verdict.PASS) > 40
    assert "  came: CDR" in words
    told_of = {line.id for line in report.lines}
    assert {rule.id for rule in RULES if rule.face is Face.A} <= told_of
    for line in report.lines:
        assert line.messages or line.verdict is not Verdict.PASS, line.id


async def test_every_verdict_shows_messages_that_are_in_the_report() -> None:
    report, _, _ = await check_our_cpo()
    for line in report.lines:
        assert set(line.messages) <= set(report.messages), line.id
        if line.verdict is Verdict.FAIL:
            assert line.messages
    for shown in report.messages.values():
        assert shown["request"]["headers"].get("Authorization", "Token ***") == "Token ***"


async def test_a_cdr_without_its_reference_is_found_with_its_message() -> None:
    report, _, _ = await check_our_cpo("FR-AC-1")
    assert [line.id for line in report.failures] == [
        "cdr.authorization-reference",
        "check.cdr-taken",
    ]
    assert report.exit_code is Exit.FAILED
    (line,) = (one for one in report.lines if one.id == "cdr.authorization-reference")
    assert line.faults[0].pointer == "/authorization_reference"
    shown = report.messages[line.faults[0].message or 0]
    assert (shown["module"], shown["method"]) == ("cdrs", "POST")


async def test_what_was_agreed_in_the_profile_does_not_fail() -> None:
    agreed = Profile(rules={"cdr.authorization-reference": "off"})
    report, _, _ = await check_our_cpo("FR-AC-1", profile=agreed)
    assert report.failures == ()
    assert told(report.lines)["cdr.authorization-reference"] is Verdict.NOT_APPLICABLE


async def test_without_a_driver_what_is_required_is_missing() -> None:
    report, _, words = await check_our_cpo("DE-AC-1", wait_s=30)
    assert report.exit_code is Exit.TIMEOUT
    assert "CDR" in report.missing
    assert words[-1].startswith("awaited in vain")


async def test_without_a_wait_nothing_is_missing() -> None:
    report, _, _ = await check_our_cpo(wait_s=0)
    assert report.exit_code is Exit.PASS
    assert told(report.lines)["cdr.valid"] is Verdict.NOT_EXERCISED


async def test_a_connection_that_is_kept_is_not_ended() -> None:
    report, _, _ = await check_our_cpo(wait_s=0, keep=True)
    verdicts = told(report.lines)
    assert verdicts["check.unregistration"] is Verdict.NOT_EXERCISED
    assert verdicts["check.ended-token"] is Verdict.NOT_EXERCISED


async def test_the_cpo_is_told_the_public_url() -> None:
    report, journal, _ = await check_our_cpo(wait_s=0, public_url="http://127.0.0.1:9/x/")
    assert told(report.lines)["check.registration"] is Verdict.FAIL  # nobody is there
    posted = next(r for r in journal.records if r.get("module") == "credentials")
    assert '"url":"http://127.0.0.1:9/x/ocpi/versions"' in posted["request"]["body"]


async def test_a_report_may_be_narrowed() -> None:
    report, _, _ = await check_our_cpo(wait_s=0, only=("check.*",), skip=("check.token*",))
    assert all(line.id.startswith("check.") for line in report.lines)
    assert not any(line.id.startswith("check.token") for line in report.lines)


async def test_a_token_that_is_not_known_ends_in_a_report() -> None:
    report, _, _ = await check_our_cpo(token="not-the-token", wait_s=0)
    verdicts = told(report.lines)
    assert verdicts["check.registration"] is Verdict.FAIL
    assert verdicts["cdr.valid"] is Verdict.NOT_EXERCISED
    assert "401" in report.problem
    assert report.exit_code is Exit.FAILED


async def test_a_cpo_that_is_not_there_is_exit_code_3(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    plan = Plan("http://127.0.0.1:9999/ocpi/versions", "token")
    with pytest.raises(Mistake) as caught:
        await check_cpo(plan, clock=clock, chance=Chance(1), journal=journal, tell=print)
    assert caught.value.exit_code is Exit.UNREACHABLE


async def test_the_same_seed_makes_the_same_check() -> None:
    first, _, _ = await check_our_cpo(wait_s=0)
    second, _, _ = await check_our_cpo(wait_s=0)
    assert first.lines == second.lines
    assert list(first.messages) == list(second.messages)
