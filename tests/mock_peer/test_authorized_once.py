"""Which authorization a CDR rests on, over HTTP: its own, at its EVSE, and once."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_peer.server import start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from tests.mock_peer import objects as o
from tests.mock_peer.charging import (
    EVERY_VERSION,
    FIRST,
    SECOND,
    WITH_REFERENCES,
    day,
    good,
    refused,
)

each = pytest.mark.parametrize("version", EVERY_VERSION)
each_22x = pytest.mark.parametrize("version", WITH_REFERENCES)
REFERENCE, REALTIME = "cdr.authorization-reference", "cdr.realtime-only"


# What accuses: the reference of an authorization that took place is missing


@each
async def test_an_offline_session_beside_one_that_was_authorized_is_taken(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed(evse=SECOND)
        await cpo.silence()
        begun = await cpo.charge()
        good(await cpo.whitelisted("OFFLINE", begun, evse=FIRST))
        good(await cpo.bill("ONLINE", begun, reference, evse=SECOND))
        assert await cpo.broken() == []


@each
async def test_an_offline_session_after_one_that_is_billed_is_taken(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed()
        begun = await cpo.charge()
        good(await cpo.bill("ONLINE", begun, reference))
        await cpo.silence()
        begun = await cpo.charge()
        good(await cpo.whitelisted("OFFLINE", begun))
        assert await cpo.broken() == []


@each_22x
async def test_what_another_session_was_pushed_with_is_not_missing_before_its_cdr_comes(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed()
        session = o.session("S-ONLINE", authorization_reference=reference)
        await cpo.cpo.put_session(cpo.wire("session", session))
        first = await cpo.charge()
        await cpo.silence()
        second = await cpo.charge()
        good(await cpo.whitelisted("OFFLINE", second))
        good(await cpo.bill("ONLINE", first, reference))
        assert await cpo.broken() == []


@each
async def test_who_held_the_card_up_twice_has_not_asked_for_the_next_session(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """The last reference given is the session's (2.2.1 mod_cdrs); the first is nobody's."""
    async with day(clock, chance, journal, version) as cpo:
        await cpo.allowed()
        await clock.sleep(20)
        reference = await cpo.allowed()
        begun = await cpo.charge()
        good(await cpo.bill("ONLINE", begun, reference))
        await cpo.silence()
        begun = await cpo.charge()
        good(await cpo.whitelisted("OFFLINE", begun))
        assert await cpo.broken() == []


@each_22x
async def test_nor_has_a_card_held_up_twice_been_asked_for_twice(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        await cpo.allowed(o.NEVER_CARD)
        reference = await cpo.allowed(o.NEVER_CARD)
        begun = await cpo.charge(20)
        good(await cpo.bill("CDR1", begun, reference, card=o.NEVER_CARD, session_id="S1"))
        begun = await cpo.charge()
        refused(await cpo.bill("CDR2", begun, card=o.NEVER_CARD), REALTIME)


@each_22x
async def test_a_remote_start_that_failed_asks_no_offline_session_for_its_reference(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        cpo.cpo.command_answer = {"result": "REJECTED", "timeout": 30}
        wanted = {"token_uid": o.CARD, "location_id": "LOC1", "evse_uid": FIRST}
        await cpo.cpo.control("POST", "/commands/START_SESSION", wanted)
        await cpo.silence()
        begun = await cpo.charge()
        good(await cpo.whitelisted("OFFLINE", begun))


@each_22x
@pytest.mark.parametrize("method", ["COMMAND", "AUTH_REQUEST"])
async def test_a_remote_start_has_its_reference_in_the_cdr(
    clock: Clock, chance: Chance, journal: Journal, version: str, method: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        wanted = {"token_uid": o.CARD, "location_id": "LOC1", "evse_uid": FIRST}
        await cpo.cpo.control("POST", "/commands/START_SESSION", wanted)
        session = o.session("S-CDR1")
        await cpo.cpo.put_session(cpo.wire("session", session))
        begun = await cpo.charge()
        refused(await cpo.bill("CDR1", begun, auth_method=method), REFERENCE, 2001)
        reference = cpo.cpo.commands[-1]["authorization_reference"]
        good(await cpo.bill("CDR1", begun, reference, auth_method=method))


@each_22x
async def test_an_authorization_right_after_the_end_is_not_the_sessions(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        await cpo.silence()
        begun = await cpo.charge()
        await cpo.cpo.control("DELETE", "/authorizations")
        await clock.sleep(20)
        await cpo.allowed()
        good(await cpo.whitelisted("OFFLINE", begun))


@each_22x
@pytest.mark.parametrize("asked", [FIRST, None], ids=["evse", "whole-location"])
async def test_the_reference_of_its_own_authorization_is_missed(
    clock: Clock, chance: Chance, journal: Journal, version: str, asked: str | None
) -> None:
    """Also where the CPO says WHITELIST: where it asked, it brings the reference."""
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed(evse=asked)
        await cpo.silence()
        begun = await cpo.charge()
        told = await cpo.whitelisted("CDR1", begun)
        refused(told, REFERENCE, 2001)
        assert str(reference) in told.message
        (finding,) = await cpo.findings()
        assert (finding["pointer"], finding["seen"]) == ("/authorization_reference", None)
        good(await cpo.bill("CDR1", begun, reference))


@each_22x
async def test_the_missing_reference_that_is_named_is_one_that_can_be_used(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """The ALLOWED answer's, and not that of a later refusal."""
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed()
        begun = await cpo.charge(15)
        await cpo.cpo.control("PUT", "/authorizations", {"default": {"allowed": "NO_CREDIT"}})
        await cpo.ask()
        await clock.sleep(900)
        told = await cpo.bill("CDR1", begun)
        assert f"the reference of the authorization: {reference}" in told.message


