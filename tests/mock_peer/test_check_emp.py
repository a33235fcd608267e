"""`check emp` on the simulated EMP."""

from __future__ import annotations

import asyncio

import pytest

from mock_peer.check_emp import EmpPlan, check_emp
from mock_peer.check_model import Verdict
from mock_peer.emp import Emp, EmpConfig
from mock_peer.emp_answers import EmpAnswers
from mock_peer.emp_answers import Verdict as Said
from mock_peer.roam_organisation import Organisation
from mock_peer.rule import Face
from mock_peer.rules import RULES
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake
from tests.mock_peer.checking import told
from tests.mock_peer.emp_checking import TOKEN, check_our_emp, diligent, idle

SEVERAL = Organisation(keys_per_contract=2)


async def test_an_emp_that_does_all_that_is_asked_passes(clock: Clock) -> None:
    report, emp, words = await check_our_emp(clock)
    broken = [f"{line.id}: {line.ruling.why}" for line in report.failures]
    assert broken == []
    assert report.exit_code is Exit.PASS
    verdicts = told(report.lines)
    assert Verdict.NOT_EXERCISED not in verdicts.values()
    assert verdicts["check.original-protocol"] is Verdict.NOT_APPLICABLE  # one token a contract
    assert verdicts["check.cdr-retry"] is verdicts["roam.cdr-retry"] is Verdict.PASS
    assert verdicts["check.full-pull"] is Verdict.PASS
    assert {rule.id for rule in RULES if rule.face is Face.B} <= set(verdicts)
    for line in report.lines:
        assert line.messages or line.verdict is not Verdict.PASS, line.id
    assert "  came: remote stop" in words
    assert len(emp.book.locations) == 260


TWO = (TOKEN, {**TOKEN, "uid": "0402"})


async def test_a_contract_of_several_tokens_is_told_by_its_protocol(clock: Clock) -> None:
    config = EmpConfig(pulls=False, tokens=TWO)
    report, _, words = await check_our_emp(clock, diligent, config, organisation=SEVERAL)
    assert [f"{line.id}: {line.ruling.why}" for line in report.failures] == []
    assert "  came: session of a contract" in words
    line = next(line for line in report.lines if line.id == "check.original-protocol")
    assert line.verdict is Verdict.PASS
    shown = [report.messages[seq] for seq in line.messages]
    assert {r["request"]["headers"]["X-Original-Protocol"] for r in shown} == {"OCPI-2.1.1"}
    assert all('"uid":"0401"' in r["request"]["body"] for r in shown if r["method"] != "PATCH")


async def test_several_tokens_are_needed_to_see_it(clock: Clock) -> None:
    report, _, words = await check_our_emp(clock, idle, organisation=SEVERAL, wait_s=60)
    assert told(report.lines)["check.original-protocol"] is Verdict.NOT_EXERCISED
    assert any("second token of the same contract" in said for said in words)


async def test_an_emp_that_chokes_on_it_fails(clock: Clock) -> None:
    config = EmpConfig(pulls=False, tokens=TWO, answers=EmpAnswers(cdr_http_status=500))
    report, _, _ = await check_our_emp(clock, idle, config, organisation=SEVERAL, wait_s=300)
    verdicts = told(report.lines)
    assert verdicts["check.original-protocol"] is Verdict.FAIL
    assert verdicts["check.cdr-retry"] is Verdict.FAIL


async def test_an_emp_that_takes_each_cdr_at_once_saw_no_retry(clock: Clock) -> None:
    config = EmpConfig(pulls=False, tokens=(TOKEN,))
    report, _, _ = await check_our_emp(clock, idle, config, wait_s=300)
    verdicts = told(report.lines)
    assert verdicts["check.cdr-again"] is Verdict.PASS
    assert verdicts["check.cdr-retry"] is verdicts["roam.cdr-retry"] is Verdict.NOT_EXERCISED


async def test_an_interrupted_check_reports_what_came(clock: Clock) -> None:
    check = asyncio.ensure_future(check_our_emp(clock, idle, wait_s=600))
    await clock.sleep(60)
    check.cancel()
    report, _, _ = await check
    assert report.exit_code is Exit.INTERRUPTED
    assert report.problem == "interrupted; the connection is left registered"
    assert told(report.lines)["check.registration"] is Verdict.PASS


async def test_an_emp_that_does_nothing_is_told_what_is_missing(clock: Clock) -> None:
    config = EmpConfig(pulls=False)
    report, _, words = await check_our_emp(clock, idle, config, wait_s=60)
    assert report.exit_code is Exit.TIMEOUT
    assert report.missing == ("full pull", "token", "allowed authorization", "CDR taken")
    assert words[-1].startswith("awaited in vain")


async def test_an_emp_that_answers_a_cdr_with_201_fails(clock: Clock) -> None:
    answers = EmpAnswers(cdr_http_status=201)
    config = EmpConfig(pulls=False, tokens=(TOKEN,), answers=answers)
    report, _, _ = await check_our_emp(clock, diligent, config)
    assert told(report.lines)["check.cdr-taken"] is Verdict.FAIL
    assert "CDR taken" in report.missing


async def test_a_cdr_is_sent_again_until_it_is_taken(clock: Clock) -> None:
    async def repent(emp: Emp, clock: Clock) -> None:
        asyncio.get_running_loop().call_later(120, setattr, emp.answers, "cdr_http_status", 200)
        await diligent(emp, clock)

    answers = EmpAnswers(cdr_http_status=500)
    config = EmpConfig(pulls=False, tokens=(TOKEN,), answers=answers)
    report, _, _ = await check_our_emp(clock, repent, config)
    verdicts = told(report.lines)
    assert verdicts["check.cdr-again"] is Verdict.PASS
    assert "CDR taken" not in report.missing


async def test_an_emp_that_never_answers_in_good_form_fails(clock: Clock) -> None:
    answers = EmpAnswers(default=Said(manner="garbage"))
    config = EmpConfig(pulls=False, tokens=(TOKEN,), answers=answers)
    report, _, _ = await check_our_emp(clock, idle, config, wait_s=60)
    assert told(report.lines)["check.authorize-accept"] is Verdict.FAIL


async def test_a_token_that_is_refused_fails_with_its_rule(clock: Clock) -> None:
    config = EmpConfig(pulls=False, tokens=({**TOKEN, "type": "APP_USER"},))
    report, _, _ = await check_our_emp(clock, idle, config, wait_s=60)
    verdicts = told(report.lines)
    assert verdicts["roam.token-types"] is Verdict.FAIL
    assert verdicts["check.token-push"] is Verdict.FAIL


async def test_a_wrong_token_a_ends_in_a_report(clock: Clock) -> None:
    report, _, _ = await check_our_emp(clock, idle, token="wrong")
    assert told(report.lines)["check.registration"] is Verdict.FAIL
    assert "registration failed" in report.problem


async def test_no_wait_and_a_connection_that_is_kept(clock: Clock) -> None:
    report, _, _ = await check_our_emp(clock, idle, wait_s=0, keep=True)
    assert report.exit_code is Exit.PASS
    assert told(report.lines)["check.unregistration"] is Verdict.NOT_EXERCISED


async def test_an_emp_that_is_not_there_is_exit_code_3(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    plan = EmpPlan("http://127.0.0.1:9999/ocpi/versions", "token")
    with pytest.raises(Mistake) as caught:
        await check_emp(plan, clock=clock, chance=chance, journal=journal, tell=print)
    assert caught.value.exit_code is Exit.UNREACHABLE
