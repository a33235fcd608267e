"""A CPO and an EMSP that are not ours, on `extrawest-ocpi`: they work with both faces, and what
deviates is known and named in docs/interop.md.

The package lives in an environment of its own: ROAMLAB_EXTRAWEST names its Python.
"""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mock_peer.check_cpo import Plan, check_cpo
from mock_peer.check_emp import EmpPlan, check_emp
from mock_peer.check_model import Report, Verdict
from mock_peer.roam_organisation import Organisation, RealTime
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire.http_aio import HttpClient, HttpFailure
from tests.mock_peer.checking import told

PYTHON = os.environ.get("ROAMLAB_EXTRAWEST", "")
PROGRAM = Path(__file__).with_name("extrawest.py")
DOCS = Path(__file__).parents[2] / "docs" / "interop.md"
PATIENCE_S = 30.0

needs_it = pytest.mark.skipif(
    not PYTHON, reason="ROAMLAB_EXTRAWEST does not name a Python that has extrawest-ocpi"
)

SHARED = {
    "check.no-token",
    "check.data-token",
    "check.one-location",
    "check.token-ids",
    "check.broken-json",
    "check.cdr-taken",
    "request.url",
    "cdr.valid",
}
DEVIATIONS = {
    "2.2.1": SHARED | {"check.ids-echoed", "request.ids"},
    "2.1.1": SHARED | {"check.token-a", "check.ended-token"},
    "emsp": {"check.no-token", "check.ids-echoed", "check.authorize-accept"},
}


@asynccontextmanager
async def running(role: str, version: str, port: int, clock: Clock) -> AsyncIterator[str]:
    """The program; yields its versions URL once it serves."""
    arguments = [PYTHON, str(PROGRAM), role, str(port), version]
    process = await asyncio.create_subprocess_exec(*arguments, stdout=DEVNULL, stderr=DEVNULL)
    url, http = f"http://127.0.0.1:{port}/ocpi/versions", HttpClient(clock)
    try:
        async with clock.timeout(PATIENCE_S):
            while True:
                try:
                    await http.send("GET", url)
                    break
                except HttpFailure:
                    await clock.sleep(0.2)
        yield url
    finally:
        await http.close()
        process.terminate()
        await process.wait()


async def checked(
    check: Callable[..., Awaitable[Report]], plan: Any, clock: Clock
) -> tuple[Report, Journal]:
    journal = Journal(clock)
    report = await check(
        plan, clock=clock, chance=Chance(1), journal=journal, tell=lambda words: None
    )
    return report, journal


@pytest.mark.real
@needs_it
@pytest.mark.parametrize(("version", "port"), [("2.2.1", 7321), ("2.1.1", 7322)])
async def test_a_cpo_works_with_face_a(version: str, port: int, clock: Clock) -> None:
    async with running("cpo", version, port, clock) as url:
        plan = Plan(url, "extrawest-token-a", wait_s=8, remote_start="first")
        report, journal = await checked(check_cpo, plan, clock)
    assert report.version == version
    assert {line.id for line in report.failures} == DEVIATIONS[version]
    verdicts = told(report.lines)
    for kept in ("check.registration", "check.pull", "check.tokens", "location.valid"):
        assert verdicts[kept] is Verdict.PASS, kept
    assert verdicts["authorize.valid"] is Verdict.PASS
    assert report.missing == ()
    assert not [r for r in journal.records if r.get("what") == "ocpi.handler-failed"]


@pytest.mark.real
@needs_it
async def test_an_emsp_works_with_face_b(clock: Clock) -> None:
    accept = Organisation(authorization=RealTime(otherwise="accept"))
    async with running("emsp", "2.2.1", 7323, clock) as url:
        plan = EmpPlan(url, "extrawest-token-a", accept, wait_s=20, ask_every_s=2, charge_s=2)
        report, journal = await checked(check_emp, plan, clock)
    assert {line.id for line in report.failures} == DEVIATIONS["emsp"]
    verdicts = told(report.lines)
    for kept in ("check.full-pull", "check.token-push", "check.local-session", "check.cdr-again"):
        assert verdicts[kept] is Verdict.PASS, kept
    assert report.missing == ("allowed authorization",)
    assert not [r for r in journal.records if r.get("what") == "ocpi.handler-failed"]


def test_every_deviation_is_named() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for name in set().union(*DEVIATIONS.values()):
        assert f"`{name}`" in text, name
