"""What the peer is made to do."""

from __future__ import annotations

import pytest

from simulator.mistakes import Mistake
from simulator.scenario.lab import Lab
from simulator.scenario.step import StepError, StepFailed
from simulator.scenario.steps import STEPS
from simulator.world_file import read_text

from .stage import TINY

# The same, and an EMP behind Plugsurfing's Roam face.
EMP = """
emps:
  - {name: emp, pulls: false, tokens: [{uid: DORA, contract_id: DEEMPCD0A4D0A4X, whitelist: NEVER}]}
tariffs:
  - {id: t, elements: [{price_components: [{type: ENERGY, price: 0.5, step_size: 1}]}]}
"""


def test_answers_are_set_and_reset() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.answer("BLOCKED")
        assert lab.tap(station="ST1", token="0123") is False
        lab.reset_answers()
        lab.plug("ST1", car="anna")
        assert lab.tap(station="ST1", token="0123") is True
        assert lab.peer_control("/findings") is not None
        with pytest.raises(StepError, match="path: 'findings' does not begin with /"):
            lab.peer_control("findings")
        assert lab.push_token("0456", fields={"uid": 5})["token"]["uid"] == "0456"
        with pytest.raises(StepError, match="this world has no EMP"):
            lab.emp_pull()


def charged(lab: Lab) -> None:
    """A session of Anna's, from her card to its CDR."""
    lab.start("ST1", token="0123", car="anna")
    lab.advance("10 min")
    lab.stop("ST1")


def test_a_rule_is_switched_off_made_milder_and_put_back() -> None:
    name = "cdr.authorization-reference"
    with Lab(read_text(TINY)) as lab:
        lab.omit("ST1", fields=["authorization_reference"])
        lab.rule("cdr.price", is_="note")
        lab.rule(name, is_="off")
        charged(lab)
        lab.expect(ocpi="POST cdrs", status=1000, within="60 s")
        lab.never(finding=name)
        lab.rule(name, is_="warn", connection="cpo")
        charged(lab)
        lab.expect(finding=name, severity="warn", within="60 s")
        lab.expect(ocpi="POST cdrs", status=1000)
        lab.rule(name)
        charged(lab)
        lab.expect(finding=name, severity="reject", within="60 s")
        lab.expect(ocpi="POST cdrs", status=2001)
        (cpo,) = lab.peer_control("/connections")["connections"]
        assert cpo["profile"]["rules"] == {"cdr.price": "note"}


def test_a_rule_or_a_cpo_that_there_is_not() -> None:
    with Lab(read_text(TINY), start="unregistered") as lab:
        with pytest.raises(StepError, match=r"no rule 'cdr.prize'.*Did you mean 'cdr.price'"):
            lab.rule("cdr.prize", is_="off")
        with pytest.raises(StepError, match="no CPO is not connected to plugsurfing"):
            lab.rule("cdr.price", is_="off")
        with pytest.raises(StepError, match="other is not connected"):
            lab.rule("cdr.price", is_="off", connection="other")
        with pytest.raises(StepError, match="none of the choices"):
            lab.rule("cdr.price", is_="of")


def test_a_token_is_pushed() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.push_token("0123", fields={"valid": False})
        lab.expect(ocpi="PUT tokens", path="*/0123", where={"/valid": False}, status=1000)
        assert lab.tap(station="ST1", token="0123") is False


def test_the_peer_starts_and_stops_a_session() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.plug("ST1", car="anna")
        lab.start_session(token="0123", location="L1", evse_uid="ST1-1", connector_id="1")
        lab.expect(ocpi="POST commands", by="plugsurfing", where={"/connector_id": "1"})
        lab.expect(ocpi="POST commands", by="cpo", where={"/result": "ACCEPTED"}, within="30 s")
        lab.expect(ocpi="PUT sessions", save={"session": "/id"}, within="30 s")
        lab.stop_session(lab.variables["session"])
        lab.expect(ocpi="POST commands", by="plugsurfing", path="*STOP_SESSION*")
        lab.expect(ocpi="POST commands", by="cpo", where={"/result": "ACCEPTED"}, within="30 s")
        lab.unplug("ST1")
        lab.expect(ocpi="POST cdrs", within="60 s")


