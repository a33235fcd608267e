"""Steps of the peer and of the EMPs behind it, through their control APIs.

Rule: what is done to a peer is done over HTTP, so that one elsewhere would do as well. Without a
name, the world's first peer or EMP is meant.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from simulator.mistakes import did_you_mean
from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step, StepError, StepFailed
from simulator.scenario.steps_driver import TOKEN
from simulator.world_emp import Emp
from simulator.world_peer import Peer, PeerRefused

PEER = Arg("peer", Kind.TEXT, "the peer's name; by default the first", names="peer")
EMP = Arg("emp", Kind.TEXT, "the EMP's name; by default the first", names="emp")


async def push_token(play: Play, given: Arguments) -> Result:
    """Make or change a token at the peer, which pushes it to its CPOs."""
    fields = {name: value for name, value in (given["fields"] or {}).items() if name != "uid"}
    return await _peer(play, given).put_token({**fields, "uid": given["token"]})


async def answer(play: Play, given: Arguments) -> Result:
    """Set what real-time authorization answers: for a token, a location, or all."""
    peer = _peer(play, given)
    told = await peer.control("GET", "/authorizations")
    own = _given(given, "allowed", "no_answer", "info")
    if given["delay"]:
        own["delay_s"] = given["delay"]
    if given["token"] is not None:
        told["tokens"][given["token"]] = own
    elif given["location"] is not None:
        told["locations"][given["location"]] = own
    else:
        told["default"] = own
    return await peer.control("PUT", "/authorizations", told)


async def reset_answers(play: Play, given: Arguments) -> Result:
    """Let real-time authorization answer by the rules alone."""
    return await _peer(play, given).control("DELETE", "/authorizations")


async def start_session(play: Play, given: Arguments) -> Result:
    """Let the peer send START_SESSION."""
    fields = {
        "token_uid": given["token"],
        "location_id": given["location"],
        "evse_uid": given["evse_uid"],
        "connector_id": given["connector_id"],
    }
    told = {name: value for name, value in fields.items() if value is not None}
    return await _peer(play, given).command("START_SESSION", **told)


async def stop_session(play: Play, given: Arguments) -> Result:
    """Let the peer send STOP_SESSION."""
    return await _peer(play, given).command("STOP_SESSION", session_id=given["session"])


async def rule(play: Play, given: Arguments) -> Result:
    """Change what was agreed about a rule, with one CPO or all that are connected.

    Raises StepError for a rule or a CPO that the peer does not know.
    """
    peer, name = _peer(play, given), given["rule"]
    known = [row["id"] for row in (await peer.control("GET", "/rules"))["rules"]]
    if name not in known:
        raise StepError(f"rule: {peer.name} has no rule '{name}'.{did_you_mean(name, known)}")
    rows = (await peer.control("GET", "/connections"))["connections"]
    chosen = [row for row in rows if given["connection"] in (None, row["id"], row["peer"])]
    if not chosen:
        raise StepError(f"rule: {given['connection'] or 'no CPO'} is not connected to {peer.name}")
    for row in chosen:
        rules = {key: value for key, value in row["profile"]["rules"].items() if key != name}
        if given["is"] is not None:
            rules[name] = given["is"]
        path = f"/connections/{quote(row['id'], safe='')}/profile"
        await peer.control("PUT", path, {"profile": {"rules": rules}})


async def peer_control(play: Play, given: Arguments) -> Result:
    """Make any call of the peer's control API; its answer."""
    if not given["path"].startswith("/"):
        raise StepError(f"peer_control, path: '{given['path']}' does not begin with /")
    return await _peer(play, given).control(given["method"], given["path"], given["body"])


async def kill_peer(play: Play, given: Arguments) -> Result:
    """Kill the peer. Raises Mistake where it cannot be."""
    await _peer(play, given, there=False).kill()


async def revive_peer(play: Play, given: Arguments) -> Result:
    """Start it again."""
    await _peer(play, given, there=False).revive()


async def emp_down(play: Play, given: Arguments) -> Result:
    """Take an EMP away."""
    await _emp(play, given, there=False).down()


async def emp_up(play: Play, given: Arguments) -> Result:
    """Bring it back."""
    await _emp(play, given, there=False).up()


async def emp_register(play: Play, given: Arguments) -> Result:
    """Let an EMP and Roam exchange credentials; who begins stands in the world's file."""
    await _emp(play, given).register()


async def emp_start(play: Play, given: Arguments) -> Result:
    """Let an EMP start a session through Roam."""
    fields = {
        "token_uid": given["token"],
        "location_id": given["location"],
        "evse_uid": given["evse_uid"],
    }
    told = {name: value for name, value in fields.items() if value is not None}
    return await _emp(play, given).start_session(**told)


async def emp_stop(play: Play, given: Arguments) -> Result:
    """Let an EMP stop a session, by default its newest."""
    return await _emp(play, given).stop_session(given["session"])


async def emp_pull(play: Play, given: Arguments) -> Result:
    """Let an EMP pull all locations, or what has changed; why it failed, where it must.

    Raises StepFailed for a pull that should have been refused.
    """
    pull = _emp(play, given).control("POST", "/pull", {"full": given["full"]})
    if not given["refused"]:
        return await pull
    try:
        await pull
    except PeerRefused as refusal:
        return str(refusal)
    raise StepFailed("emp_pull: the locations did come")


async def emp_token(play: Play, given: Arguments) -> Result:
    """Make or change an EMP's token, which it pushes to Roam."""
    path = f"/tokens/{quote(given['token'], safe='')}"
    return await _emp(play, given).control("PUT", path, dict(given["fields"]))


