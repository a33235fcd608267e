"""Registering, updating and ending a connection: the conversations over the credentials module.

Rule: a connection changes only once the conversation has succeeded; until then the tokens in use
stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from simulator.kernel.chance import Chance
from simulator.kernel.clock import rfc3339
from simulator.ocpi.client import Answer, OcpiCallFailed, OcpiClient
from simulator.ocpi.connection import SENDER, Connection, ConnectionStore, Endpoints
from simulator.ocpi.envelope import (
    InvalidParameters,
    Json,
    NoMatchingEndpoints,
    PeerApiUnusable,
)
from simulator.ocpi.handshake import (
    Platform,
    check_credentials,
    check_endpoints,
    check_unique_roles,
    choose_version,
    read_endpoints,
    step,
)
from simulator.ocpi.headers import TokenForm
from simulator.ocpi.versions import VERSIONS, Version, ranked


class Found(NamedTuple):
    """What a look at a peer's versions and details found."""

    version: Version
    endpoints: Endpoints
    token_form: TokenForm


class Registrar:
    """Hold the credentials conversations of one actor."""

    def __init__(
        self, client: OcpiClient, store: ConnectionStore, platform: Platform, chance: Chance
    ) -> None:
        self.client = client
        self.store = store
        self.platform = platform
        self._chance = chance.child("ocpi/tokens")
        # Sees the credentials that a peer answers with, and raises the OcpiError that refuses them.
        self.judge: Callable[[Connection, Answer, Version], None] = _unique_roles

    def new_token(self) -> str:
        """A credentials token of our making."""
        return self._chance.token()

    async def discover(self, connection: Connection, wanted: tuple[str, ...]) -> Found:
        """Fetch versions and details, as `connection.token_out` lets us.

        Raises PeerApiUnusable (3001), UnsupportedVersion (3002), NoMatchingEndpoints (3003).
        """
        highest = VERSIONS[max(wanted, key=ranked)]
        first: TokenForm = connection.token_form or highest.token_form
        url, either = connection.versions_url, (first, _OTHER[first])
        listed, form = await self._get(connection, url, either, highest)
        offer = choose_version(listed, wanted)
        # Who refuses the usual form refuses it everywhere; else the version decides.
        forms = (offer.version.token_form, form) if form == first else (form,)
        details, form = await self._get(connection, offer.url, forms, offer.version)
        endpoints = read_endpoints(details, offer.version)
        self._check(connection, endpoints, offer.version)
        return Found(offer.version, endpoints, form)

    def _check(self, connection: Connection, endpoints: Endpoints, version: Version) -> None:
        """Tell and raise NoMatchingEndpoints (3003) where the peer lacks what we need."""
        needs = (("credentials", SENDER), *self.platform.needs)
        try:
            check_endpoints(endpoints, needs, version, self.platform.uses)
        except NoMatchingEndpoints as error:
            offered = sorted({module for module, _ in endpoints})
            self.client.event(
                connection, "ocpi.endpoints-missing", offered=offered, problem=error.message
            )
            raise

    async def _get(
        self,
        connection: Connection,
        url: str,
        forms: tuple[TokenForm, ...],
        version: Version,
    ) -> tuple[Json, TokenForm]:
        """GET from the versions module, trying the token's forms until one is let in."""
        for form in dict.fromkeys(forms):
            answer = await self.client.exchange(
                connection, "GET", url, module="versions", version=version, token_form=form
            )
            if answer.http_status != 401:
                break
        if answer.failure is not None:
            cause = OcpiCallFailed(answer)
            raise PeerApiUnusable(str(cause)) from cause
        return answer.data, form

    # We begin

    async def register(self, connection: Connection) -> Connection:
        """Register with token A (`token_out`) at `versions_url`: discover, then POST credentials.

        Raises OcpiError where the peer offers nothing to register with or gives bad credentials,
        OcpiCallFailed where it refuses.
        """
        step(connection, "POST")
        return await self._offer(connection, "POST", self.platform.versions)

    async def update(
        self, connection: Connection, versions: tuple[str, ...] | None = None
    ) -> Connection:
        """Rotate both tokens, fetch the endpoints again, and go to the highest common version.

        Raises as `register` does.
        """
        step(connection, "PUT")
        return await self._offer(connection, "PUT", versions or self.platform.versions)

    async def unregister(self, connection: Connection) -> Answer:
        """End the connection: DELETE our credentials there, and forget it here even if that fails.

        Raises MethodNotAllowed where there is no registration.
        """
        step(connection, "DELETE")
        url = connection.endpoints.get(("credentials", SENDER), "")
        answer = await self.client.exchange(connection, "DELETE", url, module="credentials")
        self.end(connection)
        return answer

    async def _offer(
        self, connection: Connection, verb: str, versions: tuple[str, ...]
    ) -> Connection:
        self.introduce(connection)
        found = await self.discover(connection, versions)
        connection.token_next = self.new_token()
        self.store.save(connection)  # the peer calls back with it before it answers
        try:
            theirs = await self._send_credentials(connection, verb, found)
        except BaseException:
            connection.token_next = ""
            self.store.save(connection)
            raise
        self.settle(connection, found, theirs, token_in=connection.token_next, began="us")
        return connection

    async def _send_credentials(self, connection: Connection, verb: str, found: Found) -> Json:
        answer = await self.client.request(
            connection,
            verb,
            found.endpoints["credentials", SENDER],
            module="credentials",
            body=self.platform.credentials(connection.token_next, connection.our_roles),
            takes="credentials",
            gives="credentials",
            version=found.version,
            token_form=found.token_form,
        )
        try:
            check_credentials(answer.data)
        except InvalidParameters as error:
            message = f"the credentials in the answer: {error.pointer}: {error.message}"
            raise PeerApiUnusable(message) from error
        self.judge(connection, answer, found.version)
        return answer.data

    # The peer begins

    async def call_back(self, connection: Connection, theirs: Json, version: Version) -> Found:
        """Look at the sender of `theirs` with its new token, for the version it chose.

        Raises PeerApiUnusable (3001), UnsupportedVersion (3002), NoMatchingEndpoints (3003).
        """
        caller = replace(
            connection,
            version=version.number,
            token_out=theirs["token"],
            versions_url=theirs["url"],
            endpoints={},
        )
        return await self.discover(caller, (version.number,))

    # Either

    def introduce(self, connection: Connection) -> None:
        """Let a connection have our roles, unless it was given some of its own."""
        if not connection.our_roles:
            connection.our_roles = [dict(role) for role in self.platform.roles]

    def settle(
        self, connection: Connection, found: Found, theirs: Json, *, token_in: str, began: str
    ) -> None:
        """Make what was agreed the truth, in one step, and store it; `began`: us or them."""
        connection.version = found.version.number
        connection.endpoints = found.endpoints
        connection.token_form = (
            None if found.token_form == found.version.token_form else found.token_form
        )
        connection.token_in, connection.token_next = token_in, ""
        connection.token_out = theirs["token"]
        connection.versions_url = theirs["url"]
        connection.their_roles = theirs["roles"]
        now = rfc3339(self.client.clock.now())
        if connection.registered:
            connection.renewed = now
        else:
            connection.began, connection.since = began, now
        connection.registered = True
        self.store.save(connection)

    def end(self, connection: Connection) -> None:
        """Forget a connection: its tokens are worth nothing from here on."""
        connection.registered = False
        connection.token_in = connection.token_out = connection.token_next = ""
        connection.endpoints = {}
        self.store.remove(connection)


def _unique_roles(_connection: Connection, answer: Answer, _version: Version) -> None:
    try:
        check_unique_roles(answer.data["roles"])
    except InvalidParameters as error:
        message = f"the credentials in the answer: {error.pointer}: {error.message}"
        raise PeerApiUnusable(message) from error


_OTHER: dict[TokenForm, TokenForm] = {"base64": "raw", "raw": "base64"}
