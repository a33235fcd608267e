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
from mock_peer.roam_organisation import Organisation, parse
from mock_peer.roam_sessions import Told
from mock_peer.roam_tokens import Held, TokenRegister
from mock_peer.shelf_memory import open_shelf
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
        self, database: str = ":memory:", *, organisation: Organisation | None = None
    ) -> None:
        self.default_organisation = organisation or Organisation()
        self._shelf = open_shelf(database)
        self._connections: dict[str, Connection] = {}
        self._organisations: dict[str, Organisation] = {}
        self._deliveries: dict[str, Delivery] = {}
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
            told = connection.extra.get(_ORGANISATION)
            found = parse(told) if told is not None else self._default(connection)
            self._organisations[connection.id] = found
        return found

    def set_organisation(self, connection: Connection, organisation: Organisation) -> None:
        """Set an EMP up."""
        connection.extra[_ORGANISATION] = organisation.to_json()
        self.save(connection)

    def _default(self, connection: Connection) -> Organisation:
        """The default, under the EMP's own name: its prefix is registered from the start."""
        party = connection.their_party
        if party is None:
            return self.default_organisation
        return msgspec.structs.replace(
            self.default_organisation, country_code=party.country_code, party_id=party.party_id
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

    def put_delivery(self, delivery: Delivery) -> None:
        """Keep a CDR under way."""
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
