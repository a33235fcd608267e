"""A message of before, as the step that sends it again."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mistakes import Mistake
from simulator.tui.resending import again
from tests.simulator.tui.stage import Wire
from tests.simulator.tui.test_pairing import paired


def test_a_call_by_whom_it_was_sent() -> None:
    wire = Wire()
    wire.call("Authorize", {"idTag": "X1"}, {"idTagInfo": {"status": "Accepted"}})
    wire.ocpp(2, "station/CP1", "received", {"type": "Soft"}, ident="c1", action="Reset")
    wire.ocpp(2, "cpo", "sent", {"type": "Hard"}, ident="c2", action="Reset")
    station, reset, other = (again(ex) for ex in paired(wire.records))
    told = {"station": "CP1", "action": "Authorize", "payload": {"idTag": "X1"}}
    assert station == ("send_ocpp", told)
    reset_told = {"station": "CP1", "action": "Reset", "payload": {"type": "Soft"}, "by": "cpo"}
    assert reset == ("send_ocpp", reset_told)
    assert other[1]["by"] == "cpo" and other[1]["payload"] == {"type": "Hard"}


def test_a_request_goes_to_the_same_place_with_the_same_text() -> None:
    wire = Wire()
    record = wire.ocpi("PUT", "sessions", {"id": 7})
    wire.ocpi("GET", "tokens", None, direction="received", ident="r2")
    put, got = (again(ex) for ex in paired(wire.records))
    assert put == ("send_ocpi", {
        "method": "PUT", "module": "sessions", "path": record["url"], "from": "cpo",
        "to": "plugsurfing", "version": "2.2.1", "body": '{"id":7}',
    })  # fmt: skip
    assert (got[1]["from"], got[1]["to"], got[1]["body"]) == ("cpo", "plugsurfing", "null")
    assert "TOPSECRET" not in str(put)


def test_a_step_is_done_again() -> None:
    wire = Wire()
    wire.journal.append("step", "scenario", step="boot", arguments={"station": "CP1"})
    assert again(paired(wire.records)[0]) == ("boot", {"station": "CP1"})


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda w: w.ocpi("POST", "credentials", {"token": "s3cret"}), "a secret of this request"),
        (
            lambda w: w.ocpp(2, "cpo", "sent", {"key": "AuthorizationKey", "value": "x"},
                             action="ChangeConfiguration"),
            "a secret of this call is hidden",
        ),
        (lambda w: w.finding(1), "a finding is no message"),
        (
            lambda w: w.journal.append("step", "s", step="register", arguments={"token_a": "***"}),
            "a secret of this step",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_sent_again(make: Any, why: str) -> None:
    wire = Wire()
    make(wire)
    with pytest.raises(Mistake, match=why):
        again(paired(wire.records)[0])


def test_a_frame_that_is_no_call() -> None:
    wire = Wire()
    ex = paired([wire.ocpp(2, "cpo", "sent", {})])[0]
    ex.record["message_type"] = None
    with pytest.raises(Mistake, match="this frame is no call"):
        again(ex)
