"""Plug & Charge for people: a session's contract from plug to verdict, and how an EVSE stands.

Rule: read from what the journal tells of a session, and from snapshots; no key is in either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

from simulator.kernel.journal import Record
from simulator.pki.emaid import parse_emaid
from simulator.tui.contract_names import Named, names
from simulator.tui.engine import Snapshot
from simulator.tui.paint import Painter

Data = Mapping[str, Any]
# What a station decides by (docs/plug-and-charge.md, "At the plug"), in words.
WHY: Mapping[str, str] = {
    "local": "the station verified the chain itself and showed hashes",
    "local_no_responder": "the chain holds; a certificate names no responder, so it showed them",
    "local_and_central": "the chain holds; it showed certificates and hashes",
    "central": "the station lacks the root, and left the chain to the CPO",
    "local_expired": "the station found it expired, and asked nobody",
    "local_not_valid": "the station found the chain bad, and asked nobody",
    "local_no_root": "no root of the station's issued it, and it may not leave that to the CPO",
    "offline_not_allowed": "the station was offline, and may not decide alone",
    "offline_expired": "offline, the station found it expired",
    "offline_not_valid": "offline, the station found the chain bad",
    "offline_no_root": "offline, and no root of the station's issued it",
    "offline_cache": "offline, by what the station remembers of the contract",
    "offline_local_not_allowed": "offline, it remembers it and may not start by that",
    "offline_unknown": "offline, the contract is unknown to it",
}
_GOOD, _BAD = "good", "bad"
_MARKS = {_GOOD: "✓", _BAD: "✗", "warn": "?"}
# What a CPO finds of a chain only if it leads to a root of its own.
_ROOTED = ("valid", "revoked", "expired")


@dataclass(slots=True)
class Story:
    """A session's contract: the last event of each kind, and by what names it went."""

    events: dict[str, Data] = field(default_factory=dict)
    at: str = ""  # when the chain was looked at
    named: list[Named] = field(default_factory=list)

    def of(self, what: str) -> Data:
        """What an event told; nothing of one that did not happen."""
        return self.events.get(what, {})

    @property
    def emaid(self) -> str | None:
        """The contract, as its certificate spells it, else as the car does."""
        told = ("pnc.examined", "pnc.authorized", "pnc.installed", "pnc.began")
        return next((e for what in told if (e := self.of(what).get("emaid"))), None)

    @property
    def refused(self) -> bool:
        """It was not charged by."""
        return not {"pnc.refused", "pnc.not_offered"}.isdisjoint(self.events)

    @property
    def certificates(self) -> Sequence[Data]:
        """From the contract's own upwards, as the station saw them, else as the CPO did."""
        for what in ("pnc.examined", "pnc.authorized"):
            if found := self.of(what).get("certificates"):
                return list(found)
        return ()


def story(records: Iterable[Record]) -> Story | None:
    """What the records of a session tell of a contract; None where none was shown."""
    told, every = Story(), list(records)
    for record in every:
        if record["leg"] != "event":
            continue
        if record["what"].startswith("pnc.") or record["what"] == "authorization.decided":
            told.events[record["what"]] = record["data"]
            if record["what"] in ("pnc.examined", "pnc.authorized"):
                told.at = told.at or record["at"]
    if not any(what.startswith("pnc.") for what in told.events):
        return None
    told.named = names(every)
    return told


def tell(paint: Painter, records: Iterable[Record], width: int) -> None:
    """All of it, where a contract was shown."""
    told = story(records)
    if told is None:
        return
    paint.title("Plug & Charge", _BAD if told.refused else "accent")
    _contract(paint, told)
    if told.refused:
        _why(paint, told, width)
    _chain(paint, told, width)
    _checked(paint, told, width)
    if told.named:
        paint.title("What each protocol called it")
        for one in told.named:
            paint.line((f"{one.wire:<11}", "quiet"), (one.what, "accent"))
            _wrapped(paint, one.named, width, 11)
            if one.answer:
                _wrapped(paint, f"→ {one.answer}", width, 11, "quiet")


def _wrapped(paint: Painter, text: str, width: int, indent: int = 0, tone: str = "") -> None:
    for part in wrap(text, max(24, width - indent)):
        paint.line(" " * indent, (part, tone))


