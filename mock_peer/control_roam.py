"""The Roam face in the control API: who its EMPs are, what is set up for them, what waits.

Rule: as in `control`; these rows stand in the same table.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from mock_peer.control import ControlError
from mock_peer.control_sending import sent_by_hand
from mock_peer.control_shapes import ByHandAnswer, ByHandRequest, CredentialsToken, Taken, Url
from mock_peer.operation import Call, Operation
from mock_peer.roam import Roam
from mock_peer.roam_organisation import Organisation, OrganisationError, parse
from simulator.ocpi.client import OcpiCallFailed
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import OcpiError

EmpName = Annotated[
    str,
    Meta(
        pattern="^[!-~]{1,64}$", description="what the journal calls the EMP; null: as by default"
    ),
]


class EmpRegistration(Taken, frozen=True, kw_only=True):
    """A handshake with an EMP for Roam to begin."""

    versions_url: Url
    token_a: CredentialsToken
    organisation: dict[str, Any] | None = None
    name: EmpName | None = None


class OrganisationChange(Taken, frozen=True, kw_only=True):
    """What is set up for an EMP: fields left out stay as they are (docs/roam.md)."""

    organisation: dict[str, Any]
    name: EmpName | None = None


class EmpView(msgspec.Struct, frozen=True, kw_only=True):
    """An EMP at Roam."""

    id: str
    peer: str
    registered: bool
    party: str | None
    tokens: int
    organisation: Organisation


class RoamView(msgspec.Struct, frozen=True, kw_only=True):
    """The Roam face."""

    versions_url: str
    token_a: str
    locations: int
    emps: list[EmpView]
    waiting_cdrs: list[str]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """How many CDRs go out."""

    cdrs: int


class RoamControl:
    """The operations of the Roam face."""

    def __init__(self, roam: Roam) -> None:
        self._roam = roam
        self._book = roam.book

    def operations(self) -> tuple[Operation, ...]:
        """Rows for the control API's table."""
        return (
            Operation("GET", "/roam", "The Roam face: its EMPs, and the token A for the next one.",
                      None, RoamView, self.roam),
            Operation("POST", "/roam/register", "Let Roam begin the handshake with an EMP.",
                      EmpRegistration, EmpView, self.roam_register),
            Operation("PUT", "/roam/emps/{id}", "Set an EMP up: countries, prefixes, keys, rules.",
                      OrganisationChange, EmpView, self.roam_organisation),
            Operation("POST", "/roam/emps/{id}/send", "Send an EMP any request, valid or not.",
                      ByHandRequest, ByHandAnswer, self.roam_by_hand),
            Operation("POST", "/roam/night", "Send the CDRs that wait for the night at once.",
                      None, Sent, self.roam_night),
        )  # fmt: skip

    async def roam(self, call: Call) -> RoamView:
        """The Roam face."""
        invited = self._roam.face.invite()
        return RoamView(
            versions_url=self._roam.versions_url,
            token_a=invited.token_in,
            locations=len(self._roam.catalogue),
            emps=[self._view(connection) for connection in self._book.all()],
            waiting_cdrs=[delivery.id for delivery in self._book.deliveries()],
        )

    async def roam_register(self, call: Call) -> EmpView:
        """Begin the handshake with an EMP."""
        wanted: EmpRegistration = call.body
        told = wanted.organisation
        try:
            organisation = None if told is None else parse(told)
            connection = await self._roam.face.register(
                wanted.versions_url, wanted.token_a, organisation, wanted.name
            )
        except OrganisationError as error:
            raise _wrong(error) from error
        except (OcpiError, OcpiCallFailed) as error:
            raise ControlError(502, f"the registration failed: {error}") from error
        return self._view(connection)

    async def roam_organisation(self, call: Call) -> EmpView:
        """Set an EMP up."""
        connection = self._emp(call)
        wanted: OrganisationChange = call.body
        base = self._book.organisation(connection)
        connection.peer = wanted.name or connection.peer
        try:
            self._book.set_organisation(connection, parse(wanted.organisation, base))
        except OrganisationError as error:
            raise _wrong(error) from error
        return self._view(connection)

    async def roam_by_hand(self, call: Call) -> ByHandAnswer:
        """Send an EMP any request."""
        return await sent_by_hand(self._roam.client, self._emp(call), call.body)

    def _emp(self, call: Call) -> Connection:
        connection = self._book.connection(call.params["id"])
        if connection is None:
            known = ", ".join(one.id for one in self._book.all()) or "none"
            raise ControlError(404, f"no such EMP; known: {known}")
        return connection

    async def roam_night(self, call: Call) -> Sent:
        """Send what waits."""
        return Sent(cdrs=self._roam.outbound.send_now())

    def _view(self, connection: Connection) -> EmpView:
        party = connection.their_party
        return EmpView(
            id=connection.id,
            peer=connection.peer,
            registered=connection.registered,
            party=str(party) if party else None,
            tokens=sum(1 for _ in self._book.tokens.of(connection.id)),
            organisation=self._book.organisation(connection),
        )


def _wrong(error: OrganisationError) -> ControlError:
    return ControlError(400, error.problem, f"/organisation{error.pointer}")
