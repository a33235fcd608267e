"""The matrix of modules and verbs: what Plugsurfing supports, and what was seen of it.

Rule: what is supported is the literal table `MODULES`, one row a module as Plugsurfing's pages have
it; what was seen is counted from the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from mock_peer.check_evidence import Evidence, Exchange
from mock_peer.check_model import Cell, MatrixRow

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUIRED, OPTIONAL, UNSUPPORTED = "required", "optional", "not supported"


class Offer(NamedTuple):
    """A module: its standing, the verbs that Plugsurfing sends, and those that it takes."""

    module: str
    standing: str
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()


_BOTH_WAYS = (
    Offer("versions", REQUIRED, ("GET",), ("GET",)),
    Offer("credentials", REQUIRED, *(("GET", "POST", "PUT", "DELETE"),) * 2),
)
_AS_EMP_22X = (
    *_BOTH_WAYS,
    Offer("locations", REQUIRED, ("GET",), ("PUT", "PATCH")),
    Offer("tariffs", REQUIRED, ("GET",), ("PUT", "DELETE")),
    Offer("tokens", REQUIRED, ("PUT",), ("GET", "POST")),
    Offer("cdrs", REQUIRED, ("GET",), ("GET", "POST")),
    Offer("sessions", OPTIONAL, (), ("PUT", "PATCH")),
    Offer("commands", OPTIONAL, ("POST",), ("POST",)),
    Offer("chargingprofiles", UNSUPPORTED),
    Offer("hubclientinfo", UNSUPPORTED),
)
_AS_EMP_211 = (
    *_BOTH_WAYS,
    Offer("locations", REQUIRED, ("GET",), ("PUT", "PATCH")),
    Offer("tariffs", OPTIONAL, (), ("PUT", "PATCH", "DELETE")),
    Offer("tokens", REQUIRED, ("PUT",), ("GET", "POST")),
    Offer("cdrs", REQUIRED, (), ("POST",)),
    Offer("sessions", UNSUPPORTED),
    Offer("commands", UNSUPPORTED),
)
_AS_CPO = (
    *_BOTH_WAYS,
    Offer("locations", REQUIRED, (), ("GET",)),
    Offer("tokens", REQUIRED, ("POST",), ("PUT", "PATCH")),
    Offer("cdrs", REQUIRED, ("POST",)),
    Offer("sessions", OPTIONAL, ("PUT", "PATCH")),
    Offer("commands", OPTIONAL, ("POST",), ("POST",)),
    Offer("tariffs", UNSUPPORTED),
)
# What is checked (a CPO, an EMP) and the version: the modules. Source: CPO requirements for OCPI
# 2.2.x and 2.1.1-d2; Roam module pages.
MODULES: Mapping[tuple[str, str], tuple[Offer, ...]] = MappingProxyType(
    {
        ("cpo", "2.1.1"): _AS_EMP_211,
        ("cpo", "2.2"): _AS_EMP_22X,
        ("cpo", "2.2.1"): _AS_EMP_22X,
        ("emp", "2.2.1"): _AS_CPO,
    }
)


def matrix(kind: str, evidence: Evidence) -> tuple[MatrixRow, ...]:
    """The rows for a check of a CPO or an EMP."""
    counted = [*evidence.exchanges, *evidence.probes.values()]
    offers = MODULES.get((kind, evidence.version), ())
    return tuple(
        MatrixRow(
            offer.module,
            offer.standing,
            _cells(offer.ours, (e for e in evidence.exchanges if not e.received), offer.module),
            _cells(offer.theirs, (e for e in counted if e.received), offer.module),
        )
        for offer in offers
    )


def _cells(
    supported: tuple[str, ...], exchanges: Iterable[Exchange], module: str
) -> dict[str, Cell]:
    own = [e for e in exchanges if e.module == module]
    cells = {}
    for verb in VERBS:
        seen = [e for e in own if e.method == verb]
        taken = sum(e.ok for e in seen)
        cells[verb] = Cell(verb in supported, taken, len(seen) - taken)
    return cells
