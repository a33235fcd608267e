"""What goes out to EMPs: in order, once, and CDRs again at night."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from mock_peer.emp import EmpConfig, start_emp
from mock_peer.roam_outbound import ORIGINAL_PROTOCOL
from mock_peer.server import start
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import PEER_PORT
from tests.mock_peer.roaming import CARD, Whole, roaming
from tests.mock_peer.test_relay import cdr_of, session_of

DAY_S = 24 * 3600


async def charged(whole: Whole) -> None:
    """Let a session end with a CDR that the CPO has posted."""
    await whole.share()
    told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
    cdr = cdr_of(whole, told.data["authorization_reference"])
    await whole.clock.sleep(1800)
    assert (await whole.cpo.post_cdr(cdr)).ok
    await whole.clock.sleep(60)


def tries(whole: Whole) -> list[Record]:
    return whole.requests("emp", "cdrs", "POST")


async def test_a_refused_cdr_is_sent_again_every_night_for_a_week(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.cdr_http_status = 500
        await charged(whole)
        began = clock.now()
        await clock.sleep(10 * DAY_S)
        at = [record["at"] for record in tries(whole)]
        nights = [f"2026-01-{day}T02:00:00" for day in range(16, 23)]
        assert [moment[:19] for moment in at[1:]] == nights
        bodies = {record["request"]["body"] for record in tries(whole)}
        assert len(bodies) == 1
        assert len(whole.findings("roam.cdr-retry")) == 8
        assert "not sent again" in whole.findings("roam.cdr-retry")[-1]["expected"]
        assert len(whole.told("roam.cdr-given-up")) == 1
        assert clock.now() - began == timedelta(days=10)


async def test_a_cdr_that_is_taken_on_the_third_night_comes_no_more(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.cdr_http_status = 0  # no answer at all
        await charged(whole)
        await clock.sleep(2 * DAY_S)
        whole.emp.answers.cdr_http_status = 200
        await clock.sleep(5 * DAY_S)
        assert len(tries(whole)) == 4
        assert [r["data"]["tries"] for r in whole.told("roam.cdr-delivered")] == [4]
        assert len(whole.emp.book.cdrs) == 1


async def test_201_and_other_codes_are_no_success(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    for http_status, status_code in ((201, 1000), (200, 2000)):
        async with roaming(clock, chance, journal) as whole:
            whole.emp.answers.cdr_http_status = http_status
            whole.emp.answers.cdr_status_code = status_code
            await charged(whole)
            seen = f"HTTP {http_status}, OCPI {status_code}"
            assert [f["seen"] for f in whole.findings("roam.cdr-retry")][-1] == seen


async def test_a_delivery_survives_a_restart(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.cdr_http_status = 503
        await charged(whole)
        await whole.roam.outbound.stop()
        whole.emp.answers.cdr_http_status = 200
        await clock.sleep(2 * DAY_S)
        assert len(tries(whole)) == 1
        whole.roam.outbound.start()
        await clock.sleep(DAY_S)
        assert len(whole.emp.book.cdrs) == 1


async def test_a_cdr_is_kept_before_the_cpo_has_its_answer(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        connection = whole.cpo.peer.book.all()[0]
        whole.roam.relay.cdr_accepted(connection, cdr_of(whole, None))
        assert len(whole.roam.book.deliveries()) == 1  # and nothing has been awaited
        await clock.sleep(60)
        assert whole.roam.book.deliveries() == []


async def test_a_credit_cdr_is_not_passed_on(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal, strict=False) as whole:
        await whole.share()
        connection = whole.cpo.peer.book.all()[0]
        body = cdr_of(whole, None, credit=True, credit_reference_id="C0")
        whole.roam.relay.cdr_accepted(connection, body)
        await clock.sleep(60)
        assert tries(whole) == []


async def test_a_session_whose_start_was_not_taken_is_put_again(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        port = whole.emp._web.port
        await whole.emp._web.stop()
        await whole.cpo.put_session(session_of(whole))
        await clock.sleep(60)
        whole.emp._web.port = port
        await whole.emp._web.start()
        await whole.cpo.put_session(session_of(whole, kwh=Decimal(1)))
        await clock.sleep(60)
        sent = [record["method"] for record in whole.requests("emp", "sessions", "PUT", "PATCH")]
        assert sent == ["PUT"]


async def test_the_original_protocol_is_told_where_the_key_is_uncertain(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    organisation = {"keys_per_contract": 2}
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        await whole.share()
        await whole.emp.push_token({"uid": "04EE0002", "contract_id": "DEEMPC000000015"})
        connection = whole.cpo.peer.book.all()[0]
        for version, header in (("2.2.1", None), ("2.1.1", "OCPI-2.1.1")):
            connection.version = version
            name = f"S-{version}"
            whole.roam.relay.session_changed(connection, session_of(whole, id=name))
            await clock.sleep(5)
            last = whole.requests("emp", "sessions", "PUT")[-1]
            assert last["request"]["headers"].get(ORIGINAL_PROTOCOL) == header
        connection.version = "2.2.1"
        assert whole.findings("roam.original-protocol") == []


async def test_a_cdr_that_names_only_the_contract_is_the_first_token_s(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    organisation = {"keys_per_contract": 2}
    async with roaming(clock, chance, journal, organisation=organisation) as whole:
        await whole.share()
        await whole.emp.push_token({"uid": "04EE0002", "contract_id": "DEEMPC000000015"})
        connection = whole.cpo.peer.book.all()[0]
        named = {**o.cdr_token("DE-EMP-C00000001-5"), "contract_id": "DE-EMP-C00000001-5"}
        whole.roam.relay.session_changed(connection, session_of(whole, cdr_token=named))
        await clock.sleep(5)
        (session,) = whole.emp.book.sessions.values()
        assert session["cdr_token"]["uid"] == CARD


async def test_a_cdr_comes_once_however_often_the_cpo_posts_it(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        cdr = cdr_of(whole, told.data["authorization_reference"])
        for _ in range(3):
            assert (await whole.cpo.post_cdr(cdr)).ok
        await clock.sleep(60)
        assert len(tries(whole)) == 1


async def test_a_cdr_for_a_location_that_was_never_shared_is_passed_on(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    profile = {"private_locations": "depots of fleets"}
    async with roaming(clock, chance, journal, profile=profile) as whole:
        told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
        cdr = cdr_of(whole, told.data["authorization_reference"])
        assert (await whole.cpo.post_cdr(cdr)).ok
        await clock.sleep(60)
        (passed,) = whole.emp.book.cdrs.values()
        assert passed["cdr_location"]["id"] not in whole.emp.book.locations
        assert passed["total_energy_cost"]


async def test_an_emp_that_registers_anew_has_its_tokens_and_cdrs_back(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.cdr_http_status = 500
        await charged(whole)
        await whole.emp.unregister()
        await clock.sleep(DAY_S)
        whole.emp.answers.cdr_http_status = 200
        await whole.emp.register(whole.roam.versions_url, whole.roam.token_a)
        await clock.sleep(60)
        assert whole.cpo.tokens[CARD]["valid"] is True
        await clock.sleep(DAY_S)
        assert len(whole.emp.book.cdrs) == 1


async def test_a_second_cdr_of_the_same_session_goes_nowhere(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        await whole.share()
        for name in ("C1", "C2"):
            told = await whole.cpo.authorize(CARD, {"location_id": "LOC1"})
            reference = told.data["authorization_reference"]
            cdr = cdr_of(whole, reference, id=name, session_id="S1")
            await clock.sleep(1800)
            assert (await whole.cpo.post_cdr(cdr)).ok
            await clock.sleep(60)
        assert len(tries(whole)) == len(whole.emp.book.cdrs) == 1
        (told_of,) = whole.told("roam.cdr-second")
        assert told_of["data"]["second"] == "C2"


async def test_what_is_sent_at_once_is_not_sent_at_night_again(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.cdr_http_status = 500
        await charged(whole)
        whole.emp.answers.cdr_http_status = 200
        assert whole.roam.outbound.send_now() == 1
        assert whole.roam.outbound.send_now() == 1  # asked for twice, sent once
        await clock.sleep(3 * DAY_S)
        assert len(tries(whole)) == 2
        assert whole.roam.outbound.send_now() == 0
        assert whole.told("roam.job-failed") == []


async def test_a_week_goes_on_over_restarts_where_a_database_is_used(
    clock: Clock, chance: Chance, journal: Journal, tmp_path: Path
) -> None:
    database = str(tmp_path / "peer.db")
    async with roaming(clock, chance, journal, database=database) as whole:
        whole.emp.answers.cdr_http_status = 500
        await charged(whole)
        await clock.sleep(2 * DAY_S)
        assert len(tries(whole)) == 3
        for _ in range(2):  # off for three nights, then for a moment
            await whole.cpo.peer.stop()
            await clock.sleep(3 * DAY_S)
            whole.cpo.peer = await start(
                clock=clock, chance=chance, journal=journal, port=PEER_PORT, database=database
            )
            await clock.sleep(3600)
        assert len(tries(whole)) == 5  # each night that was missed is made up for once, at once
        await clock.sleep(10 * DAY_S)
        assert len(tries(whole)) == 8
        assert len({record["request"]["body"] for record in tries(whole)}) == 1
        assert len(whole.told("roam.cdr-given-up")) == 1
        await whole.cpo.peer.stop()
        whole.cpo.peer = await start(
            clock=clock, chance=chance, journal=journal, port=PEER_PORT, database=database
        )
        await clock.sleep(2 * DAY_S)
        assert len(tries(whole)) == 8


async def test_the_cdr_of_an_emp_that_left_goes_to_no_one_else(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    async with roaming(clock, chance, journal) as whole:
        whole.emp.answers.cdr_http_status = 500
        await charged(whole)
        await whole.emp.unregister()
        await clock.sleep(60)
        other_token = {"uid": CARD, "contract_id": "NLABCC00000001X"}
        config = EmpConfig(
            port=8101, country_code="NL", party_id="ABC", tokens=(other_token,), pulls=False
        )
        several = {"organisation": {"contract_change": True}}
        _, roam = await whole.cpo.control("GET", "/roam")
        await whole.cpo.control("PUT", f"/roam/emps/{roam['emps'][-1]['id']}", several)
        other = await start_emp(
            config,
            clock=clock,
            chance=chance,
            journal=journal,
            versions_url=whole.roam.versions_url,
            token_a=whole.roam.token_a,
        )
        await clock.sleep(5)
        assert whole.cpo.tokens[CARD]["contract_id"] == "NL-ABC-C00000001-X"
        await clock.sleep(10 * DAY_S)
        assert other.book.cdrs == {}
        assert len(whole.told("roam.cdr-given-up")) == 1
        await other.stop()
