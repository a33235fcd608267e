"""`check emp` on the simulated EMP."""

from __future__ import annotations

import asyncio

import pytest

from mock_peer.check_emp import EmpPlan, check_emp
from mock_peer.check_model import Verdict
from mock_peer.emp import Emp, EmpConfig
from mock_peer.emp_answers import EmpAnswers
from mock_peer.emp_answers import Verdict as Said
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.mistakes import Exit, Mistake
from tests.mock_peer.checking import told
from tests.mock_peer.emp_checking import TOKEN, check_our_emp, diligent, idle


async def test_an_emp_that_does_all_that_is_asked_passes(clock: Clock) -> None:
    report, emp, words = await check_our_emp(clock)
    broken = [f"{line.id}: {line.ruling.why}" for line in report.failures]
    assert broken == []
    assert report.exit_code is Exit.PASS
    verdicts = told(report.lines)
    assert Verdict.NOT_EXERCISED not in verdicts.values()
    assert verdicts["check.full-pull"] is Verdict.PASS
    assert "  came: remote stop" in words
    assert len(emp.book.locations) == 260


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
