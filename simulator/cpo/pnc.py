"""Contracts at stations: the chain is verified, then the EMAID becomes a question to its eMSP.

Rule: OCPP 2.0.1, use case C07, from the CSMS's side. A certificate is verified up to the roots that
we were given, and of each certificate below the root its responder is asked; where the station has
verified signatures and dates itself, it sends hashes, and only the responders are asked. Hashes do
not tell whose certificate they are of: whether it is the EMAID's can then not be checked here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from cryptography.x509 import Certificate

from simulator.cpo import contract
from simulator.cpo.authorize import CONTRACT, TOKEN_TYPES, Decision
from simulator.cpo.common import ACTOR, Common
from simulator.cpo.config import PncSettings
from simulator.cpo.contract import CAR_WAITS_LONGEST_S, Answer, Chain, Finding
from simulator.cpo.counter import Counter
from simulator.cpo.store import emaid_key
from simulator.pki.certificates import (
    PkiError,
    common_name,
    described,
    hash_data,
    ocsp_url,
    read_chain,
)
from simulator.pki.emaid import contract_key, parse_emaid
from simulator.pki.ocsp import OcspStatus, OcspVerdict
from simulator.pki.path import MOST_CERTIFICATES, Purpose, Reason, validate

HASH_ALGORITHMS = ("SHA256", "SHA384", "SHA512")  # HashAlgorithmEnumType
_OF_STATUS: Mapping[OcspStatus, Chain] = {
    OcspStatus.GOOD: Chain.VALID,
    OcspStatus.REVOKED: Chain.REVOKED,
    OcspStatus.UNKNOWN: Chain.UNVERIFIED,
}


class Responders(Protocol):
    """Who asks OCSP responders, checks what they say, and remembers it."""

    def ask(
        self,
        hash_data: Mapping[str, Any],
        responder_url: str,
        issuer: Certificate | None,
        roots: Sequence[Certificate],
        timeout_s: float,
    ) -> Awaitable[OcspVerdict]:
        """The status of a certificate. Raises nothing."""


class Shown(NamedTuple):
    """What a station shows of a contract; hashes are OCSPRequestDataType."""

    emaid: str
    certificate: str | None = None
    hashes: Sequence[Mapping[str, Any]] = ()

    @property
    def way(self) -> str:
        """By what it is verified: certificates go before hashes (errata 2023-12, 2.14.1)."""
        return "certificate" if self.certificate else "hashes" if self.hashes else "nothing"


def shown_in(asked: Mapping[str, Any]) -> Shown:
    """What an AuthorizeRequest shows of a contract; 1.6's has the same fields. Raises KeyError."""
    hashes = asked.get("iso15118CertificateHashData") or ()
    return Shown(asked["idToken"]["idToken"], asked.get("certificate"), tuple(hashes))


