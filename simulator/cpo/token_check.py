"""Whether a token that a peer sends can be kept: judged as it came, and as it would then stand.

Rule: pure. All errors of the version's own definition count; one known deviation is taken as it is
meant and named: Plugsurfing's published example of a Plug and Charge token, whose `valid` is a
string and whose contract is called `authId`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.ocpi.codec import Around
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import InvalidParameters, Json
from simulator.ocpi.validate import Problem, errors
from simulator.ocpi.versions import Version

Object = dict[str, Any]
PUBLISHED_EXAMPLE = "published-pnc-example"
_CANONICAL = "2.2.1"


@dataclass(frozen=True, slots=True)
class Received:
    """A token, or the fields of one, in canonical shape; what is wrong, and whether the quirk is
    in it.
    """

    token: Json
    problems: tuple[Problem, ...]
    quirk: bool

    def require(self) -> Object:
        """The token. Raises InvalidParameters (2001) at the first thing that is wrong."""
        if self.problems:
            raise refusal(self.problems[0])
        return dict(self.token)


def received(
    raw: Json, version: Version, connection: Connection, *, partial: bool = False
) -> Received:
    """Read a token of a version's wire; `partial`: the body of a PATCH."""
    meant = _as_meant(raw, version, connection, partial=partial)
    problems = tuple(errors("token", meant, version.number, partial=partial))
    around = Around.of(connection)
    token = version.codec.from_wire("token", meant, around, partial=partial)
    return Received(token, problems, quirk=meant is not raw)


def patched(token: Mapping[str, Any], change: Mapping[str, Any]) -> Object:
    """A token (canonical) with the fields of a PATCH. Raises InvalidParameters (2001)."""
    after = {**token, **change}
    for name in ("uid", "type"):
        if str(after[name]).casefold() != str(token[name]).casefold():
            raise InvalidParameters("uid and type are what a token is known by", pointer=f"/{name}")
    # The ids keep the spelling they came with; what the PATCH does not touch is not its fault.
    after |= {name: token[name] for name in ("uid", "type")}
    for problem in errors("token", after, _CANONICAL):
        if problem.pointer.split("/")[1:2] and problem.pointer.split("/")[1] in change:
            raise refusal(problem)
    return after


def refusal(problem: Problem) -> InvalidParameters:
    """The answer to a problem."""
    words = problem.message.removeprefix(f"{problem.pointer or '/'}: ")
    return InvalidParameters(words, pointer=problem.pointer)


def _as_meant(raw: Json, version: Version, connection: Connection, *, partial: bool) -> Json:
    """The published example as it is meant; anything else as it is."""
    if not isinstance(raw, dict):
        return raw
    valid = raw.get("valid")
    spelled = {"valid": valid == "true"} if valid in ("true", "false") else {}
    left_out: Object = {}
    if isinstance(raw.get("authId"), str):
        left_out["contract_id"] = raw["authId"]
    if not spelled and not left_out:
        return raw
    owner = connection.their_party
    if owner is not None and not partial:
        left_out |= {"country_code": owner.country_code, "party_id": owner.party_id}
    wire = version.codec.to_wire("token", left_out, Around.to(connection), partial=True).obj
    return {**wire, **raw, **spelled}
