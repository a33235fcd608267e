"""The network behind the check's Roam face: what it answers to an EMP."""

from __future__ import annotations

from mock_peer import check_network as network
from mock_peer.check_roam import Network, Pace, stranger
from mock_peer.check_table_emp import REMOTE
from mock_peer.emp import Emp, EmpConfig
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.connection import Connection
from simulator.wire.http_aio import HttpClient
from tests.mock_peer.emp_checking import TOKEN


def test_a_stranger_s_token_is_of_the_emp_that_is_asked() -> None:
    assert stranger(Connection("emp-1", "emp")).organisation == "emp-1"


async def test_an_emp_pulls_starts_and_stops_here(
    clock: Clock, chance: Chance, journal: Journal
) -> None:
    http = HttpClient(clock)
    pace = Pace(ask_every_s=3600, charge_s=3600)
    there = Network(http, clock=clock, chance=chance, journal=journal, pace=pace)
    await there.start()
    config = EmpConfig(pulls=False, tokens=(TOKEN,))
    emp = await Emp(config, clock=clock, chance=chance.child("e"), journal=Journal(clock)).start()
    try:
        await there.face.register(emp.versions_url, emp.token_a())
        await clock.sleep(2)
        assert await emp.pull() == network.LOCATIONS
        place = list(emp.book.locations.values())[4]
        started = await emp.start_session("0401", place["id"], place["evses"][0]["uid"])
        assert started["result"] == {"result": "ACCEPTED"}
        await clock.sleep(1)
        (session,) = emp.book.sessions.values()
        assert session["location_id"] == place["id"]
        assert (await emp.stop_session("no-such"))["response"]["result"] != "ACCEPTED"
        stopped = await emp.stop_session(session["id"])
        assert stopped["result"] == {"result": "ACCEPTED"}
        await there.finish()
        (cdr,) = emp.book.cdrs.values()
        assert cdr["session_id"] == session["id"]
        assert cdr["auth_method"] == "COMMAND"
        assert [r for r in journal.records if r["leg"] == "finding"] == []
        assert any(r["session"] == REMOTE for r in journal.records)
    finally:
        await there.stop()
        await http.close()
        await emp.stop()
