"""Any message by hand, valid or not, with ids and credentials of its sender."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from simulator.mistakes import Mistake
from simulator.scenario.lab import Lab
from simulator.scenario.step import StepError, StepFailed
from simulator.world_file import read_text

from .stage import TINY
from .test_steps_peer import EMP


def sent(lab: Lab, leg: str) -> dict[str, Any]:
    """The newest record that its sender made."""
    return next(
        r for r in reversed(lab.world.journal.records)
        if r["leg"] == leg and r["direction"] == "sent" and r.get("message_type", 2) == 2
    )  # fmt: skip


def test_a_call_of_a_station_and_one_of_the_cpo() -> None:
    with Lab(read_text(TINY)) as lab:
        told = lab.send_ocpp("ST1", action="Heartbeat")
        assert set(told["result"]) == {"currentTime"}
        assert sent(lab, "ocpp")["actor"] == "station/ST1"
        told = lab.send_ocpp("ST1", action="ClearCache", by="cpo")
        assert told["result"]["status"] in ("Accepted", "Rejected")
        assert (sent(lab, "ocpp")["actor"], sent(lab, "ocpp")["errors"]) == ("cpo", [])


ODD = [{"transactionId": "x"}, {"transactionId": []}, {"transactionInfo": 5, "evse": []}, [1], "no"]


@pytest.mark.parametrize("payload", ODD)
@pytest.mark.parametrize(
    ("ocpp", "action"), [("1.6", "MeterValues"), ("2.0.1", "TransactionEvent")]
)
def test_what_is_invalid_goes_out_and_is_answered_by_an_error(
    payload: object, ocpp: str, action: str
) -> None:
    with Lab(read_text(TINY.replace('"1.6"', f'"{ocpp}"'))) as lab:
        told = lab.send_ocpp("ST1", action=action, payload=payload)
        assert told["error"]["code"]
        assert sent(lab, "ocpp")["errors"] != []
        told = lab.send_ocpp("ST1", action="NoSuchThing", by="cpo", payload=payload)
        assert told["error"]["code"]
        assert "result" in lab.send_ocpp("ST1", action="Heartbeat")  # the link has not suffered


def test_nobody_is_there_to_send_or_to_answer() -> None:
    with Lab(read_text(TINY)) as lab:
        lab.offline("ST1")
        for by in ("station", "cpo"):
            with pytest.raises(StepError, match="send_ocpp: ST1 is not connected"):
                lab.send_ocpp("ST1", action="Heartbeat", by=by)
        lab.online("ST1")
        lab.advance("2 min")
        lab.fault("drop", actor="station/ST1", action="Heartbeat")
        with pytest.raises(StepFailed, match="Heartbeat: no answer within"):
            lab.send_ocpp("ST1", action="Heartbeat")


def test_a_password_is_not_told_though_it_is_sent() -> None:
    with Lab(read_text(TINY)) as lab:
        payload = {"key": "AuthorizationKey", "value": "0123456789abcdef"}
        lab.send_ocpp("ST1", action="ChangeConfiguration", by="cpo", payload=payload)
        assert "0123456789abcdef" not in lab.world.journal.dump().decode()
        assert lab.world.station("ST1").memory.settings.text("basic_auth_password") == (
            "0123456789abcdef"
        )


def test_the_cpo_sends_a_peer_what_is_wanted() -> None:
    with Lab(read_text(TINY)) as lab:
        told = lab.send_ocpi(method="PUT", module="sessions", path="DE/RLB/S9", body={"id": "S9"})
        assert told["status_code"] == 2001 and told["problem"]
        record = sent(lab, "ocpi")
        assert (record["actor"], record["url"].endswith("/sessions/DE/RLB/S9")) == ("cpo", True)
        assert record["request"]["headers"]["X-Request-ID"]
        assert record["request"]["headers"]["OCPI-to-country-code"] == "DE"
        told = lab.send_ocpi(method="POST", module="cdrs", body="{not json")
        assert (told["http_status"], told["status_code"]) == (400, 2000)
        assert sent(lab, "ocpi")["request"]["body"] == "{not json"
        told = lab.send_ocpi(method="GET", module="tokens", path="?limit=1", role="SENDER")
        assert len(told["data"]) == 1
        whole = lab.send_ocpi(method="GET", module="tokens", path=told["url"])
        assert whole["data"] == told["data"]


def test_a_peer_sends_the_cpo_what_is_wanted() -> None:
    with Lab(read_text(TINY)) as lab:
        told = lab.send_ocpi(method="GET", module="locations", from_="plugsurfing")
        assert [location["id"] for location in told["data"]] == ["L1"]
        assert sent(lab, "ocpi")["actor"] == "plugsurfing"
        told = lab.send_ocpi(
            method="PUT", module="tokens", path="x", body=[], from_="plugsurfing", to="cpo"
        )
        assert told["http_status"] >= 400
        with pytest.raises(StepError, match="send_ocpi: other is not connected to plugsurfing"):
            lab.send_ocpi(method="GET", module="tokens", from_="plugsurfing", to="other")


def test_roam_and_an_emp_send_each_other_what_is_wanted() -> None:
    with Lab(read_text(TINY + EMP)) as lab:
        told = lab.send_ocpi(method="GET", module="locations", from_="emp")
        assert told["status_code"] == 1000
        assert sent(lab, "ocpi")["actor"] == "emp"
        told = lab.send_ocpi(method="GET", module="tokens", from_="roam", to="emp")
        assert [token["uid"] for token in told["data"]] == ["DORA"]
        with pytest.raises(StepError, match="send_ocpi: no is not registered with Roam"):
            lab.send_ocpi(method="GET", module="tokens", from_="roam", to="no")


def test_credentials_go_to_the_other_side_alone_and_none_are_shown() -> None:
    with Lab(read_text(TINY)) as lab:
        told = lab.send_ocpi(method="GET", module="credentials")
        assert told["data"]["token"] == "***"
        lab.send_ocpi(method="POST", module="credentials", body={"token": "TOPSECRET"})
        assert "TOPSECRET" not in lab.world.journal.dump().decode()
        for elsewhere in ("http://127.0.0.1:9/x", "https://example.org/ocpi"):
            with pytest.raises(StepError, match="our token goes nowhere else"):
                lab.send_ocpi(method="GET", module="tokens", path=elsewhere)
            with pytest.raises(Mistake, match="our token goes nowhere else"):
                lab.send_ocpi(method="GET", module="tokens", path=elsewhere, from_="plugsurfing")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"module": "parking"}, "offers no parking; it offers"),
        ({"module": "tokens", "version": "9"}, "no OCPI version '9'"),
        ({"module": "tokens", "to": "nobody"}, "there is no registered peer nobody"),
        ({"module": "tokens", "from_": "plugsurfin"}, "Did you mean 'plugsurfing'"),
    ],
)
def test_what_cannot_be_sent(given: dict[str, Any], why: str) -> None:
    with Lab(read_text(TINY)) as lab, pytest.raises(Mistake, match=why):
        lab.send_ocpi(method="GET", **given)


def test_answers_are_plain_json() -> None:
    with Lab(read_text(TINY)) as lab:
        told = lab.send_ocpi(method="GET", module="versions")
        assert msgspec.json.decode(msgspec.json.encode(told))["status_code"] == 1000
