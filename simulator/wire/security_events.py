"""What the journal is told of how safe links are: handshakes that failed, plain text on a network.

Rule: every actor tells it in the same words, and who it was; no certificate or key is in them.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.kernel.journal import Journal

Told = Callable[[str], None]


def refusal_told(journal: Journal, actor: str, link: str) -> Told:
    """For servers: a TLS handshake failed, and why."""

    def tell(why: str) -> None:
        journal.event(actor, "tls.refused", link=link, why=why)

    return tell


def plain_told(journal: Journal, actor: str) -> Told:
    """For clients: something goes to a host in plain text, as somebody wished."""

    def tell(host: str) -> None:
        journal.event(actor, "http.plain", host=host)

    return tell