class Pnc:
    """The counter where contracts are shown. Raises PkiError for roots that cannot be read."""

    def __init__(self, common: Common, counter: Counter, responders: Responders) -> None:
        self.settings = common.config.pnc
        self._clock = common.clock
        self._journal = common.journal
        self._book = common.book
        self._counter = counter
        self._responders = responders
        settings = self.settings or PncSettings()
        self._options = settings
        texts = (*settings.mo_roots, *settings.v2g_roots)
        self._roots = [root for text in texts for root in read_chain(text, "root certificates")]
        # Sub-CAs, told or met in a chain that held, by what hashes name them by.
        self._authorities: dict[tuple[str, str], Certificate] = {}
        for text in settings.authorities:
            self._learn(read_chain(text, "authorities"))

    def concerns(self, shown: Shown) -> bool:
        """True for what must be verified; without Plug & Charge a mere EMAID is like a card."""
        return self.settings is not None or shown.way != "nothing"

    def is_contract(self, tag: str) -> bool:
        """True if a mere tag, as 1.6 has them, means a contract: one without its certificate."""
        if self.settings is None or emaid_key(tag) is None:
            return False
        known = self._book.tokens.find(tag, TOKEN_TYPES[None])
        return known is not None and known.token["type"] in TOKEN_TYPES[CONTRACT]

    async def authorize(
        self, station_id: str, shown: Shown, session: str | None
    ) -> tuple[Answer, Decision]:
        """Decide about a contract shown at a station; what is decided is kept, as for a card."""
        began = self._clock.monotonic()
        checked: list[Mapping[str, Any]] = []
        finding = await self._examine(station_id, shown, checked)
        verified_s = self._clock.monotonic() - began
        if finding.valid:
            decision = await self._counter.show(
                station_id,
                shown.emaid,
                id_type=CONTRACT,
                session=session,
                within_s=max(0.0, CAR_WAITS_LONGEST_S - verified_s),
            )
        else:
            decision = contract.refusal(shown.emaid, finding, self._clock.now())
            self._counter.refuse(station_id, decision, session)
        answer = contract.answer(finding, decision)
        if shown.way == "nothing":  # of a chain that was not shown there is nothing to say
            answer = answer._replace(certificate_status=None)
        elapsed_s = self._clock.monotonic() - began
        self._journal.event(
            ACTOR,
            "pnc.authorized",
            peer=f"station/{station_id}",
            session=session,
            emaid=shown.emaid,
            by=shown.way,
            chain=finding.chain.value,
            detail=finding.detail,
            certificates=_certificates(shown),
            ocsp=checked,
            emaid_checked=shown.way == "certificate",
            check_digit=_check_digit(shown.emaid),
            token=decision.token["uid"] if decision.token else None,
            certificate_status=answer.certificate_status,
            status=answer.status,
            verified_s=round(verified_s, 3),
            elapsed_s=round(elapsed_s, 3),
            over_budget=contract.over_budget(elapsed_s),
        )
        return answer, decision

    # The chain

    async def _examine(
        self, station_id: str, shown: Shown, checked: list[Mapping[str, Any]]
    ) -> Finding:
        """Judge the chain; `checked` takes what each responder said."""
        if self.settings is None:
            return Finding(Chain.UNVERIFIED, "Plug & Charge is not set up here")
        if shown.certificate:
            return await self._by_certificate(shown.emaid, shown.certificate, checked)
        if shown.hashes:
            return await self._ask_all(
                [(row, self._authority(row)) for row in shown.hashes], checked
            )
        granted = self._book.tokens.granted(station_id, shown.emaid, self._clock.now())
        by_command = granted is not None and granted.method == "COMMAND"
        if by_command or self._options.without_certificate == "ask":
            return Finding(Chain.VALID, "no certificate was shown, and none is asked for")
        return Finding(Chain.UNVERIFIED, "neither a certificate nor its hashes were shown")

    async def _by_certificate(
        self, emaid: str, text: str, checked: list[Mapping[str, Any]]
    ) -> Finding:
        try:
            chain = read_chain(text)
        except PkiError as error:
            return Finding(Chain.UNVERIFIED, str(error))
        if chain and contract_key(common_name(chain[0])) != contract_key(emaid):
            name = common_name(chain[0])
            return Finding(Chain.UNVERIFIED, f"the certificate is of '{name}', not of '{emaid}'")
        verdict = validate(chain, self._roots, self._clock.now(), purpose=Purpose.CONTRACT)
        if not verdict.ok:
            found = Chain.EXPIRED if verdict.reason is Reason.EXPIRED else Chain.UNVERIFIED
            return Finding(found, f"{verdict.reason}: {verdict.detail}")
        self._learn(verdict.path[1:-1])
        asked = []
        for certificate, issuer in pairwise(verdict.path):
            row = hash_data(certificate, issuer)
            if (url := ocsp_url(certificate)) is not None:
                row["responderURL"] = url
            asked.append((row, issuer))
        return await self._ask_all(asked, checked)

    def _learn(self, authorities: Sequence[Certificate]) -> None:
        for authority in authorities:
            for algorithm in HASH_ALGORITHMS:
                self._authorities[_named(hash_data(authority, authority, algorithm))] = authority

    def _authority(self, row: Mapping[str, Any]) -> Certificate | None:
        """The issuer that hash data name, if we know it and it is valid."""
        found, now = self._authorities.get(_named(row)), self._clock.now()
        if found is None or not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            return None
        return found

    async def _ask_all(
        self,
        asked: Sequence[tuple[Mapping[str, Any], Certificate | None]],
        checked: list[Mapping[str, Any]],
    ) -> Finding:
        """Ask about all certificates at once."""
        verdicts = await asyncio.gather(*(self._ask(row, issuer) for row, issuer in asked))
        findings = []
        for (row, _), verdict in zip(asked, verdicts, strict=True):
            serial, status = row["serialNumber"], verdict.status.value
            told = {"serial": serial, "status": status, "detail": verdict.detail}
            checked.append({**told, "cached": verdict.cached})
            findings.append(self._found(serial, verdict))
        return contract.worst(findings)

    async def _ask(self, row: Mapping[str, Any], issuer: Certificate | None) -> OcspVerdict:
        url = row.get("responderURL") or self._options.ocsp_url
        if url is None:
            return OcspVerdict(OcspStatus.UNUSABLE, "the certificate names no responder")
        timeout_s = min(self._options.ocsp_timeout_s, CAR_WAITS_LONGEST_S)
        return await self._responders.ask(row, url, issuer, self._roots, timeout_s)

    def _found(self, serial: str, verdict: OcspVerdict) -> Finding:
        detail = f"certificate {serial}: {verdict.detail}"
        if verdict.status is not OcspStatus.UNUSABLE:
            return Finding(_OF_STATUS[verdict.status], detail)
        if self._options.without_ocsp == "accept":
            return Finding(Chain.VALID, f"{detail}; taken as good, as set")
        return Finding(Chain.UNVERIFIED, detail)


def _certificates(shown: Shown) -> list[dict[str, str]]:
    """The certificates that were shown, leaf first; none of what cannot be read."""
    try:
        chain = read_chain(shown.certificate or "")
    except PkiError:
        return []
    return [described(one) for one in chain[:MOST_CERTIFICATES]]


def _named(row: Mapping[str, Any]) -> tuple[str, str]:
    """How hash data name an issuer's key."""
    return str(row["hashAlgorithm"]), str(row["issuerKeyHash"]).lower()


def _check_digit(emaid: str) -> str | None:
    """What is wrong with an EMAID's check digit: told, never a reason to refuse."""
    parsed = parse_emaid(emaid)
    if parsed is None:
        return "not an EMAID"
    if parsed.check_digit_is_wrong:
        return f"{parsed.check_digit} instead of {parsed.expected_check_digit}"
    return None