def test_an_emp_registers_pulls_starts_and_stops() -> None:
    with Lab(read_text(TINY + EMP), start="unregistered") as lab:
        lab.register("plugsurfing")
        lab.emp_register()
        lab.expect(ocpi="POST credentials", by="emp", status=1000)
        lab.advance("1 min")
        lab.emp_pull(full=True)
        place = lab.expect(ocpi="GET locations", by="emp", status=1000)["answer"][0]
        lab.emp_pull(full=False)
        lab.expect(ocpi="GET locations", by="emp", query="*date_from=*")
        lab.plug("ST1", car="anna")
        lab.emp_start(token="DORA", location=place["id"], evse_uid=place["evses"][0]["uid"])
        lab.expect(ocpi="POST commands", by="roam", where={"/result": "ACCEPTED"}, within="30 s")
        lab.expect(ocpi="PUT sessions", by="roam", status=1000, within="30 s")
        lab.advance("10 min")
        lab.emp_stop()
        lab.unplug("ST1")
        lab.expect(ocpi="POST cdrs", by="roam", status=1000, within="2 min")


def test_a_pull_that_must_be_refused_fails_where_it_is_not() -> None:
    with Lab(read_text(TINY + EMP)) as lab:
        lab.advance("1 min")
        lab.fault("ocpi_status", at="peer", module="locations", status_code=2001)
        assert "2001" in lab.emp_pull(refused=True)
        with pytest.raises(StepFailed, match="emp_pull: the locations did come"):
            lab.emp_pull(refused=True)


def test_an_emp_changes_a_token_and_its_answers() -> None:
    with Lab(read_text(TINY + EMP)) as lab:
        lab.advance("1 min")
        lab.emp_token("DORA", fields={"whitelist": "ALLOWED_OFFLINE"})
        wanted = {"/whitelist": "ALLOWED_OFFLINE"}
        lab.expect(ocpi="PUT tokens", by="plugsurfing", path="*/DORA", where=wanted)
        lab.emp_answer(answers={"default": {"allowed": "NO_CREDIT"}})
        assert lab.tap(station="ST1", token="DORA") is False
        lab.expect(ocpi="POST tokens", by="cpo", answer={"/allowed": "NO_CREDIT"})


def test_what_an_emp_answers_may_stand_bare() -> None:
    step = STEPS["emp_answer"]
    answers = {"default": {"allowed": "NO_CREDIT"}, "cdr_http_status": 500}
    assert step.named(answers) == {"answers": answers}
    assert step.named({"answers": answers, "emp": "emp"}) == {"answers": answers, "emp": "emp"}
    problems = [why for _, why in step.problems({"anwsers": answers})]
    assert any("Did you mean 'answers'" in why for why in problems)


def test_a_peer_dies_and_is_back_with_what_it_knew() -> None:
    with Lab(read_text(TINY)) as lab:
        charged(lab)
        lab.expect(ocpi="POST cdrs", status=1000, within="60 s")
        held, peer = lab.snapshot()["peers"]["plugsurfing"]["held"], lab.world.peers["plugsurfing"]
        url = peer.base_url
        lab.kill_peer()
        with pytest.raises(StepError, match="plugsurfing is dead: revive_peer starts it again"):
            lab.answer("BLOCKED")
        with pytest.raises(Mistake, match="plugsurfing is dead"):
            lab.kill_peer()
        assert "revive_peer" in lab.snapshot()["peers"]["plugsurfing"]["trouble"]
        lab.revive_peer("plugsurfing")
        assert lab.snapshot()["peers"]["plugsurfing"]["held"] == held
        assert len(held[0]["cdrs"]) == 1 and peer.base_url == url
        charged(lab)
        lab.expect(ocpi="POST cdrs", status=1000, within="60 s")
        with pytest.raises(Mistake, match="has not been killed"):
            lab.revive_peer()


def test_an_emp_is_away_and_back() -> None:
    with Lab(read_text(TINY + EMP)) as lab:
        lab.emp_down()
        with pytest.raises(StepError, match="emp is away: emp_up brings it back"):
            lab.emp_pull()
        assert "emp_up" in lab.snapshot()["emps"]["emp"]["trouble"]
        lab.emp_up("emp")
        assert lab.emp_pull()["locations"] == 1
