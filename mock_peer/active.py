"""Plugsurfing as the active party: registering, pulling, pushing tokens, sending commands.

Rule: what fails at the other side is told in the journal and in the result, and stops nothing else.
Each object of a page is judged by itself: one bad object never sinks the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from mock_peer import rules
from mock_peer.book import Book
from mock_peer.emp_tokens import VIRTUAL, TokenSource
from mock_peer.judging import Judge, refusal, refusing
from mock_peer.known import Authorization
from mock_peer.pulling import Pulling
from mock_peer.rule import V22X, Occasion
from simulator.kernel.chance import Chance
from simulator.kernel.clock import rfc3339
from simulator.ocpi.client import Answer, Failure, OcpiCallFailed, OcpiClient
from simulator.ocpi.connection import RECEIVER, SENDER, Connection
from simulator.ocpi.envelope import OcpiError
from simulator.ocpi.registration import Registrar
from simulator.ocpi.versions import Version
from simulator.wire.http import join_url

# The other side must have stored our answer to its credentials before it can know our token.
SETTLE_S = 1.0
COMMANDS = ("START_SESSION", "STOP_SESSION")


class Refused(Exception):
    """Something asked of the peer cannot be done; the message says why."""


class Pushed(NamedTuple):
    """What a CPO answered to a token, and when it was sent."""

    at: str
    http_status: int | None
    status_code: int | None
    problem: str | None


class Active:
    """What Plugsurfing does by itself on its connections."""

    def __init__(
        self,
        judge: Judge,
        tokens: TokenSource,
        client: OcpiClient,
        registrar: Registrar,
        chance: Chance,
        result_url: Callable[[str, str, str], str],
    ) -> None:
        self._judge = judge
        self._book: Book = judge.book
        self._tokens = tokens
        self.client = client
        self._registrar = registrar
        self._chance = chance.child("active")
        self._result_url = result_url
        self.pulling = Pulling(judge, client)
        # What each CPO answered to a token last: by uid and type, then by connection.
        self.pushed: dict[tuple[str, str], dict[str, Pushed]] = {}
        self._journal = judge.journal
        self.actor = judge.actor
        registrar.judge = self._judge_credentials

    # Registration

    def invite(self) -> Connection:
        """A connection that waits for its CPO: its `token_in` is token A."""
        waiting = [c for c in self._book.all() if _waits(c)]
        if waiting:
            if waiting[-1].peer != (name := self._free_name()):  # of a CPO that left, say
                waiting[-1].peer = name
                self._book.save(waiting[-1])
            return waiting[-1]
        connection = self.new_connection()
        connection.token_in = self._registrar.new_token()
        self._book.save(connection)
        return connection

    def new_connection(self) -> Connection:
        """A connection with an id that no other ever had, and a name that no other has now."""
        return Connection(id=self._book.new_connection_id(), peer=self._free_name())

    def _free_name(self) -> str:
        """What the journal calls the next CPO: `cpo`, `cpo-2`, …, the first that nobody bears, so
        that who registers again after it had left is called as before.
        """
        borne = {c.peer for c in self._book.all() if not _waits(c)}
        names = (f"cpo-{number}" if number > 1 else "cpo" for number in count(1))
        return next(name for name in names if name not in borne)

    async def register(self, connection: Connection, version: str | None = None) -> None:
        """Begin the handshake with the CPO at `versions_url`, whose token A is `token_out`. Raises
        Refused.
        """
        registrar = self._registrar
        if version is not None:
            one = replace(registrar.platform, versions=(version,))
            registrar = Registrar(self.client, self._book, one, self._chance)
            registrar.judge = self._judge_credentials
        try:
            await registrar.register(connection)
        except (OcpiError, OcpiCallFailed) as error:
            self._book.remove(connection)
            raise Refused(f"the registration failed: {error}") from error

    def _judge_credentials(self, connection: Connection, answer: Answer, version: Version) -> None:
        """Judge the credentials that a CPO answers with. Raises OcpiError where one is refused."""
        body = answer.envelope.data if answer.envelope is not None else None
        context = self._judge.context(connection, version.number)
        found = rules.evaluate(Occasion.CREDENTIALS, body, context)
        self._judge.tell_apart(connection, found, answer.record_seq)
        if (refused := refusing(found)) is not None and context.profile.strict:
            raise refusal(refused)

    async def registered(self, connection: Connection) -> None:
        """What follows a registration that the CPO began, unless it has left again by then."""
        self.invite()
        await self._judge.clock.sleep(SETTLE_S)
        if connection.registered:
            await self.settled(connection)

    async def ended(self, connection: Connection) -> None:
        """What follows a DELETE of credentials by the CPO."""
        self._journal.event(self.actor, "peer.ended", peer=connection.peer)
        self.invite()

    async def settled(self, connection: Connection, pull: Iterable[str] | None = None) -> None:
        """What follows any registration: look at what is offered, pull it (these modules, else what
        Plugsurfing pulls by itself), push our tokens.
        """
        self.invite()
        self._look(connection)
        await self.pulling.pull(connection, pull)
        await self.push_tokens(connection)

    def _look(self, connection: Connection) -> None:
        """Judge what a CPO offers, and tell that it is registered."""
        offered = [
            {"identifier": module, "role": role} for module, role in sorted(connection.endpoints)
        ]
        context = self._judge.context(connection, connection.version or "")
        found = rules.evaluate(Occasion.ENDPOINTS, {"endpoints": offered}, context)
        self._judge.tell_apart(connection, found, None)
        self._journal.event(
            self.actor,
            "peer.registered",
            peer=connection.peer,
            connection=connection.id,
            version=connection.version,
            parties=[f"{r['country_code']}*{r['party_id']}" for r in connection.their_roles],
        )

    async def update(self, connection: Connection, version: str | None = None) -> None:
        """PUT our credentials at the CPO: both tokens are new from then on, and it may be another
        version that is spoken. Raises Refused.
        """
        try:
            await self._registrar.update(connection, (version or connection.version or "",))
        except (OcpiError, OcpiCallFailed, KeyError) as error:
            raise Refused(f"the update failed: {error}") from error
        self._look(connection)

    async def credentials(self, connection: Connection) -> Answer:
        """GET the CPO's credentials."""
        url = connection.endpoints.get(("credentials", SENDER), "")
        return await self.client.exchange(connection, "GET", url, module="credentials")

    async def unregister(self, connection: Connection) -> Answer:
        """DELETE our credentials at the CPO, and forget it. Raises Refused."""
        try:
            answer = await self._registrar.unregister(connection)
        except (OcpiError, KeyError) as error:
            raise Refused(f"there is nothing to end: {error}") from error
        self._journal.event(self.actor, "peer.unregistered", peer=connection.peer)
        self.invite()
        return answer

    # Tokens

    async def push_tokens(self, connection: Connection) -> list[tuple[Mapping[str, Any], Answer]]:
        """PUT every token at a CPO, one after the other; what it answered to each. A CPO that is
        not there is not asked again: the rest is left.
        """
        pushed: list[tuple[Mapping[str, Any], Answer]] = []
        for token in self._tokens.tokens_for(connection):
            answer = await self.push_token(connection, token)
            if answer is None:
                return []
            pushed.append((token, answer))
            if answer.failure in (Failure.UNREACHABLE, Failure.NO_ANSWER):
                break
        taken = sum(answer.ok for _, answer in pushed)
        self._journal.event(self.actor, "peer.tokens-pushed", peer=connection.peer, taken=taken)
        return pushed

    async def push_token(self, connection: Connection, token: Mapping[str, Any]) -> Answer | None:
        """PUT one token at a CPO; None where it offers no tokens module, or need not know it."""
        url = connection.endpoints.get(("tokens", RECEIVER))
        needless = not self._book.profile(connection).remote_start_token_first
        if url is None or connection.version is None or (needless and token["type"] in VIRTUAL):
            return None
        wire = self._tokens.wire(connection, connection.version, token)
        owner, kind = (token["country_code"], token["party_id"], token["uid"]), token["type"]
        answer = await self.client.exchange(
            connection,
            "PUT",
            join_url(url, *owner),
            module="tokens",
            body=wire,
            query={"type": kind} if connection.version in V22X and kind != "RFID" else None,
        )
        context = self._judge.context(connection, connection.version)
        at = rfc3339(self._judge.clock.now())
        self.pushed.setdefault((token["uid"], token["type"]), {})[connection.id] = Pushed(
            at, answer.http_status, answer.status_code, answer.message or None
        )
        own = rules.evaluate(Occasion.TOKEN, wire, context)
        self._judge.tell_apart(connection, own, answer.record_seq)
        return answer

    # Commands

    async def command(
        self,
        connection: Connection,
        name: str,
        request: Mapping[str, Any],
        session: str | None = None,
    ) -> dict[str, Any]:
        """Send START_SESSION or STOP_SESSION; returns the command as kept. Raises Refused.

        `session` is the plug-in session that it belongs to, where that is known.
        """
        url = connection.endpoints.get(("commands", RECEIVER))
        if connection.version not in V22X:
            raise Refused(f"Plugsurfing sends no commands over OCPI {connection.version}")
        if url is None:
            raise Refused("the CPO offers no commands")
        if not self._book.profile(connection).remote_start:
            raise Refused("the connection's profile says that remote start is not supported")
        command_id = self._chance.uuid4()
        if session is not None:
            self._journal.link(f"command/{command_id}", session)
        body = {
            "response_url": self._result_url(connection.version, name, command_id),
            **request,
        }
        if name == "START_SESSION":
            body["authorization_reference"] = self._authorize(connection, request)
        command: dict[str, Any] = {
            "id": command_id,
            "connection": connection.id,
            "command": name,
            "request": body,
            "response": None,
            "result": None,
        }
        self._book.put_command(command)
        answer = await self.client.exchange(
            connection,
            "POST",
            join_url(url, name),
            module="commands",
            body=body,
            takes=f"command:{name}",
            gives="command_response",
            session=session,
        )
        self._judge_response(connection, answer)
        if answer.session is not None:
            self._journal.link(f"command/{command_id}", answer.session)
        command = self._book.command(command_id) or command  # the result may have overtaken us
        command["response"] = answer.data if answer.ok else {"failure": answer.message}
        self._book.put_command(command)
        return command

    def _judge_response(self, connection: Connection, answer: Answer) -> None:
        """Judge what a CPO answered at once, as it came on the wire."""
        if answer.ok and answer.envelope is not None:
            context = self._judge.context(connection, connection.version or "")
            found = rules.evaluate(Occasion.COMMAND_RESPONSE, answer.envelope.data, context)
            self._judge.tell_apart(connection, found, answer.record_seq)

    def _authorize(self, connection: Connection, request: Mapping[str, Any]) -> str:
        """Issue the reference of a remote start: by sending it, Plugsurfing allows it."""
        token = request["token"]
        verdict = Authorization(
            reference=self._chance.uuid4(),
            at=self._judge.clock.now(),
            token_uid=token["uid"],
            token_type=token["type"],
            contract_id=token["contract_id"],
            location_id=request["location_id"],
            allowed="ALLOWED",
            by_command=True,
            evse_uids=tuple(uid for uid in (request.get("evse_uid"),) if uid),
        )
        self._book.put_authorization(connection, verdict)
        return verdict.reference

    async def result_of(self, command_id: str, timeout_s: float) -> dict[str, Any] | None:
        """A command once its asynchronous result is there, or as it is after `timeout_s`."""
        arrived = asyncio.Event()

        def look(record: Mapping[str, Any]) -> None:
            if record.get("what") == "peer.command-result":
                arrived.set()

        command = self._book.command(command_id)
        unsubscribe = self._journal.subscribe(look)
        try:
            async with self._judge.clock.timeout(timeout_s):
                while command is not None and command["result"] is None:
                    arrived.clear()
                    await arrived.wait()
                    command = self._book.command(command_id)
        except TimeoutError:
            pass
        finally:
            unsubscribe()
        return command


def _waits(connection: Connection) -> bool:
    """True for an invitation that no CPO has taken."""
    return not connection.registered and not connection.token_out
