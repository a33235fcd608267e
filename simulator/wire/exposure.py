"""Plain text on a network: where it is nobody's business but ours, and what to say where it is not.

Rule: without TLS nothing is served beyond loopback and nothing is asked there, unless somebody has
said so in so many words: tokens and passwords travel in what is sent.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from yarl import URL

from simulator.mistakes import Mistake

IN_SO_MANY_WORDS = "--insecure (in a world file: insecure: true)"


class PlainText(Mistake):
    """Something would be readable to the whole network: the message names the way out."""


def is_loopback(host: str) -> bool:
    """Whether what is sent to this host, or listened to there, stays on this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        name = host.rstrip(".").lower()
        return name == "localhost" or name.endswith(".localhost")


def is_address(authority: str) -> bool:
    """Whether a Host header holds an IP literal or localhost: names can be led elsewhere, so that a
    web page of anywhere reaches this machine (DNS rebinding).
    """
    try:
        name = urlsplit(f"//{authority}").hostname or ""
        return name == "localhost" or bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def refuse_plain_server(host: str, *, tls: bool, insecure: bool) -> None:
    """Let nobody listen on a network in plain text by mistake. Raises PlainText."""
    if tls or insecure or is_loopback(host):
        return
    raise PlainText(
        f"listening on {host} without TLS: tokens and passwords could be read on the way. Give it "
        f"a certificate (--tls-cert and --tls-key, or --pki), or say {IN_SO_MANY_WORDS}"
    )


def plain_host(url: str) -> str | None:
    """The host beyond loopback that a URL would send plain text to; None where there is none."""
    # Up to the third slash: so few of them are met that each is looked at once.
    return _plain_host("/".join(url.split("/", 3)[:3]))


@lru_cache(maxsize=1024)
def _plain_host(origin: str) -> str | None:
    try:
        url = URL(origin)
    except ValueError:
        return None  # whoever sends says what is wrong with it
    host = url.host
    if url.scheme not in ("http", "ws") or not host or is_loopback(host):
        return None
    return host
