"""What the Roam face keeps: EMPs and their organisations, tokens, issued ids, deliveries.

Rule: memory answers, SQLite remembers; a row is on the disk before the call returns, as in `book`.
The catalogue is not kept: it follows from what CPOs told, which `book` keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from mock_peer.roam_delivery import Delivery
from mock_peer.roam_ids import IdMap, Origin
from mock_peer.roam_organisation import Organisation, OrganisationError, parse
from mock_peer.roam_sessions import Told
from mock_peer.roam_tokens import Held, TokenRegister
from mock_peer.shelf_memory import MEMORY, MemoryShelf, open_shelf
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import read_json, write_json

_ORGANISATION = "organisation"


class Asked(NamedTuple):
    """An authorization that an EMP gave: its connection, and its own reference if it told one."""

    organisation: str
    reference: str | None


class RoamBook:
    """All that the Roam face holds. It is the connection store of its OCPI server, too."""

    def __init__(
        self, database: str | MemoryShelf = MEMORY, *, organisation: Organisation | None = None
    ) -> None:
        self.default_organisation = organisation or Organisation()
        self._shelf = open_shelf(database)
        self._connections: dict[str, Connection] = {}
        self._organisations: dict[str, Organisation] = {}
        self._deliveries: dict[str, Delivery] = {}
        self._handed_on: set[str] = set()  # the CDRs that ever went to an EMP
        self._told: dict[str, Told] = {}
        self._asked: dict[str, Asked] = {}
        self.ids = IdMap(self._keep_id)
        self.tokens = TokenRegister()
        self._load()

    def _load(self) -> None:
        shelf = self._shelf
        for row in shelf.rows("roam-connection"):
            connection = Connection.from_json(read_json(row.body))
            self._connections[connection.id] = connection
        self.ids.restore((row.key, _origin(row.body)) for row in shelf.rows("roam-id"))
        for row in shelf.rows("roam-token"):
            self.tokens.take(row.note, read_json(row.body))
        for row in shelf.rows("roam-told"):
            self._told[row.key] = Told(*read_json(row.body))
        for row in shelf.rows("roam-asked"):
            self._asked[row.key] = Asked(*read_json(row.body))
        for row in shelf.rows("roam-delivery"):
            self._deliveries[row.key] = _delivery(row.body)
        self._handed_on.update(row.key for row in shelf.rows("roam-cdr"))

    def _keep_id(self, rewritten: str, origin: Origin) -> None:
        self._shelf.put("roam-id", "", rewritten, write_json([*origin[:3], *origin.ids]))

    def close(self) -> None:
        """Close the file."""
        self._shelf.close()

    # EMPs (simulator.ocpi.connection.ConnectionStore)

    def by_token(self, token: str) -> Connection | None:
        """The EMP that proves itself with `token`."""
        return next((c for c in self._connections.values() if c.accepts(token)), None)

    def save(self, connection: Connection) -> None:
        """Insert or replace, by id."""
        self._connections[connection.id] = connection
        self._organisations.pop(connection.id, None)
        plain = write_json(connection.to_json())
        self._shelf.put("roam-connection", "", connection.id, plain)

    def remove(self, connection: Connection) -> None:
        """Forget an EMP's registration; its tokens and CDRs under way stay."""
        self._connections.pop(connection.id, None)
        self._organisations.pop(connection.id, None)
        self._shelf.drop("roam-connection", "", connection.id)

    def replaced_by(self, connection: Connection) -> list[Connection]:
        """Let an EMP that registers anew take the place of its former self: the same party.

        Its settings, tokens and sessions go on; returns the connections that ended.
        """
        party = str(connection.their_party).casefold()
        former = [
            other
            for other in self._connections.values()
            if other.registered and str(other.their_party).casefold() == party
        ]
        former = [other for other in former if other.id != connection.id]
        for other in former:
            self._adopt(connection, other)
            self.remove(other)
        return former

    def _adopt(self, connection: Connection, former: Connection) -> None:
        connection.peer = former.peer
        if _ORGANISATION in former.extra:
            connection.extra.setdefault(_ORGANISATION, former.extra[_ORGANISATION])
        self.save(connection)
        for held in list(self.tokens.of(former.id)):
            self.put_token(connection, held.token)
        for name, told in self._told.items():
            if told.organisation == former.id:
                self.put_told(name, told._replace(organisation=connection.id))

    def all(self) -> list[Connection]:
        """Every EMP, oldest first."""
        return list(self._connections.values())

    def connection(self, connection_id: str) -> Connection | None:
        """The EMP of that connection id."""
        return self._connections.get(connection_id)

    def new_connection(self) -> Connection:
        """A connection with an id that none ever had; the first one's actor is `emp`."""
        row = self._shelf.get("roam-count", "", "connections")
        number = int(row.note) + 1 if row else 1
        self._shelf.put("roam-count", "", "connections", b"", str(number))
        return Connection(id=f"emp-{number}", peer="emp" if number == 1 else f"emp-{number}")

    def organisation(self, connection: Connection) -> Organisation:
        """What is set up for an EMP: its own, else the default."""
        found = self._organisations.get(connection.id)
        if found is None:
            found = self._organisation(connection)
            self._organisations[connection.id] = found
        return found

    def others_prefixes(self, connection: Connection) -> dict[str, str]:
        """The contract id prefixes of other EMPs, and whose: of two, the one that came first."""
        owners: dict[str, Connection] = {}
        for emp in self._connections.values():
            for prefix in self.organisation(emp).prefixes if emp.registered else ():
                owners.setdefault(prefix, emp)
        return {
            prefix: str(owner.their_party or owner.id)
            for prefix, owner in owners.items()
            if owner.id != connection.id
        }

    def set_organisation(self, connection: Connection, organisation: Organisation) -> None:
        """Set an EMP up. Raises OrganisationError where a contract id prefix is another EMP's.

        Its former self, whose place it will take, is no other: the same party.
        """
        party = f"{organisation.country_code}*{organisation.party_id}".casefold()
        others = self.others_prefixes(connection).items()
        taken = {prefix: whose for prefix, whose in others if whose.casefold() != party}
        if (clash := organisation.clash(taken)) is not None:
            place, other = clash
            pointer = "/contract_prefixes" + (f"/{place}" if organisation.contract_prefixes else "")
            raise OrganisationError(pointer, f"{other} is registered for {taken[other]}")
        connection.extra[_ORGANISATION] = organisation.to_json()
        self.save(connection)

    def _organisation(self, connection: Connection) -> Organisation:
        """What was told of an EMP; it is the party of its credentials where no other was told."""
        told, party = connection.extra.get(_ORGANISATION), connection.their_party
        found = self.default_organisation if told is None else parse(told)
        if party is None or (told is not None and found.country_code and found.party_id):
            return found
        return msgspec.structs.replace(
            found, country_code=party.country_code, party_id=party.party_id
        )

    # Tokens, sessions, authorizations

    def put_token(self, connection: Connection, token: Mapping[str, Any]) -> Held:
        """Keep a token of an EMP."""
        held = self.tokens.take(connection.id, token)
        key = f"{held.uid.casefold()} {held.type}"
        self._shelf.put("roam-token", "", key, write_json(held.token), connection.id)
        return held

    def told(self, session_id: str) -> Told | None:
        """What the EMP knows of a session, by the id it knows."""
        return self._told.get(session_id)

    def put_told(self, session_id: str, told: Told) -> None:
        """Keep what an EMP knows of a session."""
        self._told[session_id] = told
        self._shelf.put("roam-told", "", session_id, write_json(list(told)))

    def asked(self, reference: str | None) -> Asked | None:
        """The EMP's answer behind one of Plugsurfing's references."""
        return self._asked.get(reference.casefold()) if reference else None

    def put_asked(self, reference: str, asked: Asked) -> None:
        """Keep whose answer a reference stands for."""
        self._asked[reference.casefold()] = asked
        self._shelf.put("roam-asked", "", reference.casefold(), write_json(list(asked)))

    # Deliveries

    def deliveries(self) -> list[Delivery]:
        """The CDRs that no EMP has taken yet, oldest first."""
        return list(self._deliveries.values())

    def delivery(self, name: str) -> Delivery | None:
        """A CDR that no EMP has taken yet."""
        return self._deliveries.get(name)

    def handed_on(self, name: str) -> bool:
        """True for a CDR that was ever under way to an EMP."""
        return name in self._handed_on

    def put_delivery(self, delivery: Delivery) -> None:
        """Keep a CDR under way."""
        if delivery.id not in self._handed_on:
            self._handed_on.add(delivery.id)
            self._shelf.put("roam-cdr", "", delivery.id, b"")
        self._deliveries[delivery.id] = delivery
        body = write_json(msgspec.to_builtins(delivery, builtin_types=(Decimal,)))
        self._shelf.put("roam-delivery", "", delivery.id, body)

    def end_delivery(self, delivery: Delivery) -> None:
        """Forget a CDR that was taken, or given up."""
        self._deliveries.pop(delivery.id, None)
        self._shelf.drop("roam-delivery", "", delivery.id)


def _origin(body: bytes) -> Origin:
    connection, country_code, party_id, *ids = read_json(body)
    return Origin(connection, country_code, party_id, tuple(ids))


def _delivery(body: bytes) -> Delivery:
    plain = read_json(body)
    cdr = plain.pop("cdr")  # its amounts stay exact
    return msgspec.structs.replace(msgspec.convert({**plain, "cdr": {}}, Delivery), cdr=cdr)
