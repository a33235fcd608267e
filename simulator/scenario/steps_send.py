"""Steps that send any message, valid or not, over the connections that there are.

Rule: ids and credentials are the sender's own; the answer is the result, whatever it says. What the
journal would hide on the wire it hides here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from simulator.kernel.redaction import redact_body, redact_frame
from simulator.mistakes import did_you_mean
from simulator.ocpi.by_hand import METHODS, ByHand, ByHandError
from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step, StepError, StepFailed
from simulator.scenario.steps_driver import STATION
from simulator.wire.ocpp_by_hand import call
from simulator.wire.ocpp_messages import CallTimeout, LinkClosed
from simulator.world import World
from simulator.world_peer import Peer

CPO, ROAM = "cpo", "roam"


async def send_ocpp(play: Play, given: Arguments) -> Result:
    """Send a CALL; its result or error. Raises StepError: not connected; StepFailed: no answer."""
    world, name = play.world, given["station"]
    link = world.cpo.link_of(name) if given["by"] == CPO else world.station(name).link
    if link is None:
        raise StepError(f"send_ocpp: {name} is not connected")
    try:
        return await call(link, given["action"], given["payload"])
    except (CallTimeout, LinkClosed) as error:
        raise StepFailed(f"send_ocpp: {error}") from error


async def send_ocpi(play: Play, given: Arguments) -> Result:
    """Send a request; what came back. Raises StepError for whoever cannot send it."""
    world, sender, to = play.world, given["from"], given["to"]
    names = ("method", "module", "path", "body", "version", "role")
    wanted = {name: given[name] for name in names if given[name] is not None}
    if sender == CPO:
        try:
            return await world.cpo.send_ocpi(to, ByHand(**wanted))
        except ByHandError as error:
            raise StepError(f"send_ocpi: {error}") from error
    if sender == ROAM:
        peer, path = await _roam(world, to)
        return await peer.control("POST", path, wanted)
    for emp in world.emps.values():
        if sender in (emp.name, emp.actor):
            return await emp.control("POST", "/send", wanted)
    if sender in world.peers:
        peer = _inside(world.peers[sender])
        return await peer.control("POST", await _connection(peer, to), wanted)
    known = [CPO, *world.peers, *([ROAM] if world.emps else []), *world.emps]
    raise StepError(f"send_ocpi: nobody here is '{sender}'.{did_you_mean(sender, known)}")


def _inside(peer: Peer) -> Peer:
    if peer.outside:
        raise StepError(f"send_ocpi: {peer.name} is outside this world: it sends what it wants")
    return peer


async def _connection(peer: Peer, to: str | None) -> str:
    """Where a peer's control API sends to a CPO, by default the newest."""
    rows = (await peer.control("GET", "/connections"))["connections"]
    chosen = [r["id"] for r in rows if r["registered"] and to in (None, r["id"], r["peer"])]
    if not chosen:
        raise StepError(f"send_ocpi: {to or 'no CPO'} is not connected to {peer.name}")
    return f"/connections/{quote(chosen[-1], safe='')}/send"


async def _roam(world: World, to: str | None) -> tuple[Peer, str]:
    """Which peer's Roam face sends to an EMP, and where its control API does."""
    for emp in world.emps.values():
        if to in (None, emp.name, emp.actor):
            rows = (await emp.peer.control("GET", "/roam"))["emps"]
            for row in rows:
                if row["registered"] and row["peer"] == emp.actor:
                    return emp.peer, f"/roam/emps/{quote(row['id'], safe='')}/send"
    raise StepError(f"send_ocpi: {to or 'no EMP'} is not registered with Roam")


def _ocpp_shown(given: Arguments) -> Arguments:
    """A password on its way to a station stays hidden."""
    frame = msgspec.json.encode([given["action"], given["payload"]]).decode()
    return {**given, "payload": msgspec.json.decode(redact_frame(frame))[1]}


def _ocpi_shown(given: Arguments) -> Arguments:
    """A credentials token stays hidden."""
    body = given["body"]
    if given["module"] != "credentials" or body is None:
        return given
    if isinstance(body, str):
        return {**given, "body": redact_body(body)}
    return {**given, "body": msgspec.json.decode(redact_body(msgspec.json.encode(body).decode()))}


def _text(name: str, about: str, **more: Any) -> Arg:
    return Arg(name, Kind.TEXT, about, **more)


_BY: Mapping[str, Any] = {"choices": ("station", CPO), "default": "station"}
_ROLES: Mapping[str, Any] = {"choices": ("SENDER", "RECEIVER")}

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("send_ocpp", "wire", "Send any OCPP call, valid or not; gives its answer.", send_ocpp,
         (STATION, _text("action", "as in Heartbeat", required=True),
          Arg("payload", Kind.ANY, "any JSON", default={}), _text("by", "who sends it", **_BY)),
         shown=_ocpp_shown),
    Step("send_ocpi", "wire", "Send any OCPI request, valid or not; gives its answer.", send_ocpi,
         (_text("method", "the HTTP method", required=True, choices=METHODS),
          _text("module", "as in sessions", required=True),
          _text("path", "below the module's endpoint, or a whole URL of the other side"),
          Arg("body", Kind.ANY, "any JSON; text goes as it is"),
          _text("from", "cpo, a peer, roam or an EMP", default=CPO),
          _text("to", "whom of those; by default the newest connection"),
          _text("version", "whose headers it has; by default the connection's"),
          _text("role", "which of a module's two endpoints", **_ROLES)),
         shown=_ocpi_shown),
)
# fmt: on
