"""A station's certificates: the roots it trusts, its own chains and keys, and what waits for a CA.

Rule: a change is kept as a whole or not at all: first by the keeper, where there is one, then here.
Private keys go in and are used; no answer, record or snapshot is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from simulator.kernel.chance import Chance
from simulator.pki.certificates import (
    PkiError,
    common_name,
    fingerprint,
    hash_data,
    is_issuer,
    read_certificate,
    read_chain,
)
from simulator.pki.keys import P256, PrivateKey
from simulator.pki.path import PathVerdict, Purpose, validate
from simulator.station.certificate_kinds import ROOTS, Refused, Signing, Use
from simulator.station.certificate_records import (
    Certificate,
    Held,
    Keeper,
    Own,
    Root,
    age,
    chain_ids,
    is_named,
    is_root,
)
from simulator.station.signing_request import (
    Pending,
    Subject,
    fresh_key,
    new_request,
    public_bytes,
)

ROOT_CHARACTERS = 5500  # InstallCertificateRequest, OCPP 2.0.1 part 2
_MOST_PENDING = 4
_LEAST_BITS_RSA, _LEAST_BITS_EC = 2048, 224  # A00.FR.502, A00.FR.503
# Under which roots, and as what, a certificate of the station's own must stand (A02.FR.06).
_HIERARCHIES: dict[Signing, tuple[tuple[Use, Purpose], ...]] = {
    Signing.V2G: ((Use.V2G_ROOT, Purpose.SECC),),
    Signing.STATION: ((Use.CSMS_ROOT, Purpose.CHARGING_STATION),),
    Signing.COMBINED: (
        (Use.V2G_ROOT, Purpose.SECC),
        (Use.CSMS_ROOT, Purpose.CHARGING_STATION),
    ),
}


@dataclass(frozen=True, slots=True)
class Status:
    """What the CSMS brought of a certificate's OCSP status (M06): `result` is the base64 of the DER
    response, None where it could not be had. It says nothing of the certificate by itself.
    """

    at: datetime
    result: str | None


@dataclass(slots=True)
class Asked:
    """How often a signature was asked for, when last, and whether to go on asking."""

    times: int = 0
    at: datetime | None = None
    over: bool = False


class CertificateStore:
    """The certificates of one station."""

    __slots__ = ("_held", "_keeper", "asked", "statuses")

    def __init__(self, held: Held | None = None, keeper: Keeper | None = None) -> None:
        self._held = held or Held()
        self._keeper = keeper
        self.asked: dict[Signing, Asked] = {}
        self.statuses: dict[str, Status] = {}  # by fingerprint

    def _commit(self, held: Held) -> None:
        if self._keeper is not None:
            try:
                self._keeper.save(held)
            except OSError as error:
                raise Refused("OutOfStorage", f"cannot be kept: {error}", "Failed") from error
        self._held = held
        alive = {fingerprint(each) for own in held.own for each in own.chain}
        self.statuses = {key: kept for key, kept in self.statuses.items() if key in alive}

    # What there is

    @property
    def entries(self) -> int:
        """How many are installed: each root, and each certificate of its own with its chain."""
        return len(self._held.roots) + len(self._held.own)

    def roots(self, *uses: Use) -> list[Certificate]:
        """The trust anchors for these purposes, the earliest first."""
        found = [root.certificate for root in self._held.roots if root.use in uses]
        return sorted(found, key=age)

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The requests that no certificate has answered, the oldest first."""
        return self._held.pending

    @property
    def own(self) -> tuple[Own, ...]:
        """The station's own certificates."""
        return self._held.own

    def v2g_chain(self, now: datetime) -> Own | None:
        """What cars are shown: the newest valid one, by the start of validity (A02.FR.15)."""
        return self._newest(now, lambda signing: signing.for_cars)

    def station_certificate(self, now: datetime) -> Own | None:
        """What the CSMS is shown: the newest valid one (A02.FR.09)."""
        return self._newest(now, lambda signing: signing.for_csms)

    def _newest(self, now: datetime, serves: Callable[[Signing], bool]) -> Own | None:
        fit = [own for own in self._held.own if serves(own.signing) and own.valid(now)]
        return max(fit, key=lambda own: age(own.leaf), default=None)

    def usable(self, now: datetime) -> bool:
        """A chain is there that a car could verify now."""
        return self.v2g_chain(now) is not None

    def latest(self, signing: Signing) -> Own | None:
        """The newest of one kind, valid or not."""
        same = [own for own in self._held.own if own.signing is signing]
        return max(same, key=lambda own: age(own.leaf), default=None)

    def ids(self, uses: Iterable[Use]) -> list[dict[str, Any]]:
        """CertificateHashDataChainType of all that is installed for these purposes (M03). Sub-CAs
        hang below their leaf.
        """
        wanted = set(uses)
        found: list[dict[str, Any]] = [
            {"certificateType": use.value, "certificateHashData": hash_data(root, root)}
            for use in ROOTS
            if use in wanted
            for root in self.roots(use)
        ]
        chains = [own for own in self._held.own if own.signing.for_cars]
        if Use.V2G_CHAIN in wanted:
            found += [chain_ids(own) for own in sorted(chains, key=lambda own: age(own.leaf))]
        return found

    # Changes by the CSMS

    def install(self, use: Use, text: str, now: datetime, limit: int) -> Certificate:
        """Install a root, or replace it by itself (M05). Raises Refused."""
        certificate = _read_root(text, now)
        root = Root(use, certificate)
        rest = tuple(each for each in self._held.roots if each != root)
        if root not in self._held.roots and self.entries >= limit:
            raise Refused("OutOfStorage", f"there is room for {limit} certificates")
        self._commit(replace(self._held, roots=(*rest, root)))
        return certificate

    def delete(
        self, wanted: dict[str, Any], uses: Iterable[Use], *, keep_last: bool = False
    ) -> None:
        """Delete what this CertificateHashDataType names (M04). Raises Refused, with the status.

        With a chain's leaf or sub-CA the whole chain goes (M04.FR.08); what the CSMS is shown stays
        (M04.FR.06); `keep_last` keeps the last root of each purpose (M04.FR.03).
        """
        allowed = set(uses)
        own = tuple(
            each
            for each in self._held.own
            if _is_within(each.signing, allowed)
            and any(is_named(one, issuer, wanted) for one, issuer in each.issued)
        )
        if any(each.signing.for_csms for each in own):
            raise Refused("ReadOnly", "it is the charging station's certificate", "Failed")
        roots = tuple(
            root
            for root in self._held.roots
            if root.use in allowed and is_named(root.certificate, root.certificate, wanted)
        )
        if not own and not roots:
            raise Refused("NotFound", "no such certificate is installed", "NotFound")
        left = tuple(root for root in self._held.roots if root not in roots)
        if keep_last and {root.use for root in roots} - {root.use for root in left}:
            raise Refused("ReadOnly", "it is the last one of its type", "Failed")
        rest = tuple(each for each in self._held.own if each not in own)
        self._commit(replace(self._held, roots=left, own=rest))

    # The station's own certificates

    def request(
        self, signing: Signing, subject: Subject, chance: Chance, algorithm: str = P256
    ) -> Pending:
        """Make a key pair and a request for its certificate. Raises Refused."""
        known = {public_bytes(own.leaf.public_key()) for own in self._held.own}
        known |= {public_bytes(each.key.public_key()) for each in self._held.pending}
        number = 1 + max((each.number for each in self._held.pending), default=0)
        request = new_request(signing, subject, fresh_key(chance, known, algorithm))
        pending = replace(request, number=number)
        waiting = (*self._held.pending, pending)[-_MOST_PENDING:]
        self._commit(replace(self._held, pending=waiting))
        return pending

    def waiting(self, signing: Signing) -> Pending | None:
        """The newest request of one kind."""
        same = [each for each in self._held.pending if each.signing is signing]
        return same[-1] if same else None

    def signed(self, text: str, said: Signing | None, now: datetime, limit: int) -> Own:
        """Take the certificate that a request has led to (A02.FR.06). Raises Refused.

        `said` is the type that came along, if any: the key alone tells which request it answers. A
        second certificate for the same key replaces the first: the request may have been sent more
        than once (A02.FR.17).
        """
        chain = _read_chain(text, limit)
        signing, key = self._asked_for(chain[0], said)
        verdict = self._judge(chain, signing, now)
        if not verdict.ok:
            raise Refused("InvalidCertificate", f"{verdict.reason}: {verdict.detail}")
        own = Own(signing, verdict.path[:-1], verdict.path[-1], key)
        self._commit(self._with(own, now))
        return own

    def stop_asking(self, said: Signing | None) -> None:
        """Send no request again by itself, of this type or of any (A02.FR.20)."""
        for signing, asked in self.asked.items():
            asked.over = asked.over or said in (None, signing)

    def _asked_for(self, leaf: Certificate, said: Signing | None) -> tuple[Signing, PrivateKey]:
        key = public_bytes(leaf.public_key())
        asked = [(each.signing, each.key) for each in reversed(self._held.pending)]
        asked += [(own.signing, own.key) for own in self._held.own]
        for signing, private in asked:
            if public_bytes(private.public_key()) != key:
                continue
            if said in (None, signing) or signing is Signing.COMBINED:
                return signing, private
            raise Refused("InvalidCertificate", f"its request was for a {signing.value}")
        raise Refused("InvalidCertificate", "its key is not that of any request of this station")

    def _judge(self, chain: Sequence[Certificate], signing: Signing, now: datetime) -> PathVerdict:
        verdicts = [
            validate(chain, self.roots(use), now, purpose=purpose)
            for use, purpose in _HIERARCHIES[signing]
        ]
        return next((verdict for verdict in verdicts if verdict.ok), verdicts[0])

    def _with(self, own: Own, now: datetime) -> Held:
        """All with a new certificate; of those it follows the newest stays while it is valid, to
        fall back on.
        """
        same = [each for each in self._held.own if each.signing is own.signing]
        former = [each for each in same if each.key is not own.key and each.valid(now)]
        kept = max(former, key=lambda each: age(each.leaf), default=None)
        others = tuple(each for each in self._held.own if each not in same)
        news = (own,) if kept is None else (kept, own)
        pending = self._held.pending
        answered = [n for n, each in enumerate(pending) if each.key is own.key]
        last = answered[0] if answered else -1
        waiting = tuple(
            each for n, each in enumerate(pending) if n > last or each.signing is not own.signing
        )
        return replace(self._held, own=others + news, pending=waiting)