async def emp_answer(play: Play, given: Arguments) -> Result:
    """Set what an EMP answers to authorizations and CDRs."""
    return await _emp(play, given).control("PUT", "/answers", dict(given["answers"]))


def _peer(play: Play, given: Arguments, *, there: bool = True) -> Peer:
    peer = _named(play.world.peers, given["peer"], "peer")
    assert isinstance(peer, Peer)
    _alive(peer, there)
    if peer.outside:
        raise StepError(f"{peer.name} is outside this world: it has no control API here")
    return peer


def _emp(play: Play, given: Arguments, *, there: bool = True) -> Emp:
    emp = _named(play.world.emps, given["emp"], "EMP")
    assert isinstance(emp, Emp)
    _alive(emp, there)
    return emp


def _alive(actor: Peer | Emp, there: bool) -> None:
    """Nobody asks the dead. Raises StepError."""
    if there and actor.missing is not None:
        raise StepError(actor.missing)


def _named(known: dict[str, Any], name: str | None, what: str) -> object:
    if not known:
        raise StepError(f"this world has no {what}")
    return known[name] if name is not None else next(iter(known.values()))


def _given(given: Arguments, *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names if given[name] is not None}


def _text(name: str, about: str, *, required: bool = False) -> Arg:
    return Arg(name, Kind.TEXT, about, required=required)


_ALLOWED = Arg("allowed", Kind.TEXT, "OCPI's AllowedType",
               choices=("ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"))  # fmt: skip
_TOKEN = _text("token", "the token's uid")
_LOCATION = _text("location", "the location's id")
_EVSE_UID = _text("evse_uid", "the EVSE's uid")
_CONNECTOR = _text("connector_id", "the connector's id")
_FIELDS = Arg("fields", Kind.MAPPING, "the token's fields, OCPI 2.2.1")
_BODY = Arg("body", Kind.ANY, "the JSON body")
_RULE = _text("rule", "its id, as in cdr.price (docs/rules.md)", required=True)
_IS = Arg("is", Kind.TEXT, "how it answers, or off; without: as rules.md says",
          choices=("reject", "drop", "warn", "note", "off"))  # fmt: skip
_REFUSED = Arg("refused", Kind.FLAG, "it must be refused", default=False)
_CONNECTION = _text("connection", "the CPO, as the peer calls it; by default all")
_METHOD = Arg("method", Kind.TEXT, "the HTTP method", choices=("GET", "POST", "PUT", "DELETE"),
              default="GET")  # fmt: skip

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("push_token", "peer", "Make or change a token at the peer; it is pushed to CPOs.",
         push_token, (TOKEN, _FIELDS, PEER)),
    Step("answer", "peer", "Set what real-time authorization answers, and how fast.", answer,
         (_ALLOWED, _TOKEN, _LOCATION, Arg("delay", Kind.DURATION, "how long it takes"),
          Arg("no_answer", Kind.FLAG, "say nothing at all"), _text("info", "words for the driver"),
          PEER), "allowed"),
    Step("reset_answers", "peer", "Let real-time authorization answer by the rules again.",
         reset_answers, (PEER,)),
    Step("start_session", "peer", "Let the peer send START_SESSION to the CPO.", start_session,
         (_TOKEN, _LOCATION, _EVSE_UID, _CONNECTOR, PEER)),
    Step("stop_session", "peer", "Let the peer send STOP_SESSION to the CPO.", stop_session,
         (_text("session", "the OCPI session's id", required=True), PEER), "session"),
    Step("rule", "peer", "Switch a rule of the peer off, or on with another severity.", rule,
         (_RULE, _IS, _CONNECTION, PEER), "rule"),
    Step("peer_control", "peer", "Make any call of the peer's control API (/_mock).", peer_control,
         (_text("path", "as in /findings", required=True), _METHOD, _BODY, PEER), "path"),
    Step("kill_peer", "peer", "Kill the peer as by kill -9: its database is left.", kill_peer,
         (PEER,), "peer"),
    Step("revive_peer", "peer", "Start a killed peer again, on what its database holds.",
         revive_peer, (PEER,), "peer"),
    Step("emp_register", "emp", "Let an EMP and Roam exchange credentials.", emp_register, (EMP,),
         "emp"),
    Step("emp_start", "emp", "Let an EMP start a session through Roam.", emp_start,
         (_TOKEN, _LOCATION, _EVSE_UID, EMP)),
    Step("emp_stop", "emp", "Let an EMP stop a session.", emp_stop,
         (_text("session", "its id; by default the newest"), EMP), "session"),
    Step("emp_pull", "emp", "Let an EMP pull locations from Roam.", emp_pull,
         (Arg("full", Kind.FLAG, "all, or what has changed", default=True), _REFUSED, EMP)),
    Step("emp_token", "emp", "Make or change an EMP's token; it is pushed to Roam.", emp_token,
         (TOKEN, Arg("fields", Kind.MAPPING, "the token's fields", required=True), EMP)),
    Step("emp_answer", "emp", "Set what an EMP answers to authorizations and CDRs.", emp_answer,
         (Arg("answers", Kind.MAPPING, "as its control API takes it (docs/roam.md)",
              required=True), EMP), "answers"),
    Step("emp_down", "emp", "Take an EMP away, as without power: nobody answers.", emp_down,
         (EMP,), "emp"),
    Step("emp_up", "emp", "Bring an EMP back, with what it held.", emp_up, (EMP,), "emp"),
)
# fmt: on