def spellings(emaid: str | None) -> list[tuple[str, str | None]]:
    """A contract as it is written, with dashes, and as it is compared."""
    if emaid is None:
        return [("contract", "the car has none")]
    parsed = parse_emaid(emaid)
    if parsed is None:
        return [("contract", f"{emaid}: not an EMAID")]
    dashed = parsed.dashed()
    return [("contract", emaid), ("with dashes", None if dashed == emaid else dashed),
            ("compared as", parsed.key)]  # fmt: skip


def _contract(paint: Painter, told: Story) -> None:
    tls, began = told.of("pnc.tls"), told.of("pnc.began")
    how = f"ISO 15118-{began['iso15118']}" if began.get("iso15118") else None
    if tls:
        how = f"{how}, {tls.get('protocol') or 'without TLS'}; EXI is not spoken"
    installed = told.of("pnc.installed")
    asked = told.of("pnc.installation").get("action")
    paint.facts([
        *spellings(told.emaid),
        ("check digit", told.of("pnc.authorized").get("check_digit")),
        ("car, station", how),
        ("installed", f"{asked}: until {installed['valid_until'][:10]}" if installed else None),
        ("not installed", told.of("pnc.not_installed").get("why")),
    ])  # fmt: skip


def _why(paint: Painter, told: Story, width: int) -> None:
    """Each side's reason, the nearest to the car first."""
    paint.title("Why it was refused", _BAD)
    refused = told.of("pnc.refused") or told.of("pnc.not_offered")
    why = str(refused.get("why", ""))
    status = [refused.get("certificate_status"), refused.get("status")]
    statuses = ", ".join(str(one) for one in status if one)
    _wrapped(paint, f"station: {WHY.get(why, why)}" + (f" ({statuses})" if statuses else ""), width)
    detail = told.of("pnc.examined").get("detail")
    if detail:
        _wrapped(paint, f"chain: {detail}", width)
    authorized, decided = told.of("pnc.authorized"), told.of("authorization.decided")
    if authorized and authorized.get("chain") != "valid":
        _wrapped(paint, f"CPO: certificate {authorized['chain']}: {authorized['detail']}", width)
    elif decided and decided.get("verdict") != "ALLOWED":
        _wrapped(paint, f"CPO: {decided.get('why') or decided['verdict']}", width)


def _chain(paint: Painter, told: Story, width: int) -> None:
    """Certificate by certificate, with its period and what its responder said."""
    path = told.certificates
    if not path:
        return
    paint.title("Certificates, up to the root")
    said = {one["serial"]: one for one in told.of("pnc.authorized").get("ocsp", ())}
    rooted = bool(told.of("pnc.examined").get("rooted"))
    for number, one in enumerate(path):
        root = rooted and number == len(path) - 1
        words, tone = _standing(one, said.get(one["serial"]), told.at, root=root)
        paint.line((f"{_MARKS.get(tone, '·')} ", tone), one["subject"])
        period = f"{one['not_before'][:10]} to {one['not_after'][:10]}"
        _wrapped(paint, f"by {_name(one['issuer'])}, {period}: {words}", width, 2, tone)
    if not rooted:
        known = told.of("pnc.authorized").get("chain") in _ROOTED
        words = "a root that the CPO trusts" if known else "no root that anybody here trusts"
        above = _name(path[-1]["issuer"])
        paint.line((f"{'✓' if known else '✗'} ", _GOOD if known else _BAD), f"{above}: {words}")


def _name(distinguished: str) -> str:
    """The common name in a name as RFC 4514 writes it."""
    return next((p[3:] for p in distinguished.split(",") if p.startswith("CN=")), distinguished)


def _standing(one: Data, said: Data | None, at: str, *, root: bool) -> tuple[str, str]:
    """A certificate's state in words, and their tone."""
    if at and not one["not_before"] <= at <= one["not_after"]:
        return ("expired" if at > one["not_after"] else "not valid yet"), _BAD
    if root:
        return "a root that the station trusts", _GOOD
    if said is None:
        return "no OCSP responder was asked", ""
    cached = ", as remembered" if said["cached"] else ""
    detail = "" if said["detail"] == said["status"] else f": {said['detail']}"
    tone = {"good": _GOOD, "unusable": "warn"}.get(said["status"], _BAD)
    return f"OCSP {said['status']}{detail}{cached}", tone


