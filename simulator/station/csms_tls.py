"""TLS from a station to its CSMS: whom it trusts, and which certificate it shows, each time anew.

Rule: the station's certificate store decides where it has what is needed, else the files that the
station was given. Both are looked at before each connection, so that what the CSMS installs or
renews serves the next one. A newer certificate that does not open the door gives way to the one
before it. Source: OCPP 2.0.1 part 2, A00 and A02; 1.6 security whitepaper.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

from simulator.kernel.clock import Clock
from simulator.pki.certificates import PkiError, is_issuer, pem, pem_chain, read_chain
from simulator.pki.keys import key_pem
from simulator.station.certificate_kinds import Signing, Use
from simulator.station.certificate_records import Certificate, age, is_root
from simulator.station.certificates import CertificateStore
from simulator.station.config import Delivered, StationConfig
from simulator.station.core import SecurityEvent
from simulator.wire.tls import Ca, Identity, Tls, TlsFiles, TlsPem, failure_of, in_words, pem_of

TLS, CLIENT_CERTIFICATE = 2, 3  # security profiles
# Nobody was there to judge a certificate.
_UNREACHED = (ConnectionRefusedError, TimeoutError, socket.gaierror)
# What OpenSSL calls it -> the security event (2.0.1 appendices, 1).
_EVENTS = (
    ("PROTOCOL", "InvalidTLSVersion"),
    ("CIPHER", "InvalidTLSCipherSuite"),
)
_INVALID = "InvalidCsmsCertificate"
_MOST_DELIVERED = 10  # a bundle of many CAs is no store of a station


class CsmsTls:
    """What one station trusts and shows, from power-on to power-off."""

    __slots__ = (
        "_cache",
        "_clock",
        "_config",
        "_event",
        "_secure",
        "_shown",
        "_store",
        "_told",
        "_turn",
    )

    def __init__(
        self,
        config: StationConfig,
        store: CertificateStore | None,
        *,
        clock: Clock,
        event: Callable[..., object],
        secure: Callable[[SecurityEvent], object],
        shown: Callable[[], Identity | None] = lambda: None,
    ) -> None:
        self._config = config
        self._store = store
        self._clock = clock
        self._event = event
        self._secure = secure
        self._shown = shown  # a fault's, in place of its own
        self._turn = 0  # which of its certificates, the newest first
        self._told = ""
        self._cache: tuple[Tls, ssl.SSLContext] | None = None

    def context(self) -> ssl.SSLContext | None:
        """For the next connection; None in plain text. Raises TlsError."""
        if self._config.profile < TLS:
            return None
        tls = Tls(self._identity(), self._ca())
        if self._cache is not None and self._cache[0] == tls:
            return self._cache[1]
        context = tls.client(self._clock)
        # Files are read anew each time: they may have been renewed.
        lasting = not isinstance(tls.identity, TlsFiles) and isinstance(tls.ca, str | None)
        self._cache = (tls, context) if lasting else None
        return context

    def connected(self) -> None:
        """It stands; the next one begins with the newest certificate again."""
        if self._turn:
            self._event("certificate.fell_back", age=self._turn)
        self._turn, self._told = 0, ""

    def failed(self, error: Exception) -> None:
        """There is none: tell why if it is for security's sake, and take the former certificate."""
        failure = failure_of(error)
        if failure is not None:
            self._tell(_kind(failure), in_words(failure))
        if not isinstance(error, _UNREACHED):
            self._turn = (self._turn + 1) % max(1, len(self._identities()))

    def _tell(self, kind: str | None, why: str) -> None:
        """Once for each cause, however often it is tried."""
        if kind is not None and why != self._told:
            self._told = why
            self._secure(SecurityEvent(kind, why))

    def _identity(self) -> Identity | None:
        if self._config.profile < CLIENT_CERTIFICATE:
            return None
        disguise = self._shown()
        if disguise is not None:
            return disguise
        known = self._identities()
        if not known:
            self._event("certificate.missing", type=Signing.STATION.value)
            return None
        return known[self._turn % len(known)]

    def _identities(self) -> list[Identity]:
        """The newest first (A02.FR.09)."""
        now = self._clock.now()
        held = () if self._store is None else self._store.own
        own = [each for each in held if each.signing.for_csms and each.valid(now)]
        own.sort(key=lambda each: age(each.leaf), reverse=True)
        shown: list[Identity] = [TlsPem(pem_chain(o.chain), key_pem(o.key)) for o in own]
        files = self._config.tls.identity
        return shown or ([] if files is None else [files])

    def _ca(self) -> Ca | None:
        roots = [] if self._store is None else self._store.roots(Use.CSMS_ROOT)
        return "".join(map(pem, roots)) if roots else self._config.tls.ca


def _kind(failure: ssl.SSLError) -> str | None:
    if isinstance(failure, ssl.SSLCertVerificationError):
        return _INVALID
    reason = str(failure.reason or "")
    return next((kind for part, kind in _EVENTS if part in reason), None)


def delivered(config: StationConfig) -> tuple[Delivered, ...]:
    """The files that a station is given for TLS, as what its store holds at delivery.

    What does not fit there stays where it is: a large bundle, authorities that are no roots, a
    certificate of an authority that the station does not know. Raises TlsError, PkiError.
    """
    if config.profile < TLS:
        return ()
    roots = _roots(config.tls.ca)
    parts = tuple(Delivered(Use.CSMS_ROOT.value, pem(root)) for root in roots)
    for part in config.certificates:
        if part.use == Use.CSMS_ROOT:
            roots += read_chain(part.pem, part.use)
    identity = config.tls.identity
    if identity is None or config.profile < CLIENT_CERTIFICATE:
        return parts
    texts = _texts(identity)
    chain = read_chain(texts.certificate, "client certificate")
    if not any(is_issuer(root, chain[-1]) for root in roots):
        return parts
    return (*parts, Delivered(Signing.STATION.value, texts.certificate, texts.key))


def _roots(ca: Ca | None) -> list[Certificate]:
    if ca is None:
        return []
    try:
        bundle = read_chain(pem_of(ca), str(ca) if not isinstance(ca, str) else "CA")
    except PkiError:
        return []  # too large, or not to be read: OpenSSL has the last word
    return [each for each in bundle if is_root(each)] if len(bundle) <= _MOST_DELIVERED else []


def _texts(identity: Identity) -> TlsPem:
    if isinstance(identity, TlsPem):
        return identity
    return TlsPem(pem_of(identity.certificate), pem_of(identity.key))
