"""A remote start and stop as part of a check: START_SESSION, some charging, STOP_SESSION.

Rule: what keeps a step from being taken is noted under the command's name, and judged by nobody
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mock_peer import raw
from mock_peer.active import Refused
from mock_peer.check_evidence import Exchange, is_of
from mock_peer.known import Known
from mock_peer.rule import Occasion
from mock_peer.server import RunningPeer
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.connection import RECEIVER, Connection

# How long the result of a command may take where the CPO names no timeout.
COMMAND_TIMEOUT_S = 30.0
FIRST = "first"
START, STOP = "START_SESSION", "STOP_SESSION"
_PLACE = ("location_id", "evse_uid", "connector_id")


class RemoteStart:
    """Start a session at a CPO and stop it again."""

    def __init__(
        self, peer: RunningPeer, connection: Connection, clock: Clock, journal: Journal
    ) -> None:
        self._peer = peer
        self._connection = connection
        self._clock = clock
        self._journal = journal
        self._notes: dict[str, str] = {}

    async def run(self, wanted: str, charge_s: float, tell: Any) -> dict[str, str]:
        """Start at `wanted` (`first`, or `LOCATION[/EVSE[/CONNECTOR]]`), stop after `charge_s`;
        returns why a command was left out, by its name.
        """
        tokens = self._peer.book.tokens.all.values()
        app = next((t for t in tokens if t["type"] == "APP_USER" and t["valid"]), None)
        place = find_place(wanted, self._peer.book.known(self._connection))
        if app is None or place is None:
            missing = "no free EVSE is known" if app else "there is no valid APP_USER token"
            return {START: missing, STOP: missing}
        if ("commands", RECEIVER) not in self._connection.endpoints:
            return {START: "the CPO offers no commands", STOP: "the CPO offers no commands"}
        tell(f"START_SESSION at {'/'.join(place.values())} with {app['uid']}")
        before = self._journal.seq
        if not await self._command(START, {"token": dict(app), **place}):
            return {STOP: "no session was started", **self._notes}
        pushed = await self._next(Occasion.SESSION, before)
        session = raw.text(pushed.body, "/id") if pushed else None
        if session is None:
            return {STOP: "the started session was not pushed"}
        await self._clock.sleep(charge_s)
        tell(f"STOP_SESSION {session}")
        if await self._command(STOP, {"session_id": session}):
            await self._next(Occasion.CDR, before)
        return self._notes

    async def _command(self, name: str, request: Mapping[str, Any]) -> bool:
        """Send a command and await its result; True if it was carried out."""
        active = self._peer.active
        try:
            command = await active.command(self._connection, name, request)
        except Refused as error:
            self._notes[name] = str(error)
            return False
        if raw.text(command, "/response/result") != "ACCEPTED":
            return False
        patience_s = raw.number(command, "/response/timeout") or COMMAND_TIMEOUT_S
        done = await active.result_of(command["id"], float(patience_s))
        return raw.text(done, "/result/result") == "ACCEPTED"

    async def _next(self, occasion: Occasion, before: int) -> Exchange | None:
        """The first exchange of a kind after a journal number, awaited for a while."""

        def fits(record: Record) -> bool:
            own = is_of(record, self._peer.name, self._connection.peer)
            return own and occasion in Exchange(record).occasions

        try:
            found = await self._journal.wait_for(fits, timeout_s=COMMAND_TIMEOUT_S, after=before)
        except TimeoutError:
            return None
        return Exchange(found)


def find_place(wanted: str, known: Known) -> dict[str, str] | None:
    """Where to start: as told, else the first free EVSE, one that says it can be preferred."""
    if wanted != FIRST:
        return dict(zip(_PLACE, wanted.split("/"), strict=False))
    spare = None
    for home in known.locations.values():
        for evse in raw.items(home.body, "/evses"):
            names = (raw.text(home.body, "/id"), raw.text(evse, "/uid"))
            if not all(names) or raw.text(evse, "/status") != "AVAILABLE":
                continue
            place = dict(zip(_PLACE, map(str, names), strict=False))
            if "REMOTE_START_STOP_CAPABLE" in raw.items(evse, "/capabilities"):
                return place
            spare = spare or place
    return spare
