"""Stations and cars for Plug & Charge under test: what they hold, from one PKI."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.journal import Journal
from simulator.pki.certificates import pem, pem_chain
from simulator.pki.contract import Contract
from simulator.pki.hierarchy import Issued
from simulator.pki.installation import exi_text, read_exi_text, read_request, seal
from simulator.pki.keys import key_pem
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.config import Delivered, PncConfig
from simulator.station.ev import Car
from simulator.station.run import Station
from simulator.wire.ocpp_rpc import OcppVersion
from tests.simulator.station.certificate_box import NOW, box, root
from tests.simulator.station.csms import events, sent

EMAID = "DE8PSC123456783"
SECC_ID = "DE-ICE-S-0001-2"
V16, V201 = OcppVersion.V16, OcppVersion.V201
NOTE, LIBOCPP = PncConfig(secc_id=SECC_ID), PncConfig(secc_id=SECC_ID, spelling="libocpp")
DIALECTS = [
    pytest.param(V201, NOTE, id="2.0.1"),
    pytest.param(V16, NOTE, id="1.6 note"),
    pytest.param(V16, LIBOCPP, id="1.6 libocpp"),
]
ALL = ["began", "tls", "challenge", "examined"]


@cache
def contract(emaid: str = EMAID, seed: int = 7, *, now: datetime = NOW, **how: Any) -> Contract:
    """A contract, the same for the same arguments; `seed` is the PKI's."""
    chance = Chance(31).child(f"{emaid}{seed}{now}{sorted(how.items())}")
    return box(seed).issue_contract(emaid, now, chance, **how)


@cache
def provisioning(seed: int = 7) -> Issued:
    """What a car without a contract asks with."""
    return box(seed).issue("PROVISIONING", "WP0ZZZ99ZTS392124", NOW, Chance(33))


def car(shown: Contract | None = None, **fields: Any) -> Car:
    """A car that trusts the PKI's V2G root; with a good contract unless told otherwise."""
    held = {"v2g_roots": (root("V2G"),), **fields}
    if shown is None and "provisioning" not in held:
        shown = contract()
    return Car(contract=shown, **held)


@cache
def secc(*, now: datetime = NOW, **how: Any) -> Delivered:
    """The station's own certificate, the same for the same arguments."""
    chance = Chance(34).child(f"{now}{sorted(how.items())}")
    issued = box().issue("SECC", SECC_ID, now, chance, **how)
    return Delivered(Signing.V2G.value, pem_chain(issued.chain), key_pem(issued.key))


def delivered(*, mo: bool = True, own: Delivered | None = None) -> tuple[Delivered, ...]:
    """What the station comes with: roots, with that of contracts or without, and its own chain."""
    roots = [Delivered(Use.V2G_ROOT.value, pem(root("V2G")))]
    if mo:
        roots.append(Delivered(Use.MO_ROOT.value, pem(root("MO"))))
    return (*roots, own or secc())


def options(
    *, mo: bool = True, own: Delivered | None = None, pnc: PncConfig | None = None, **settings: str
) -> dict[str, Any]:
    """Options of a station that charges by contract; the rest are settings, by our names."""
    return {
        "pnc": pnc or PncConfig(secc_id=SECC_ID),
        "certificates": delivered(mo=mo, own=own),
        "settings": settings,
        "interval_s": 86_400,
    }


def answer(request: str, held: Contract | None = None, *, for_whom: Any = None) -> dict[str, Any]:
    """What a pool answers: a contract, sealed for the car that asked, or for another."""
    asked = read_request(read_exi_text(request))
    pki = box()
    service = Issued(pki.chain("CPS"), pki.key("CPS"))
    recipient = for_whom or asked.chain[0]
    body = seal(held or contract(), recipient, service, Chance(35), asked.action)
    return {"status": "Accepted", "exiResponse": exi_text(body)}


def told(journal: Journal, what: str) -> dict[str, Any]:
    """The one event of this kind."""
    (found,) = events(journal, f"pnc.{what}")
    return found


def steps(journal: Journal) -> list[str]:
    """How far Plug & Charge came, without its prefix."""
    found = [r["what"] for r in journal.records if r["leg"] == "event"]
    return [what.removeprefix("pnc.") for what in found if what.startswith("pnc.")]


def asked(journal: Journal, version: OcppVersion, action: str = "Authorize") -> list[Any]:
    """What the station asked about contracts, out of its wrapping."""
    if version is V201:
        return sent(journal, action)
    wrapped = [each for each in sent(journal, "DataTransfer") if each["messageId"] == action]
    return [json.loads(each["data"]) for each in wrapped]


def started(journal: Journal, version: OcppVersion) -> list[Any]:
    """The identifiers that transactions began with."""
    if version is V16:
        return [each["idTag"] for each in sent(journal, "StartTransaction")]
    return [each["idToken"] for each in sent(journal, "TransactionEvent") if "idToken" in each]


def shown(station: Station) -> dict[str, Any]:
    """What a display shows."""
    found: dict[str, Any] = station.snapshot()["evses"][0]["pnc"]
    return found
