"""Steps of Plug & Charge: the world's PKI and its services, and certificates at stations.

Rule: what the PKI does, a step does through it; what a station is to do, the CPO asks it for, over
OCPP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.mistakes import Mistake
from simulator.pki.certificates import pem, serial_hex
from simulator.pki.spec import Kind as RootKind
from simulator.pki.store import REASONS
from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step, StepError, StepFailed
from simulator.scenario.steps_driver import STATION
from simulator.world_contracts import CONTRACT_KINDS, VALID, ContractPlan
from simulator.world_pki import WorldPki

_KINDS: Mapping[str, RootKind] = {
    "V2GRootCertificate": "V2G",
    "MORootCertificate": "MO",
    "CSMSRootCertificate": "CSMS",
    "ManufacturerRootCertificate": "OEM",
}
_LEAF = "V2GCertificateChain"
_SIGN = ("SignV2GCertificate", "SignChargingStationCertificate", "SignCombinedCertificate")


async def revoke_certificate(play: Play, given: Arguments) -> Result:
    """Revoke; the serial numbers. A CPO that has asked before believes the answer till it ends."""
    world = _pki(play, "revoke_certificate")
    try:
        rows = world.pki.revoke(given["certificate"], play.world.clock.now(), given["reason"])
    except Mistake as error:
        raise StepError(f"revoke_certificate: {error}") from error
    return [row.serial for row in rows]


async def issue_contract(play: Play, given: Arguments) -> Result:
    """Issue a contract and give it to a car; its serial number."""
    world, car = _pki(play, "issue_contract"), given["car"]
    try:
        contract = world.issue_contract(
            ContractPlan(given["emaid"], given["is"], as_written=given["as_written"])
        )
    except Mistake as error:
        raise StepError(f"issue_contract: {error}") from error
    world.give(car, contract)
    return serial_hex(contract.certificate)


async def ocsp(play: Play, given: Arguments) -> Result:
    """Set how the OCSP responder behaves."""
    _turn(play, "ocsp", given)


async def pool(play: Play, given: Arguments) -> Result:
    """Set how the certificate pool behaves."""
    _turn(play, "pool", given)


async def est(play: Play, given: Arguments) -> Result:
    """Set how EST behaves."""
    _turn(play, "est", given)


async def forget_statuses(play: Play, given: Arguments) -> Result:
    """Let the CPO forget what OCSP responders have said."""
    play.world.cpo.forget_statuses()


async def pnc(play: Play, given: Arguments) -> Result:
    """Switch Plug & Charge at a station; OCPI's CommandResultType."""
    return await play.world.cpo.set_pnc(
        given["station"], given["enabled"], 0 if given["evse"] is None else given["evse"]
    )


async def install_certificate(play: Play, given: Arguments) -> Result:
    """Have a station keep a root, by default the world's own; OCPI's CommandResultType."""
    text, kind = given["pem"], given["kind"]
    if text is None:
        (root,) = _pki(play, "install_certificate").pki.roots(_KINDS[kind])
        text = pem(root)
    return await play.world.cpo.install_certificate(given["station"], kind, text)


async def delete_certificate(play: Play, given: Arguments) -> Result:
    """Have a station forget all certificates of a kind; the last CommandResultType."""
    cpo, station, kind = play.world.cpo, given["station"], given["kind"]
    rows = await cpo.installed_certificates(station, kind)
    if not rows:
        raise StepFailed(f"delete_certificate: {station} has no {kind}")
    done = ""
    for row in rows:
        done = await cpo.delete_certificate(station, row["certificateHashData"])
    return done


async def installed_certificates(play: Play, given: Arguments) -> Result:
    """What a station has, as it says over OCPP: the kinds, in order."""
    rows = await play.world.cpo.installed_certificates(given["station"])
    return sorted(row["certificateType"] for row in rows)


async def trigger_sign(play: Play, given: Arguments) -> Result:
    """Have a station send a signing request; OCPI's CommandResultType."""
    return await play.world.cpo.trigger_sign(given["station"], given["message"])


def _turn(play: Play, service: str, given: Arguments) -> None:
    try:
        _pki(play, service).server.set_switches({service: given["switch"]})
    except StepError:
        raise
    except Mistake as error:
        raise StepError(f"{service}: {error}") from error


def _pki(play: Play, step: str) -> WorldPki:
    """The world's PKI. Raises StepError."""
    if play.world.pki is None:
        raise StepError(f"{step}: this world has no PKI: its file needs a section 'pki'")
    return play.world.pki


def _text(name: str, about: str, **more: Any) -> Arg:
    return Arg(name, Kind.TEXT, about, **more)


_SWITCH = _text("switch", "ok, slow:8 (seconds), down, garbage, … (docs/pki.md)", required=True)
_CERTIFICATE = _text("certificate", "its EMAID, common name or serial number", required=True)
_REASON = _text("reason", "why (RFC 5280)", choices=REASONS, default="unspecified")
_CAR = Arg("car", Kind.TEXT, "the car that gets it", required=True, names="car")
_IS = _text("is", "what is wrong with it", choices=CONTRACT_KINDS, default=VALID)
_WRITTEN = Arg("as_written", Kind.FLAG, "the certificate spells it so; else without dashes",
               default=False)  # fmt: skip
_ENABLED = Arg("enabled", Kind.FLAG, "on or off", required=True)
_OF_EVSE = Arg("evse", Kind.INTEGER, "of one EVSE alone (2.0.1)")
_ROOT = _text("kind", "OCPP's InstallCertificateUseEnumType", choices=tuple(_KINDS), required=True)
_ANY = _text("kind", "OCPP's GetCertificateIdUseEnumType", choices=(*_KINDS, _LEAF), required=True)
_PEM = _text("pem", "the certificate; by default the root of the world's PKI")
_MESSAGE = _text("message", "what it is to send", choices=_SIGN, default=_SIGN[0])

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("revoke_certificate", "pki", "Revoke a contract, or any certificate of the world's PKI.",
         revoke_certificate, (_CERTIFICATE, _REASON), "certificate"),
    Step("issue_contract", "pki", "Issue a contract, and give it to a car.", issue_contract,
         (_CAR, _text("emaid", "with dashes or without", required=True), _IS, _WRITTEN)),
    Step("ocsp", "pki", "Set how the world's OCSP responder behaves.", ocsp, (_SWITCH,), "switch"),
    Step("pool", "pki", "Set how the world's certificate pool behaves.", pool, (_SWITCH,),
         "switch"),
    Step("est", "pki", "Set how the world's EST behaves.", est, (_SWITCH,), "switch"),
    Step("forget_statuses", "pki", "Let the CPO forget what OCSP responders have said.",
         forget_statuses),
    Step("pnc", "pki", "Let the CPO switch Plug & Charge at a station.", pnc,
         (STATION, _ENABLED, _OF_EVSE)),
    Step("install_certificate", "pki", "Let the CPO install a root at a station.",
         install_certificate, (STATION, _ROOT, _PEM)),
    Step("delete_certificate", "pki", "Let the CPO delete a station's certificates of a kind.",
         delete_certificate, (STATION, _ANY)),
    Step("installed_certificates", "pki", "Let the CPO ask which kinds a station has.",
         installed_certificates, (STATION,), "station"),
    Step("trigger_sign", "pki", "Let the CPO trigger a signing request.", trigger_sign,
         (STATION, _MESSAGE), "station"),
)
# fmt: on
