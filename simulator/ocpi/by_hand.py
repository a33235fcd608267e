"""A request that somebody asks for by hand: any method, any body, valid or not, on a connection.

Rule: ids and credentials are the connection's own, and go to its other side alone; whatever that
answers is the result, never an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.kernel.redaction import HIDDEN
from simulator.ocpi.client import Answer, OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, Connection, InterfaceRole
from simulator.ocpi.versions import VERSIONS

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class ByHandError(ValueError):
    """A request that cannot be sent on this connection; the message says why."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """What to send. `path` follows the module's endpoint, or is a whole URL of the other side; a
    `body` that is text goes as it is, anything else as JSON. Without a `role` the module's only
    endpoint is meant, of two the sender's for GET; without a `version` the connection's.
    """

    method: str
    module: str
    path: str = ""
    body: Any = None
    version: str | None = None
    role: InterfaceRole | None = None


async def send(client: OcpiClient, connection: Connection, wanted: ByHand) -> dict[str, Any]:
    """Send it; what came back, as plain JSON without secrets. Raises ByHandError."""
    if wanted.version is not None and wanted.version not in VERSIONS:
        raise ByHandError(f"no OCPI version '{wanted.version}'. Known: {', '.join(VERSIONS)}")
    body = wanted.body.encode() if isinstance(wanted.body, str) else wanted.body
    answer = await client.exchange(
        connection,
        wanted.method,
        place(connection, wanted),
        module=wanted.module,
        body=body,
        version=None if wanted.version is None else VERSIONS[wanted.version],
    )
    return _shown(answer, wanted.module)


def place(connection: Connection, wanted: ByHand) -> str:
    """The URL. Raises ByHandError for a module that is not offered, and for a place elsewhere."""
    path = wanted.path
    if path.startswith(("http://", "https://")):
        known = map(_origin, (connection.versions_url, *connection.endpoints.values()))
        if not _origin(path)[1] or _origin(path) not in known:
            raise ByHandError(f"{path} is not of the other side: our token goes nowhere else")
        return path
    base = _endpoint(connection, wanted)
    if path and not path.startswith("?"):
        return f"{base.rstrip('/')}/{path.lstrip('/')}"
    return base + path


def _endpoint(connection: Connection, wanted: ByHand) -> str:
    if wanted.module == "versions":
        return connection.versions_url
    first: InterfaceRole = SENDER if wanted.method == "GET" else RECEIVER
    other: InterfaceRole = RECEIVER if first == SENDER else SENDER
    for role in (first, other) if wanted.role is None else (wanted.role,):
        if (wanted.module, role) in connection.endpoints:
            return connection.endpoints[wanted.module, role]
    offered = ", ".join(f"{module} {role}" for module, role in sorted(connection.endpoints))
    raise ByHandError(f"the other side offers no {wanted.module}; it offers {offered or 'nothing'}")


def _origin(url: str) -> tuple[str, str]:
    """Scheme, host and port: what was spoken to over TLS is not spoken to without."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.netloc.lower()
    except ValueError:
        return "", ""


def _shown(answer: Answer, module: str) -> dict[str, Any]:
    data = answer.envelope.data if answer.envelope else None
    if module == "credentials" and isinstance(data, dict) and "token" in data:
        data = {**data, "token": HIDDEN}
    return {
        "method": answer.method,
        "url": answer.url,
        "http_status": answer.http_status,
        "status_code": answer.status_code,
        "status_message": answer.envelope.status_message if answer.envelope else None,
        "data": data,
        "problem": answer.message or None,
        "record": answer.record_seq,
    }