def _is_within(signing: Signing, uses: Iterable[Use]) -> bool:
    """Who has to do with these types has to do with such a certificate."""
    cars, csms = Use.V2G_CHAIN in uses, Use.CSMS_ROOT in uses
    return (signing.for_cars and cars) or (signing.for_csms and csms)


def _read_root(text: str, now: datetime) -> Certificate:
    """One root certificate that may be trusted from now on. Raises Refused."""
    if len(text) > ROOT_CHARACTERS:
        raise Refused("TooLargeElement", f"longer than {ROOT_CHARACTERS} characters")
    try:
        certificate = read_certificate(text)
    except PkiError as error:
        raise Refused("InvalidCertificate", str(error)) from error
    problem = _root_problem(certificate, now)
    if problem is not None:
        raise Refused("InvalidCertificate", f"{common_name(certificate)}: {problem}")
    return certificate


def _root_problem(certificate: Certificate, now: datetime) -> str | None:
    if not is_root(certificate) or not is_issuer(certificate, certificate):
        return "not a root: it has not signed itself"
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return "not an authority: without basic constraints"
    if not basic.ca:
        return "not an authority"
    key = certificate.public_key()
    small = isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_BITS_RSA
    if small or (isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _LEAST_BITS_EC):
        return "its key is too short"
    if now > certificate.not_valid_after_utc:
        return "expired"
    if now < certificate.not_valid_before_utc:
        return "not yet valid"
    return None


def _read_chain(text: str, limit: int) -> list[Certificate]:
    """A chain as CertificateSigned brings it: leaf first, without root. Raises Refused."""
    if len(text) > limit:
        raise Refused("TooLargeElement", f"longer than MaxCertificateChainSize, {limit}")
    try:
        chain = read_chain(text)
    except PkiError as error:
        raise Refused("InvalidCertificate", str(error)) from error
    if any(is_root(each) for each in chain):
        raise Refused("InvalidCertificate", "a root does not belong into the chain")
    return chain