# What excuses: one authorization, one CDR


@each
async def test_one_authorization_serves_one_cdr(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed(o.NEVER_CARD)
        begun = await cpo.charge()
        good(await cpo.bill("CDR1", begun, reference, card=o.NEVER_CARD))
        told = await cpo.bill("CDR2", begun, card=o.NEVER_CARD)
        refused(told, REALTIME)
        assert "de*abc*cdr1" in told.message or version == "2.1.1"
        assert "cdr1" in told.message
        again = await cpo.allowed(o.NEVER_CARD)
        begun = await cpo.charge()
        good(await cpo.bill("CDR2", begun, again, card=o.NEVER_CARD))


@each_22x
async def test_a_reference_does_not_stand_for_another_session(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed(o.NEVER_CARD)
        begun = await cpo.charge()
        good(await cpo.bill("CDR1", begun, reference, card=o.NEVER_CARD))
        refused(await cpo.bill("CDR2", begun, reference, card=o.NEVER_CARD), REALTIME)
        assert await cpo.broken() == ["cdr.paid-once", REALTIME]


@each_22x
async def test_the_second_cdr_of_a_session_is_a_warning(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed(o.NEVER_CARD)
        begun = await cpo.charge()
        for name in ("CDR1", "CDR2"):
            told = await cpo.bill(name, begun, reference, card=o.NEVER_CARD, session_id="S1")
            good(told)
        assert await cpo.broken() == ["cdr.paid-once"]


@pytest.mark.parametrize("version", EVERY_VERSION)
async def test_the_authorization_of_another_evse_is_not_this_sessions(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    async with day(clock, chance, journal, version) as cpo:
        reference = await cpo.allowed(o.NEVER_CARD, evse=SECOND)
        begun = await cpo.charge()
        refused(await cpo.bill("CDR1", begun, card=o.NEVER_CARD, evse=FIRST), REALTIME)
        good(await cpo.bill("CDR2", begun, reference, card=o.NEVER_CARD, evse=SECOND))


@each
async def test_two_cars_of_one_card_each_have_their_own(
    clock: Clock, chance: Chance, journal: Journal, version: str
) -> None:
    """Whichever CDR comes first, and whatever EVSE was asked for."""
    async with day(clock, chance, journal, version) as cpo:
        one = await cpo.allowed(o.NEVER_CARD, evse=None)
        first = await cpo.charge(5)
        two = await cpo.allowed(o.NEVER_CARD, evse=None)
        second = await cpo.charge(30)
        good(await cpo.bill("B", second, two, card=o.NEVER_CARD, evse=SECOND))
        good(await cpo.bill("A", first, one, card=o.NEVER_CARD))
        assert await cpo.broken() == []


async def test_what_served_a_cdr_is_known_after_a_restart(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    """In 2.1.1, where no CDR names it; and so are the EVSEs that were asked for."""
    file = str(tmp_path / "peer.db")
    async with day(clock, chance, journal, "2.1.1", database=file) as cpo:
        await cpo.allowed(o.NEVER_CARD)
        await cpo.allowed(o.ALLOWED_CARD, evse=SECOND)
        begun = await cpo.charge()
        good(await cpo.bill("CDR1", begun, card=o.NEVER_CARD))
        await cpo.cpo.peer.stop()
        cpo.cpo.peer = await start(
            clock=clock, chance=chance.child("again"), journal=journal, port=8090, database=file
        )
        good(await cpo.bill("CDR1", begun, card=o.NEVER_CARD))
        refused(await cpo.bill("CDR2", begun, card=o.NEVER_CARD), REALTIME)
        _, state = await cpo.cpo.control("GET", "/state")
        asked = [given["evse_uids"] for given in state["held"][0]["authorizations"]]
        assert asked == [[FIRST], [SECOND]]