def _checked(paint: Painter, told: Story, width: int) -> None:
    """Who looked at what."""
    examined, authorized = told.of("pnc.examined"), told.of("pnc.authorized")
    if not (examined or authorized or told.of("pnc.tls")):
        return
    paint.title("Who checked")
    for text in _car(told):
        _wrapped(paint, text, width)
    if examined:
        where = "" if examined.get("online") else ", offline"
        why = WHY.get(examined["why"], examined["why"])
        did = f"; it {examined['do']}s it" if examined["do"] in ("accept", "refuse") else ""
        _wrapped(paint, f"station{where}: chain {examined['chain']}; {why}{did}", width)
    if not authorized:
        paint.line(("CPO: it was not asked about the chain", "quiet"))
        return
    unsaid = any(one["status"] == "unusable" for one in authorized["ocsp"])
    taken = ", no word of a responder needed, as set" if unsaid else ""
    found = f"chain {authorized['chain']}" + (taken if authorized["chain"] == "valid" else "")
    _wrapped(paint, f"CPO, by {authorized['by']}: {found}", width)
    if not authorized["emaid_checked"]:
        _wrapped(paint, "that the certificate is the contract's own is the station's word", width,
                 5, "quiet")  # fmt: skip
    late = authorized.get("over_budget")
    took = f"it took {authorized['elapsed_s']} s"
    paint.line("     ", (f"{took}, over the car's {late}" if late else took,
                         "bad" if late else "quiet"))  # fmt: skip


def _car(told: Story) -> Iterator[str]:
    """What car and station made of each other, and how long the car waited."""
    if tls := told.of("pnc.tls"):
        outcome = tls["refused"] or f"trusted, {tls['certificates']} certificates"
        yield f"car: the station's {tls['leaf']}: {outcome}"
    if challenge := told.of("pnc.challenge"):
        yield f"station: the car's proof of its key: {challenge['refused'] or 'good'}"
    if waiting := told.of("pnc.waiting"):
        yield f"car: it waits longer than {waiting['after_s']:g} s, for the station asks it to"
    if late := told.of("pnc.timed_out"):
        yield f"car: it gave up after {late['after_s']:g} s"
    if "pnc.answered_late" in told.events:
        yield "the answer came too late, and nobody acted upon it"


# An EVSE


def evse(paint: Painter, now: Snapshot) -> None:
    """The contract of the car that is plugged in, and how far Plug & Charge has come."""
    contract, pnc = now.get("contract"), now["pnc"]
    if contract is not None:
        paint.facts(spellings(contract["emaid"]), 11)
        paint.line((f"  {contract['subject']}", "quiet"))
        paint.line((f"  by {contract['issuer']}, {contract['not_before'][:10]} to "
                    f"{contract['not_after'][:10]}", "quiet"))  # fmt: skip
    if not pnc:
        return
    tone = {"accepted": _GOOD, "refused": _BAD, "not offered": "warn"}.get(pnc["state"], "accent")
    paint.line(("Plug & Charge ", "accent"), (pnc["state"], tone))
    why = pnc["why"]
    paint.facts([
        ("edition", f"ISO 15118-{pnc['iso15118']}" if pnc["iso15118"] else None),
        ("TLS", pnc["tls"]), ("installed", "here and now" if pnc["installed"] else None),
        ("chain", pnc["chain"]), ("shown", pnc["shown"]), ("why", WHY.get(why, why)),
        ("certificate", pnc["certificate_status"]), ("status", pnc["status"]),
        ("OCPP says", pnc["ocpp"]),
    ], 11)  # fmt: skip


_NEXT: Mapping[str, str] = {
    "began": "car and station to get to know each other",
    "asking": "what the CSMS says",
    "accepted": "the transaction to begin",
}


def waits(now: Snapshot) -> str | None:
    """What an EVSE waits for; None where energy flows, or nothing is begun."""
    if now["state"] in ("authorized", "absent", "detached"):
        return "the cable"
    if now["transaction"] is not None or now["car"] is None:
        return None
    if now["state"] == "finishing":
        return "the cable to be pulled"
    pnc = now["pnc"]
    return _NEXT.get(pnc["state"] if pnc else "", "a card or a remote start")
