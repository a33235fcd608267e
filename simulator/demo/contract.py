"""The act of the car that needs no card: Plug & Charge, then its contract ends.

Rule: as for all acts. A contract ends twice, at its eMSP and in the PKI: who asks hears another
reason of each.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from simulator.demo.bill import Bill
from simulator.demo.stage import PATIENCE_S, Stage
from simulator.demo.witness import (
    answer_of,
    answer_to,
    asked,
    data_of,
    payload_of,
    request_of,
    sent,
)
from simulator.kernel.journal import Record
from simulator.station.run import Station

EVA = "DE-8PS-CE7A2K7M9-I"
PLACE, CAR = "FR-DC-1", "eva"
_BY = f"station/{PLACE}"


async def contract_session(stage: Stage) -> Record | None:
    """A session by contract; its CDR."""
    witness = stage.witness
    station = await stage.plug_in(PLACE, CAR, "Eva")
    started = await stage.started(PLACE)
    await stage.charge(0.4)
    stage.teller.note("she pulls the cable and drives on")
    await station.unplug(1)
    cdr = await stage.cdr(started)
    asks = [payload_of(r) for r in witness.all(sent("Authorize", by=_BY))]
    token = asks[0].get("idToken", {}) if asks else {}
    witness.claim(
        f"no card was shown: the station named the contract {token.get('idToken')}",
        token == {"idToken": _letters(EVA), "type": "eMAID"}
        and len(asks[0].get("iso15118CertificateHashData", ())) == 3,
    )
    verified = _answers(stage)
    questions = witness.all(asked("POST", "tokens"))
    witness.claim(
        f"Plugsurfing was asked about {EVA}, type OTHER, and said ALLOWED",
        [_asked_about(r) for r in questions] == [(EVA, ["OTHER"])]
        and [(data_of(r) or {}).get("allowed") for r in questions] == ["ALLOWED"]
        and verified == [("Accepted", "Accepted")],
    )
    return cdr


async def contract_ends(stage: Stage) -> None:
    """The same contract, blocked by its eMSP, then revoked in the PKI: refused for either."""
    world, witness = stage.world, stage.witness
    if world.pki is None or world.plan.pki is None:
        return
    stage.teller.note("Plugsurfing blocks the contract")
    await stage.peer.put_token({"uid": EVA, "type": "OTHER", "valid": False})
    answers = len(_answers(stage))
    await _try(stage)
    blocked = witness.all(asked("POST", "tokens"))[1:]
    witness.claim(
        "it refused the next try: BLOCKED over OCPI, ContractCancelled over OCPP",
        [(data_of(r) or {}).get("allowed") for r in blocked] == ["BLOCKED"]
        and _answers(stage)[answers:] == [("ContractCancelled", "Blocked")],
    )
    stage.teller.note("its certificate is revoked; what OCSP said before is good a little longer")
    world.pki.pki.revoke(EVA, world.clock.now(), "keyCompromise")
    await world.clock.sleep(world.plan.pki.ocsp_valid_for_s + 1)
    await _try(stage)
    witness.claim(
        "then CertificateRevoked, and Plugsurfing was not even asked",
        _answers(stage)[answers + 1 :] == [("CertificateRevoked", "Invalid")]
        and len(witness.all(asked("POST", "tokens"))) == 1 + len(blocked),
    )


async def _try(stage: Stage) -> Station:
    """She comes again, waits for the verdict, and leaves."""
    station = await stage.plug_in(PLACE, CAR, "Eva")
    await stage.witness.wait(answer_to("Authorize", by=_BY), timeout_s=PATIENCE_S)
    await stage.moment()
    await station.unplug(1)
    return station


def token_of(stage: Stage, cdr: Record | None) -> bool:
    """The CDR names the contract as it was pushed; 2.1.1 has no more than its id."""
    body: Any = request_of(cdr) if cdr else {}
    if stage.old:
        return bool(body.get("auth_id") == EVA)
    told = body.get("cdr_token", {})
    named = tuple(told.get(name) for name in ("uid", "type", "contract_id"))
    return named == (EVA, "OTHER", EVA) and Bill.of(body).token_uid == EVA


def _answers(stage: Stage) -> list[tuple[str | None, str | None]]:
    """What the station was told, each time: of the certificate, and of the contract."""
    told = [answer_of(r) for r in stage.witness.all(answer_to("Authorize", by=_BY))]
    return [(a.get("certificateStatus"), a.get("idTokenInfo", {}).get("status")) for a in told]


def _asked_about(record: Record) -> tuple[str, list[str]]:
    parts = urlsplit(record["url"])
    (uid,) = re.findall(r"/([^/]+)/authorize$", parts.path) or ("",)
    return uid, parse_qs(parts.query).get("type", [])


def _letters(emaid: str) -> str:
    return emaid.replace("-", "")
