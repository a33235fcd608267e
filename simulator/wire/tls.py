"""TLS for every link of a world: contexts from PEM files, and what went wrong in words.

Rule: who serves TLS names its certificate and key; who connects checks chain, name and dates. Dates
are those of the world's clock: a world of last January refuses a certificate of today. Nothing
falls back to plain text, and no check can be left out.
"""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from simulator.kernel.clock import Clock
from simulator.mistakes import Mistake

# OpenSSL looks at the machine's clock; with this flag it does not, and we look at the world's
# (X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h).
_NO_CHECK_TIME = 0x200000
# How long (the loop's seconds) a server lets a client take to agree upon TLS, and a moment more.
HANDSHAKE_TIMEOUT_S = 10.0
_PEM_ENDS = "-----END CERTIFICATE-----\n"
_WATCHED_S = HANDSHAKE_TIMEOUT_S + 1
_WAITING = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
Refused = Callable[[str], None]


class TlsError(Mistake):
    """Certificate, key or CA files that no TLS can be made of: the message names file and cause."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate with its chain (leaf first) and the key to it, both PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class TlsPem:
    """The same as texts: a certificate that stands in no file."""

    certificate: str
    key: str = field(repr=False)


Identity = TlsFiles | TlsPem
Ca = Path | str
"""Trusted certificates: a file of them, or the PEM text itself."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What an actor has for TLS: its own certificate, and the CA that it trusts (PEM).

    Without an identity its servers speak plain text; without a CA its clients trust what this
    machine does. `mutual`: who connects must show a certificate of the CA.
    """

    identity: Identity | None = None
    ca: Ca | None = None
    mutual: bool = False

    def server(
        self, clock: Clock, refused: Refused | None = None, *, ask_clients: bool = False
    ) -> ssl.SSLContext | None:
        """For the actor's servers: None where it has no certificate. Raises TlsError.

        With `ask_clients` a client may show a certificate of the CA.
        """
        if self.identity is None:
            return None
        if self.mutual and self.ca is None:
            raise TlsError("client certificates are demanded, and there is no CA to know them by")
        client_ca = self.ca if ask_clients or self.mutual else None
        context = server_context(self.identity, clock, client_ca=client_ca, refused=refused)
        if self.mutual:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self, clock: Clock, refused: Refused | None = None) -> ssl.SSLContext:
        """For the actor's clients. Raises TlsError."""
        return client_context(clock, ca=self.ca, identity=self.identity, refused=refused)


NO_TLS = Tls()

_BROKEN_OFF = (
    "the client broke off the handshake, or said nothing: it may not trust our certificate"
)

# A server that refuses a client certificate closes before its alert is out (asyncio does not flush
# it), so that nobody tells the client more than that.
MAYBE_OUR_CERTIFICATE = " (over TLS: the server may want another client certificate, or any at all)"


def server_context(
    files: Identity, clock: Clock, *, client_ca: Ca | None = None, refused: Refused | None = None
) -> ssl.SSLContext:
    """TLS 1.2 or newer for a server; with `client_ca`, clients may show a certificate of it.

    Whether a client must have one is decided by who knows the client. `refused` is told why a
    handshake failed. Raises TlsError.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, clock, refused)
    _load_identity(context, files)
    if client_ca is not None:
        _load_ca(context, client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def client_context(
    clock: Clock,
    *,
    ca: Ca | None = None,
    identity: Identity | None = None,
    refused: Refused | None = None,
) -> ssl.SSLContext:
    """TLS 1.2 or newer for a client that trusts `ca`, else what this machine trusts.

    `identity` is what it shows to servers that ask. Raises TlsError.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, clock, refused)
    if ca is not None:
        _load_ca(context, ca)
    else:
        context.load_default_certs()
    if identity is not None:
        _load_identity(context, identity)
    return context


def pinned_context(shown: TlsPem, identity: Identity | None = None) -> ssl.SSLContext:
    """For a client that knows the very certificate which a server will show, whatever is wrong with
    it: that one is taken, and no other. Raises TlsError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_flags |= _NO_CHECK_TIME | ssl.VERIFY_X509_PARTIAL_CHAIN
    leaf, end, _ = shown.certificate.partition(_PEM_ENDS)
    context.load_verify_locations(cadata=leaf + end)
    if identity is not None:
        _load_identity(context, identity)
    return context


def client_name(tls: ssl.SSLObject | None) -> str | None:
    """The common name of the certificate that a client has shown, None if it has shown none."""
    shown = tls.getpeercert(binary_form=True) if tls is not None else None
    if not shown:
        return None
    names = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(
        x509.NameOID.COMMON_NAME
    )
    return str(names[0].value) if names else ""


def failure_of(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS failure inside an error of another library, if one is its cause."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        # aiohttp keeps it in an attribute of its own, and gives itself the name of an SSLError.
        inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        error = inner or error.__cause__
    return next((each for each in reversed(seen) if isinstance(each, ssl.SSLError)), None)


def in_words(error: BaseException) -> str:
    """Why TLS failed, in a sentence; the library's own words where we have none."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or str(error.reason or error)
    if isinstance(error, ssl.SSLError):
        reason = str(error.reason or "")
        for part, words in _WORDS:
            if part in reason:
                return words
        return reason.replace("_", " ").lower() or str(error)
    return str(error) or type(error).__name__


