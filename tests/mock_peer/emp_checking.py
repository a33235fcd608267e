"""`check emp` run on the simulated EMP, with a tester who does what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from mock_peer.check_emp import EmpPlan, check_emp
from mock_peer.check_model import Report
from mock_peer.emp import Emp, EmpConfig
from mock_peer.emp_answers import Verdict
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal

TOKEN = {"uid": "0401", "contract_id": "DE-EMP-C12345678-9"}
Driver = Callable[[Emp, Clock], Awaitable[None]]


async def diligent(emp: Emp, clock: Clock) -> None:
    """All that the check asks for; the first CDRs are refused for a minute."""
    usual, emp.answers.cdr_http_status = emp.answers.cdr_http_status, 500
    await clock.sleep(30)
    await emp.pull()
    await clock.sleep(30)
    emp.answers.cdr_http_status = usual
    await clock.sleep(60)
    await emp.pull(full=False)
    token = next(iter(emp.book.tokens.values()))
    place = next(iter(emp.book.locations.values()))
    await emp.start_session(token["uid"], place["id"], place["evses"][0]["uid"])
    await clock.sleep(5)
    running = [s for s in emp.book.sessions.values() if s["status"] == "ACTIVE"]
    await emp.stop_session(running[-1]["id"])
    for answer in (Verdict(allowed="BLOCKED"), Verdict(manner="silence"), Verdict(manner="error")):
        emp.answers.default = answer
        await clock.sleep(40)
    emp.answers.default = Verdict()
    await emp.push_token({**token, "valid": False})


async def idle(emp: Emp, clock: Clock) -> None:
    """Nothing."""


async def check_our_emp(
    clock: Clock, drive: Driver = diligent, config: EmpConfig | None = None, **plan: Any
) -> tuple[Report, Emp, list[str]]:
    """Run the check; returns the report, the EMP and what was told."""
    words: list[str] = []
    told = config or EmpConfig(pulls=False, tokens=(TOKEN,))
    emp = await Emp(told, clock=clock, chance=Chance(3), journal=Journal(clock)).start()
    driver = asyncio.ensure_future(drive(emp, clock))
    wanted = EmpPlan(emp.versions_url, emp.token_a())
    try:
        report = await check_emp(
            replace(wanted, **plan),
            clock=clock,
            chance=Chance(1),
            journal=Journal(clock),
            tell=words.append,
        )
    finally:
        driver.cancel()
        await asyncio.gather(driver, return_exceptions=True)
        await emp.stop()
    return report, emp, words
