"""What the checks of the Roam face share: the facts of a connection, and questions asked twice.

Rule: pure; nothing here decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mock_peer import raw
from mock_peer.roam_ids import LONGEST, IdMap, Kind
from mock_peer.roam_locations import LONGEST_ADDRESS, LONGEST_POSTAL_CODE
from mock_peer.roam_organisation import Organisation
from mock_peer.roam_tokens import ISSUER, TokenRegister
from mock_peer.rule import Breach, Check, Context
from simulator.ocpi import validate

PARTY = "*".join(ISSUER)


@dataclass(frozen=True, slots=True)
class RoamFacts:
    """What the checks may know: the EMP's organisation and connection, ids and tokens.

    `taken`: contract id prefixes that are another EMP's, and whose.
    """

    organisation: Organisation
    connection: str
    ids: IdMap
    tokens: TokenRegister
    taken: Mapping[str, str] = field(default_factory=dict)


def facts_of(context: Context) -> RoamFacts:
    """The facts of the connection at hand."""
    facts: RoamFacts = context.memo["roam"]
    return facts


def valid(kind: str) -> Check:
    """A check that reports every error of an object by OCPI 2.2.1."""

    def check(body: Any, context: Context) -> Iterator[Breach]:
        for problem in validate.errors(kind, body, context.version):
            yield Breach(problem.pointer, problem.seen, problem.message)

    return check


def issued(body: Any, pointer: str, kind: Kind, ids: IdMap) -> Iterator[Breach]:
    """The id at a pointer, if there is one, is short enough and was issued for that kind."""
    told = raw.text(body, pointer)
    if told is None:
        return
    if len(told) > LONGEST or ids.origin(told, kind) is None:
        yield Breach(pointer, told, f"an id of {LONGEST} characters at most that was issued here")


def lengths(body: Any, where: str) -> Iterator[Breach]:
    """Address and postal code of the place at `where` are within Plugsurfing's own limits."""
    for name, longest in (("address", LONGEST_ADDRESS), ("postal_code", LONGEST_POSTAL_CODE)):
        told = raw.text(body, f"{where}/{name}")
        if told is not None and len(told) > longest:
            yield Breach(f"{where}/{name}", told, f"at most {longest} characters")
