"""Requests to stations on somebody's behalf: sent, and their outcome in OCPI's words.

Rule: whatever a station does or does not answer is a CommandResultType (OCPI 2.2.1 mod_commands),
never an exception.
"""

from __future__ import annotations

from typing import Any

from simulator.cpo.calls import RESULTS, Request, Start, message
from simulator.cpo.common import ACTOR
from simulator.cpo.csms import Csms
from simulator.wire.ocpp_messages import CallTimeout, ErrorCode, LinkClosed, OcppError, Payload

_NOT_THERE = (ErrorCode.NOT_IMPLEMENTED, ErrorCode.NOT_SUPPORTED)


class Dispatcher:
    """Send requests to stations that are connected."""

    def __init__(self, csms: Csms) -> None:
        self._csms = csms

    def reaches(self, station_id: str) -> bool:
        """True if the station is connected now."""
        return station_id in self._csms.connected

    async def ask(
        self, station_id: str, request: Request, *, session: str | None = None
    ) -> tuple[str, Payload]:
        """Send one request; returns the CommandResultType and the answer's payload."""
        station = self._csms.connected.get(station_id)
        if station is None:
            return self._told(station_id, request, "FAILED", session, "not connected"), {}
        call = message(request, station.version)
        timeout_s = self._csms.config.command_timeout_s
        try:
            answer = await station.link.call(
                call.action, call.payload, timeout_s=timeout_s, session=session
            )
        except CallTimeout as error:
            return self._told(station_id, request, "TIMEOUT", session, str(error)), {}
        except LinkClosed as error:
            return self._told(station_id, request, "FAILED", session, str(error)), {}
        except OcppError as error:
            result = "NOT_SUPPORTED" if error.code in _NOT_THERE else "FAILED"
            return self._told(station_id, request, result, session, str(error)), {}
        if call.read is not None:
            answer = call.read(answer)
        status = str(answer.get("status", "Accepted"))
        result = RESULTS.get(status, "REJECTED")
        return self._told(station_id, request, result, session, status), answer

    def obstacle(self, start: Start, station_id: str) -> str | None:
        """Why a start cannot be asked for at all, as a CommandResultType."""
        if self._csms.ledger.at(station_id, start.evse_id) is not None:
            return "EVSE_OCCUPIED"
        spot = self._csms.sites.spot(station_id, start.evse_id)
        if spot is None or spot.evse["status"] in ("INOPERATIVE", "OUTOFORDER"):
            return "EVSE_INOPERATIVE"
        return None

    def _told(
        self, station_id: str, request: Request, result: str, session: str | None, why: str
    ) -> str:
        data: dict[str, Any] = {"request": type(request).__name__, "result": result, "why": why}
        self._csms.journal.event(
            ACTOR, "station.asked", peer=f"station/{station_id}", session=session, **data
        )
        return result
