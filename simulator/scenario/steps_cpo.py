"""Steps of the CPO: connections with peers, commands to stations, what it tells and leaves out.

Rule: one verb of the CPO, one small function.
"""

from __future__ import annotations

from collections.abc import Awaitable

from simulator.mistakes import Mistake
from simulator.ocpi.client import OcpiCallFailed
from simulator.ocpi.envelope import OcpiError
from simulator.ocpi.tariff_parse import TariffError
from simulator.ocpi.versions import VERSIONS
from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step, StepError, StepFailed
from simulator.scenario.steps_driver import EVSE, STATION, TOKEN

PEER = Arg("peer", Kind.TEXT, "the peer's name", required=True, names="peer")
# By these a tariff is known; `currency` is what its prices and all CDRs are in.
_WHOSE_TARIFF = ("country_code", "party_id", "id", "currency")


async def register(play: Play, given: Arguments) -> Result:
    """Let CPO and peer exchange credentials, whoever begins; why it was refused, where it must be.

    Raises StepFailed for a handshake that should have been refused.
    """
    if not given["refused"]:
        return await _handshake(play, given)
    try:
        await _handshake(play, given)
    except Mistake as refusal:
        return str(refusal)
    raise StepFailed(f"register: {given['peer']} and the CPO did register")


async def _handshake(play: Play, given: Arguments) -> Result:
    peer, world, token_a = play.world.peers[given["peer"]], play.world, given["token_a"]
    if given["begins"] == "cpo":
        await world.register_at(peer.versions_url, token_a or peer.token_a, peer.name)
        return None
    versions_url, invited = world.invitation(peer.name)
    return await peer.register(versions_url, token_a or invited)


async def unregister(play: Play, given: Arguments) -> Result:
    """DELETE the credentials at the peer."""
    await _ocpi(play.world.cpo.unregister(given["peer"]), "unregister")


async def rotate(play: Play, given: Arguments) -> Result:
    """PUT new credentials; with `versions`, in the highest common of these."""
    versions = tuple(given["versions"]) if given["versions"] else None
    for version in versions or ():
        if version not in list(VERSIONS):  # a list of JSON is no key
            raise StepError(
                f"rotate, versions: no version '{version}'. Known: {', '.join(VERSIONS)}"
            )
    await _ocpi(play.world.cpo.rotate(given["peer"], versions), "rotate")


async def pull_tokens(play: Play, given: Arguments) -> Result:
    """GET the peer's whole list of tokens."""
    await play.world.cpo.pull_tokens(given["peer"])


async def remote_start(play: Play, given: Arguments) -> Result:
    """Ask a station to start; OCPI's CommandResultType."""
    return await play.world.cpo.remote_start(given["station"], given["evse"], given["token"])


async def remote_stop(play: Play, given: Arguments) -> Result:
    """Ask a session's station to stop it; OCPI's CommandResultType."""
    return await play.world.cpo.remote_stop(given["session"])


async def block_token(play: Play, given: Arguments) -> Result:
    """Refuse a token at this CPO, whatever its eMSP says."""
    play.world.cpo.block_token(given["token"])


async def unblock_token(play: Play, given: Arguments) -> Result:
    """Leave a token to its eMSP again."""
    play.world.cpo.unblock_token(given["token"])


async def omit(play: Play, given: Arguments) -> Result:
    """Leave fields out of a station's CDRs from now on; none: leave nothing out any more."""
    if "id" in given["fields"]:
        raise StepError("omit: a CDR without its 'id' cannot be kept; a fault can take it away")
    play.world.cpo.omit(given["station"], *given["fields"])


async def change_tariff(play: Play, given: Arguments) -> Result:
    """Change fields of a tariff, and tell the peers."""
    for name in given["fields"]:
        if not isinstance(name, str) or name in _WHOSE_TARIFF:
            raise StepError(f"change_tariff, fields: '{name}' of a tariff cannot be changed")
    try:
        play.world.cpo.change_tariff(given["tariff"], **given["fields"])
    except TariffError as error:
        raise StepError(f"change_tariff, fields: {error}") from error


async def retry_cdr(play: Play, given: Arguments) -> Result:
    """Send a refused CDR again."""
    play.world.cpo.retry_cdr(given["cdr"])


async def kill_cpo(play: Play, given: Arguments) -> Result:
    """Kill the CPO."""
    await play.world.kill_cpo()


async def revive_cpo(play: Play, given: Arguments) -> Result:
    """Start it again."""
    await play.world.revive_cpo()


async def _ocpi(work: Awaitable[None], what: str) -> None:
    """Await a call to a peer; what went wrong there is the step's failure."""
    try:
        await work
    except (OcpiError, OcpiCallFailed) as error:
        raise StepFailed(f"{what}: {error}") from error


_BEGINS = Arg("begins", Kind.TEXT, "who begins the handshake", choices=("cpo", "peer"),
              default="cpo")  # fmt: skip
_TOKEN_A = Arg("token_a", Kind.TEXT, "another CREDENTIALS_TOKEN_A than the right one")
_REFUSED = Arg("refused", Kind.FLAG, "it must be refused", default=False)
_VERSIONS = Arg("versions", Kind.LIST, "the OCPI versions to choose from; all by default")
_SESSION = Arg("session", Kind.TEXT, "the OCPI session's id", required=True)
_FIELDS = Arg("fields", Kind.LIST, "the CDR's fields", required=True)
_TARIFF = Arg("tariff", Kind.TEXT, "the tariff's id", required=True, names="tariff")
_CHANGES = Arg("fields", Kind.MAPPING, "new values, OCPI 2.2.1; null leaves one out",
               required=True)  # fmt: skip
_CDR = Arg("cdr", Kind.TEXT, "the CDR's id", required=True)

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("register", "cpo", "Let CPO and peer exchange credentials.", register,
         (PEER, _BEGINS, _TOKEN_A, _REFUSED), "peer"),
    Step("unregister", "cpo", "End the connection with a peer.", unregister, (PEER,), "peer"),
    Step("rotate", "cpo", "Change both tokens of a connection, perhaps its version.", rotate,
         (PEER, _VERSIONS), "peer"),
    Step("pull_tokens", "cpo", "Take over a peer's whole list of tokens.", pull_tokens, (PEER,),
         "peer"),
    Step("remote_start", "cpo", "Let the CPO start a session at a station.", remote_start,
         (STATION, TOKEN, EVSE)),
    Step("remote_stop", "cpo", "Let the CPO stop a session.", remote_stop, (_SESSION,), "session"),
    Step("block_token", "cpo", "Refuse a token at this CPO.", block_token, (TOKEN,), "token"),
    Step("unblock_token", "cpo", "Take a token off the CPO's own list.", unblock_token, (TOKEN,),
         "token"),
    Step("omit", "cpo", "Leave fields out of a station's CDRs.", omit, (STATION, _FIELDS)),
    Step("change_tariff", "cpo", "Change a tariff and tell peers.", change_tariff,
         (_TARIFF, _CHANGES)),
    Step("kill_cpo", "cpo", "Kill the CPO as by kill -9: what is not committed is lost.", kill_cpo),
    Step("revive_cpo", "cpo", "Start a killed CPO again, on what its database holds.",
         revive_cpo),
    Step("retry_cdr", "cpo", "Send a refused CDR again.", retry_cdr, (_CDR,), "cdr"),
)
# fmt: on
