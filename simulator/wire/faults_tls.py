"""Faults of TLS: what an actor shows at handshakes in place of its own certificate.

Rule: a disguise is looked at in each handshake, of servers and clients; where nobody wears one, the
certificate is the actor's own. Whom the actor trusts, and what it asks of others, stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a world without TLS loads no cryptography
    import ssl

    from simulator.kernel.clock import Clock
    from simulator.wire.faults import FaultBoard
    from simulator.wire.tls import Identity, Refused, Tls


class Disguises:
    """Who shows which certificate; of several the one put on last."""

    def __init__(self) -> None:
        self._worn: dict[str, list[Identity]] = {}

    def put_on(self, actor: str, identity: Identity) -> Callable[[], None]:
        """Let an actor show this certificate; returns what takes it off again."""
        worn = self._worn.setdefault(actor, [])
        worn.append(identity)

        def take_off() -> None:
            worn[:] = [each for each in worn if each is not identity]

        return take_off

    def of(self, actor: str) -> Identity | None:
        """What an actor shows; None: its own."""
        worn = self._worn.get(actor)
        return worn[-1] if worn else None


class ClientTls:
    """What an actor's HTTP client makes its handshakes with while it wears a disguise."""

    def __init__(self, tls: Tls, clock: Clock, disguises: Disguises, actor: str) -> None:
        self._tls, self._clock = tls, clock
        self._disguises, self._actor = disguises, actor
        self._made: tuple[Identity, ssl.SSLContext] | None = None

    def context(self) -> ssl.SSLContext | None:
        """None where it wears none. Connections that stand are of another, and not used."""
        shown = self._disguises.of(self._actor)
        if shown is None:
            return None
        if self._made is None or self._made[0] is not shown:
            self._made = (shown, replace(self._tls, identity=shown).client(self._clock))
        return self._made[1]


def server_tls(
    tls: Tls, clock: Clock, faults: FaultBoard | None, actor: str, refused: Refused | None = None,
    *, ask_clients: bool = False,
) -> ssl.SSLContext | None:  # fmt: skip
    """As `Tls.server`; a handshake shows the actor's disguise, if it wears one. Raises TlsError."""
    context = tls.server(clock, refused, ask_clients=ask_clients)
    if context is None or faults is None:
        return context
    disguises = faults.disguises

    def choose(connection: ssl.SSLObject, _name: str | None, _own: ssl.SSLContext) -> None:
        shown = disguises.of(actor)
        if shown is not None:
            other = replace(tls, identity=shown).server(clock, refused, ask_clients=ask_clients)
            assert other is not None
            connection.context = other

    context.sni_callback = choose  # called without a name, too
    return context
