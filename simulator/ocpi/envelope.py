"""The envelope around every OCPI answer: status codes, the error tree, exact numbers both ways.

Rule: an HTTP status tells how the transport went, a four-digit code how the message was received
(OCPI 2.2.1 status_codes); whatever goes wrong in a handler is one of the errors below.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from simulator.kernel.clock import rfc3339

Json = Any  # what JSON holds: dict, list, str, int, Decimal, bool, None

OK = 1000

STATUS_CODES: MappingProxyType[int, str] = MappingProxyType(
    {
        1000: "Success",
        2000: "Generic client error",
        2001: "Invalid or missing parameters",
        2002: "Not enough information",
        2003: "Unknown location",
        2004: "Unknown token",
        3000: "Generic server error",
        3001: "Unable to use the client's API",
        3002: "Unsupported version",
        3003: "No matching endpoints, or expected endpoints missing",
        4000: "Generic hub error",
        4001: "Unknown receiver",
        4002: "Timeout on forwarded request",
        4003: "Connection problem",
    }
)


class OcpiError(Exception):
    """A request that cannot be served: OCPI status code, HTTP status, and the place that is wrong.

    `pointer` is a JSON pointer into the request's body; `data` goes into the answer for whoever
    debugs the sender. OCPI 2.2.1 status_codes.
    """

    status_code = 2000
    http_status = 200

    def __init__(
        self,
        message: str = "",
        *,
        status_code: int | None = None,
        http_status: int | None = None,
        pointer: str = "",
        data: Json = None,
    ) -> None:
        self.status_code = self.status_code if status_code is None else status_code
        self.http_status = self.http_status if http_status is None else http_status
        self.message = message or STATUS_CODES.get(self.status_code, "Error")
        self.pointer = pointer
        self.data = data
        super().__init__(f"{self.status_code} {self.message}")


class InvalidParameters(OcpiError):
    """2001: a parameter or field is missing or wrong."""

    status_code = 2001


class NotEnoughInformation(OcpiError):
    """2002: the request holds too little to decide."""

    status_code = 2002


class UnknownLocation(OcpiError):
    """2003: no such location."""

    status_code = 2003


class UnknownToken(OcpiError):
    """2004: no such token (from OCPI 2.2 on; a real-time authorization adds HTTP 404)."""

    status_code = 2004


class ServerError(OcpiError):
    """3000: our own fault."""

    status_code = 3000


class PeerApiUnusable(OcpiError):
    """3001: the other side's API cannot be used, seen while a registration is under way."""

    status_code = 3001


class UnsupportedVersion(OcpiError):
    """3002: no common version."""

    status_code = 3002


class NoMatchingEndpoints(OcpiError):
    """3003: an endpoint that is needed is missing."""

    status_code = 3003


class HubError(OcpiError):
    """4000: a hub cannot pass the request on."""

    status_code = 4000


class UnknownReceiver(HubError):
    """4001: a hub knows no such party."""

    status_code = 4001


class ForwardTimeout(HubError):
    """4002: a hub waited in vain."""

    status_code = 4002


class ConnectionProblem(HubError):
    """4003: a hub's receiver is not connected."""

    status_code = 4003


class NotJson(OcpiError):
    """HTTP 400: the body is not JSON."""

    http_status = 400


class Unauthorized(OcpiError):
    """HTTP 401: the credentials token is missing, unknown or not good for this module."""

    http_status = 401


class NotFound(OcpiError):
    """HTTP 404: a GET of an object that does not exist, a path or a party that is not here."""

    http_status = 404


class MethodNotAllowed(OcpiError):
    """HTTP 405: a verb that this endpoint does not offer, or not in this state of credentials."""

    http_status = 405


class TooLong(OcpiError):
    """HTTP 413: the body is longer than is read here."""

    http_status = 413


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer as read: `data` is raw, with exact numbers."""

    data: Json
    status_code: int
    status_message: str | None = None
    timestamp: str | None = None

    @property
    def ok(self) -> bool:
        """True for the success range, 1000 to 1999."""
        return 1000 <= self.status_code < 2000


class NoEnvelope(ValueError):
    """JSON, but no OCPI answer: the message names the place."""


_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")
# All that the decoder raises over any bytes: broken JSON, broken UTF-8, a tower of brackets, an
# exponent beyond Decimal.
_NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError)


def read_json(body: bytes | str) -> Json:
    """Decode JSON, numbers with a fraction as Decimal. Raises NotJson."""
    try:
        return _decoder.decode(body)
    except _NOT_JSON as error:
        raise NotJson(f"the body is not JSON: {str(error) or type(error).__name__}") from error


def write_json(value: Json) -> bytes:
    """Encode JSON; Decimal becomes a number, never a string."""
    return _encoder.encode(value)


def encode(
    data: Json = None,
    status_code: int = OK,
    message: str | None = None,
    *,
    now: datetime,
) -> bytes:
    """Wrap `data`; None leaves the field out, as advised where the specification says nothing."""
    body: dict[str, Json] = {} if data is None else {"data": data}
    body["status_code"] = status_code
    if message is not None or status_code in STATUS_CODES:
        body["status_message"] = STATUS_CODES[status_code] if message is None else message
    body["timestamp"] = rfc3339(now)
    return write_json(body)


def parse(body: bytes) -> Envelope:
    """Read an answer that has at least a `status_code`. Raises NotJson, NoEnvelope."""
    raw = read_json(body)
    if not isinstance(raw, dict):
        raise NoEnvelope(f"expected an object with status_code, not {type(raw).__name__}")
    code = raw.get("status_code")
    if not isinstance(code, int) or isinstance(code, bool):
        raise NoEnvelope(f"/status_code: expected a number of four digits, not {code!r}")
    message, timestamp = raw.get("status_message"), raw.get("timestamp")
    return Envelope(
        data=raw.get("data"),
        status_code=code,
        status_message=message if isinstance(message, str) else None,
        timestamp=timestamp if isinstance(timestamp, str) else None,
    )
