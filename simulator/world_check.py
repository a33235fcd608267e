"""What a world file may not say, beyond what its schema sees: names that lead nowhere, twins.

Rule: every mistake is noted with its place; none is raised here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.mistakes import did_you_mean
from simulator.ocpi.validate import errors
from simulator.places import COUNTRIES, MADE_UP, is_time_zone
from simulator.strict_yaml import Document, Place

if TYPE_CHECKING:
    from simulator.world_file import EmpPlan, OutsidePlan, PeerPlan, StationPlan, WorldFile

# What is known of a CPO that runs elsewhere; all else is its own affair.
_OF_ANY_CPO = ("country_code", "party_id", "name", "host", "currency", "outside")


def check_ocpi(document: Document, world: WorldFile) -> None:
    """Hold what the file makes against OCPI 2.2.1, as a peer will."""
    now = "2026-01-01T00:00:00Z"  # what lives is not in the file
    for i, tariff in enumerate(world.ocpi_tariffs()):
        for problem in errors("tariff", {"last_updated": now, **tariff}, "2.2.1"):
            place = _place_of(problem.pointer, "tariffs", i)
            document.wrong(place, f"expected {problem.expected}")
    for i, location in enumerate(world.ocpi_locations(Chance(0))):
        alive = {"last_updated": now, "status": "UNKNOWN"}
        for evse in location["evses"]:
            evse.update({**alive, **evse})
            evse["connectors"] = [{"last_updated": now, **c} for c in evse["connectors"]]
        for problem in errors("location", {"last_updated": now, **location}, "2.2.1"):
            place = _place_of(problem.pointer, "locations", i)
            document.wrong(place, f"expected {problem.expected}")
        if not is_time_zone(location["time_zone"]):
            document.wrong(
                ("locations", i, "time_zone"), f"no time zone '{location['time_zone']}' is known"
            )


def _place_of(pointer: str, section: str, index: int) -> Place:
    """Where a JSON pointer into an object leads in the file."""
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return (section, index, *(int(step) if step.isdecimal() else step for step in steps))


def check_stations(
    document: Document, locations: Sequence[Mapping[str, Any]], tariffs: set[str]
) -> None:
    """Each station once, with a tariff that is there, at a place whose address can be found."""
    seen: dict[str, int] = {}
    for i, location in enumerate(locations):
        open_ends = [key for key in MADE_UP if key not in location]
        if open_ends and location["country"] not in COUNTRIES:
            document.wrong(
                ("locations", i, "country"),
                f"no address can be made up in '{location['country']}': give "
                f"{', '.join(open_ends)}, or take one of {', '.join(COUNTRIES)}",
            )
        for j, station in enumerate(location.get("stations", [])):
            place: Place = ("locations", i, "stations", j)
            line = document.line((*place, "id"))
            if station["id"] in seen:
                document.wrong(
                    (*place, "id"), f"'{station['id']}' stands on line {seen[station['id']]} too"
                )
            seen.setdefault(station["id"], line)
            tariff = station.get("tariff")
            if tariff is not None and tariff not in tariffs:
                hint = did_you_mean(tariff, tariffs)
                document.wrong((*place, "tariff"), f"no tariff '{tariff}' in this file.{hint}")


def check_peers(document: Document, peers: Sequence[PeerPlan]) -> None:
    """What can be said of a peer outside, and what only of one that runs here."""
    for i, peer in enumerate(peers):
        if peer.url is not None and peer.token is None and peer.register == "cpo":
            document.wrong(
                ("peers", i, "url"), "to register there, its 'token' (token A) is needed"
            )
        if peer.url is not None and peer.ocpi_versions:
            document.wrong(
                ("peers", i, "ocpi_versions"), "a peer outside this world offers what it offers"
            )
        if peer.url is not None and peer.tokens:
            document.wrong(
                ("peers", i, "tokens"), "a peer outside this world keeps tokens of its own"
            )


def check_outside(
    document: Document,
    outside: OutsidePlan | None,
    stations: Sequence[StationPlan],
    peers: Sequence[PeerPlan],
) -> None:
    """What a world without a CPO of its own must know of the other, and cannot set."""
    if outside is None:
        return
    place: Place = ("cpo", "outside")
    for key in document.data["cpo"]:
        if key not in _OF_ANY_CPO:
            document.wrong(("cpo", key), "the CPO is outside this world: it has that of its own")
    lost = [station.id for station in stations if station.csms is None]
    if lost:
        document.wrong(place, f"{', '.join(lost[:3])}: no 'csms' to connect to, here or there")
    for i, peer in enumerate(peers):
        if peer.url is not None:
            document.wrong(("peers", i, "url"), "outside, and so is the CPO: nothing is left")
        elif peer.register == "peer" and None in (outside.versions_url, outside.token):
            document.wrong(
                place, f"where {peer.name} is to register: 'versions_url' and 'token' (token A)"
            )


def check_emps(document: Document, emps: Sequence[EmpPlan], peers: Sequence[PeerPlan]) -> None:
    """Each EMP behind a peer that runs here, and no two the same party."""
    inside = [peer.name for peer in peers if peer.url is None]
    default = next(iter(inside), None)
    for i, emp in enumerate(emps):
        if not inside:
            document.wrong(("emps", i, "name"), "an EMP needs a peer that runs in this world")
        elif emp.peer is not None and emp.peer not in inside:
            hint = did_you_mean(emp.peer, inside)
            document.wrong(("emps", i, "peer"), f"no peer '{emp.peer}' runs in this world.{hint}")
        party = (emp.peer or default, emp.country_code, emp.party_id)
        if any(party == (o.peer or default, o.country_code, o.party_id) for o in emps[:i]):
            document.wrong(("emps", i, "name"), f"'{emp.name}' is the same party as another EMP")


def check_unique(
    document: Document, place: Place, items: Sequence[Mapping[str, Any]], key: str
) -> None:
    """No two of a list under one name."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item[key] in seen:
            document.wrong((*place, index, key), f"'{item[key]}' stands here a second time")
        seen.add(item[key])
