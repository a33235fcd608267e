"""Profiles: which peer this mock is, as data. A new peer is a new file here.

Rule: a peer's module holds one value, `PEER`; what a single connection agreed on stands in a
connection profile (`mock_peer.profile`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any


class UnknownPeer(ValueError):
    """No peer of that name; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who the mock is towards CPOs, and what it starts with.

    `territory` lists alpha-3 country codes by OCPI version, None for no limit. `rules` is the set
    of rule ids in force, None for all. `tokens` are canonical OCPI 2.2.1 tokens, without owner and
    time.
    """

    name: str
    country_code: str
    party_id: str
    business_name: str
    website: str
    territory: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rules: frozenset[str] | None = None
    tokens: tuple[Mapping[str, Any], ...] = ()

    @property
    def issuer(self) -> str:
        """The name tokens carry: country and party, joined by a star."""
        return f"{self.country_code}*{self.party_id}"


@cache
def names() -> list[str]:
    """The peers there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


@cache
def find(name: str) -> Peer:
    """The peer of that name. Raises UnknownPeer."""
    if name not in names():
        raise UnknownPeer(f"peer '{name}': expected one of {', '.join(names())}")
    peer: Peer = importlib.import_module(f"{__name__}.{name}").PEER
    return peer