# What OpenSSL calls it -> what it means to whoever reads a log.
_WORDS: tuple[tuple[str, str], ...] = (
    ("CERTIFICATE_REQUIRED", "the other side asks for a client certificate"),
    ("ALERT_UNKNOWN_CA", "the other side does not trust the CA of our certificate"),
    ("ALERT_CERTIFICATE_EXPIRED", "the other side finds our certificate expired"),
    ("ALERT_CERTIFICATE_REVOKED", "the other side finds our certificate revoked"),
    ("ALERT_BAD_CERTIFICATE", "the other side refuses our certificate"),
    ("ALERT_CERTIFICATE_UNKNOWN", "the other side refuses our certificate"),
    ("ALERT_ACCESS_DENIED", "the other side refuses our certificate"),
    ("WRONG_VERSION_NUMBER", "the other side does not speak TLS"),
    ("HTTP_REQUEST", "the other side speaks plain HTTP"),
    ("UNSUPPORTED_PROTOCOL", "no common version of TLS"),
    ("ALERT_PROTOCOL_VERSION", "no common version of TLS"),
    ("NO_SHARED_CIPHER", "no common cipher"),
    ("ALERT_HANDSHAKE_FAILURE", "the other side found nothing in common"),
)


class _Context(ssl.SSLContext):
    """A context that knows the world's clock and whom to tell of failures."""

    clock: Clock
    refused: Refused | None

    def __repr__(self) -> str:
        """In words: aiohttp tells it of a server that is not there, and that is written down."""
        return "with certificates"


class _Checked(ssl.SSLObject):
    """A TLS connection whose peer's certificates must be valid on the world's clock, too.

    Failures are told once: of the handshake, and of the alert that a TLS 1.3 server may send after
    it. A server is also told of a client that broke off, once its time is over: asyncio closes
    before the alert is out that would have said why.
    """

    _watch: asyncio.TimerHandle | None = None

    def do_handshake(self) -> None:
        self._begin_to_watch()
        try:
            super().do_handshake()
            _check_dates(self._peer_chain(), self.context.clock.now())  # type: ignore[attr-defined]
        except _WAITING:
            raise
        except ssl.SSLError as error:
            self._end_to_watch()
            self._tell(error)
            raise
        self._end_to_watch()

    def _begin_to_watch(self) -> None:
        refused = self.context.refused  # type: ignore[attr-defined]
        if self._watch is None and self.server_side and refused is not None:
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(_WATCHED_S, refused, _BROKEN_OFF)

    def _end_to_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def read(self, *arguments: Any) -> Any:
        try:
            return super().read(*arguments)
        except _WAITING:
            raise
        except ssl.SSLError as error:
            if not isinstance(error, ssl.SSLZeroReturnError):
                self._tell(error)
            raise

    def _tell(self, error: ssl.SSLError) -> None:
        refused = self.context.refused  # type: ignore[attr-defined]
        if refused is not None:
            refused(in_words(error))

    def _peer_chain(self) -> list[x509.Certificate]:
        # Public only since Python 3.13; there under this name since 3.10.
        chain = self._sslobj.get_verified_chain() or ()  # type: ignore[attr-defined]
        return [
            x509.load_der_x509_certificate(ssl.PEM_cert_to_DER_cert(c.public_bytes()))
            for c in chain
        ]


def _check_dates(chain: list[x509.Certificate], now: datetime) -> None:
    """Raises SSLCertVerificationError for a certificate that is not valid now."""
    for certificate in chain:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if begins <= now <= ends:
            continue
        who = certificate.subject.rfc4514_string()
        words = (
            f"certificate has expired: {who}, on {ends:%Y-%m-%d %H:%M:%S}Z"
            if now > ends
            else f"certificate is not yet valid: {who}, from {begins:%Y-%m-%d %H:%M:%S}Z"
        )
        error = ssl.SSLCertVerificationError(1, words)
        error.verify_message = words
        raise error


def _context(protocol: int, clock: Clock, refused: Refused | None) -> _Context:
    context = _Context(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslobject_class = _Checked
    context.clock, context.refused = clock, refused
    context.verify_flags |= _NO_CHECK_TIME
    return context


def _load_identity(context: ssl.SSLContext, identity: Identity) -> None:
    if isinstance(identity, TlsFiles):
        _load_files(context, identity)
        return
    # OpenSSL is handed keys in files alone: these are ours alone, and gone once they are read.
    with tempfile.TemporaryDirectory(prefix="roamlab-") as private:
        files = TlsFiles(Path(private, "certificate.pem"), Path(private, "key.pem"))
        for path, text in ((files.certificate, identity.certificate), (files.key, identity.key)):
            path.touch(0o600)
            path.write_text(text)
        _load_files(context, files)


def _load_files(context: ssl.SSLContext, files: TlsFiles) -> None:
    for what, path in (("certificate", files.certificate), ("key", files.key)):
        _readable(what, path)
    try:
        # Keys with a passphrase would make OpenSSL ask at the terminal: an empty one is refused.
        context.load_cert_chain(files.certificate, files.key, password="")
    except ssl.SSLError as error:
        why = str(error.reason or error).replace("_", " ").lower()
        raise TlsError(
            f"{files.certificate} and {files.key}: no certificate and key that belong together, "
            f"as PEM without a passphrase: {why}"
        ) from error


def _load_ca(context: ssl.SSLContext, ca: Ca) -> None:
    text = pem_of(ca)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        why = str(getattr(error, "reason", None) or error).replace("_", " ").lower()
        place = ca if isinstance(ca, Path) else "CA"
        raise TlsError(f"{place}: no CA certificates in PEM: {why}") from error


def pem_of(ca: Ca) -> str:
    """The text of CA certificates, wherever it stands. Raises TlsError."""
    if isinstance(ca, str):
        return ca
    _readable("CA", ca)
    return ca.read_text("ascii", "replace")


def _readable(what: str, path: Path) -> None:
    try:
        path.read_bytes()
    except OSError as error:
        raise TlsError(f"cannot read the {what} {path}: {error.strerror}") from error
