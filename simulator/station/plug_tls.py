"""TLS between car and station: a real handshake on a loopback socket, with the SECC certificate.

Rule: the car judges the station: its chain up to a V2G root of the car's, the dates by the world's
clock, the domain component. Only the handshake is done; ISO 15118's messages would follow, and do
not (they are EXI). ISO 15118-2 asks for TLS 1.2 with one of two suites and -20 for TLS 1.3; that in
-20 the car shows a certificate too is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509

from simulator.kernel.clock import Clock
from simulator.kernel.loop import bound_port
from simulator.pki.certificates import common_name, domain_component, pem_chain
from simulator.pki.keys import key_pem
from simulator.pki.path import Purpose, validate
from simulator.station.certificate_records import Own
from simulator.wire.tls import TlsError, TlsPem, client_context, in_words, server_context

_HOST = "127.0.0.1"
_PATIENCE_S = 10.0
# Edition -> versions of TLS and, where they are to be chosen, suites, by OpenSSL's names.
_SUITES_V2 = "ECDHE-ECDSA-AES128-SHA256"
_VERSIONS: dict[str, tuple[ssl.TLSVersion, ssl.TLSVersion, str | None]] = {
    "2": (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, _SUITES_V2),
    "20": (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, None),
}


@dataclass(frozen=True, slots=True)
class Handshake:
    """What came of it: `refused` says why the car goes no further; without sockets there is no
    protocol and no cipher.
    """

    leaf: str
    certificates: int
    protocol: str | None = None
    cipher: str | None = None
    refused: str | None = None

    @property
    def words(self) -> str:
        """In one line, for a display."""
        return f"refused: {self.refused}" if self.refused else self.protocol or "without TLS"


async def shake_hands(
    own: Own, roots: Sequence[x509.Certificate], edition: str, clock: Clock
) -> Handshake:
    """Let a car that trusts these V2G roots meet a station with this certificate, over TLS."""
    leaf, certificates = own.leaf.subject.rfc4514_string(), len(own.chain)
    if not roots:
        return Handshake(leaf, certificates, refused="the car knows no V2G root")
    try:
        station, car = _contexts(own, roots, edition, clock)
        protocol, cipher = await clock.wait_for(_meet(station, car), _PATIENCE_S)
    except (ssl.SSLError, OSError, TlsError, TimeoutError) as error:
        return Handshake(leaf, certificates, refused=in_words(error))
    return Handshake(leaf, certificates, protocol, cipher, refused=_out_of_place(own))


def look_only(own: Own, roots: Sequence[x509.Certificate], clock: Clock) -> Handshake:
    """The same judgement without a handshake."""
    leaf, certificates = own.leaf.subject.rfc4514_string(), len(own.chain)
    verdict = validate(own.chain, roots, clock.now(), purpose=Purpose.SECC)
    refused = None if verdict.ok else f"{verdict.reason}: {verdict.detail}"
    return Handshake(leaf, certificates, refused=refused)


def _out_of_place(own: Own) -> str | None:
    """What TLS itself does not look at: whether it is a station's certificate at all."""
    if domain_component(own.leaf) == "CPO":
        return None
    return f"'{common_name(own.leaf)}' is no certificate of a station: its DC is not CPO"


def _contexts(
    own: Own, roots: Sequence[x509.Certificate], edition: str, clock: Clock
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The station's and the car's."""
    station = server_context(TlsPem(pem_chain(own.chain), key_pem(own.key)), clock)
    car = client_context(clock, ca=pem_chain(roots))
    car.check_hostname = False  # a SECC certificate bears the station's id, not an address
    low, high, suites = _VERSIONS[edition]
    for context in (station, car):
        context.minimum_version, context.maximum_version = low, high
        if suites is not None:
            context.set_ciphers(suites)
    return station, car


class _End:
    """One end of a handshake on a connection. asyncio's own TLS would leave the other end's task
    behind where one refuses.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        *,
        serves: bool = False,
    ) -> None:
        self._reader, self._writer = connection
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=serves)

    async def shake_hands(self) -> None:
        """Until both are content, or one is not. Raises ssl.SSLError, OSError."""
        try:
            while not self._done():
                self._writer.write(self._outgoing.read())
                data = await self._reader.read(16_384)
                self._incoming.write(data)
                if not data:
                    self._incoming.write_eof()
            self._writer.write(self._outgoing.read())
        except ssl.SSLError:
            self._writer.write(self._outgoing.read())  # the alert
            self._writer.close()
            raise

    def _done(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def _meet(station: ssl.SSLContext, car: ssl.SSLContext) -> tuple[str, str]:
    """One handshake; protocol and cipher. Raises what the car's end raises."""
    arrived: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    arrived = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda *there: arrived.set_result(there), _HOST, 0)
    async with server:
        here = await asyncio.open_connection(_HOST, bound_port(server.sockets[0]))
        ends = [_End(car, here)]
        try:
            ends.append(_End(station, await arrived, serves=True))
            cars, _ = await asyncio.gather(
                *(end.shake_hands() for end in ends), return_exceptions=True
            )
        finally:
            for end in ends:
                await end.close()
    if cars is not None:
        raise cars
    tls = ends[0].tls
    return str(tls.version()), str((tls.cipher() or ("",))[0])
