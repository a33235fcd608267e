"""What passes between the faces: what CPOs tell goes to EMPs, what EMPs ask goes to CPOs.

Rule: neither face knows the other; each step of a charging session is journalled under the same
correlation on both. Ids, tokens and references change at the border and nowhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from mock_peer import raw
from mock_peer.active import Active, Refused
from mock_peer.book import Book
from mock_peer.roam_authorize import check_first
from mock_peer.roam_book import Asked
from mock_peer.roam_catalogue import Catalogue, Entry
from mock_peer.roam_cdrs import is_credit, shown_cdr, shown_id
from mock_peer.roam_delivery import Delivery
from mock_peer.roam_ids import Kind, Origin
from mock_peer.roam_judging import ACTOR, RoamJudge
from mock_peer.roam_outbound import ORIGINAL_PROTOCOL, Outbound
from mock_peer.roam_sessions import next_message, shown_progress, shown_session, told_by
from mock_peer.roam_tokens import Held, forwarded
from mock_peer.rule import V211, Occasion
from simulator.kernel.clock import rfc3339
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import Json
from simulator.ocpi.versions import VERSIONS

# Versions that name only the contract of a token: auth_id.
_CONTRACT_ONLY = frozenset({V211})


class Relay:
    """The border between the faces: it watches face A's book, and is face B's `CpoSide`."""

    def __init__(
        self,
        *,
        judge: RoamJudge,
        catalogue: Catalogue,
        outbound: Outbound,
        cpos: Book,
        active: Active,
    ) -> None:
        self._judge = judge
        self._book = judge.book
        self._catalogue = catalogue
        self._outbound = outbound
        self._cpos = cpos
        self._active = active
        self._journal = judge.journal
        self._forwarding = asyncio.Lock()  # CPOs hear of a token's changes in their order

    def restore(self) -> None:
        """Fill the catalogue with what CPOs told before."""
        for connection in self._cpos.all():
            known = self._cpos.known(connection)
            for tariff_id in known.tariffs:
                self.tariff_changed(connection, tariff_id, known.tariff(tariff_id))
            for location in known.locations.values():
                self.location_changed(connection, location.body, location.outside)

    # From CPOs to EMPs (mock_peer.book.Watcher)

    def location_changed(
        self, connection: Connection, body: Mapping[str, Any], outside: bool
    ) -> None:
        """Show a location as it now is; one outside the territory is not shown."""
        origin = _origin(connection, body, raw.text(body, "/id"))
        if outside:
            self._catalogue.remove(origin)
            return
        entry = self._catalogue.put(body, origin, self._judge.clock.now())
        if entry is not None:
            self._judge_shown(entry)

    def location_removed(self, connection: Connection, body: Mapping[str, Any]) -> None:
        """Show a location no longer."""
        self._catalogue.remove(_origin(connection, body, raw.text(body, "/id")))

    def tariff_changed(
        self, connection: Connection, tariff_id: str, body: Mapping[str, Any] | None
    ) -> None:
        """Inline a tariff as it now is, None for one that is gone, wherever it applies."""
        now = self._judge.clock.now()
        if body is not None:
            self._catalogue.put_tariff(body, _origin(connection, body, tariff_id), now)
        else:
            self._catalogue.remove_tariff(_origin(connection, {}, tariff_id), now)

    def connection_ended(self, connection: Connection) -> None:
        """Show the locations of a CPO no longer."""
        self._catalogue.remove_connection(connection.id)

    def session_changed(self, connection: Connection, session: Mapping[str, Any]) -> None:
        """Tell the EMP of the session's token what changed."""
        held = self._whose(session)
        emp = self._emp(held)
        if held is None or emp is None or not isinstance(session.get("id"), str):
            return
        job = partial(self._tell_session, connection, session, held, emp)
        self._outbound.post(emp.id, job)

    def cdr_accepted(self, connection: Connection, body: Json) -> None:
        """Hand a CDR on to the EMP of its token; credits and other people's are not, nor is a
        second one of the same session.

        It is kept for delivery before the CPO has its answer: who was told 1000 is relied upon.
        """
        version = VERSIONS[connection.version or "2.2.1"]
        around = Around.of(connection, token=self._token_of)
        cdr = version.codec.from_wire("cdr", body, around)
        held = self._whose(cdr)
        if held is None or is_credit(cdr) or not isinstance(cdr.get("id"), str):
            return
        name = shown_id(cdr, _origin(connection, cdr), self._book.ids)
        if self._book.handed_on(name):
            self._journal.event(ACTOR, "roam.cdr-second", cdr=name, second=cdr["id"])
            return
        self._outbound.send(self._delivery(connection, cdr, held))

    async def _tell_session(
        self, connection: Connection, session: Mapping[str, Any], held: Held, emp: Connection
    ) -> None:
        origin = _origin(connection, session)
        reference = self._emp_reference(session)
        shown = shown_session(session, origin, self._book.ids, held, reference)
        method = next_message(self._book.told(shown["id"]), session)
        if method is None:
            return
        correlation = self._journal.session_of(
            f"session/{session['id']}", f"authorization/{session.get('authorization_reference')}"
        )
        if correlation is not None:
            self._journal.link(f"session/{shown['id']}", correlation)
        protocol = self._protocol(connection, session, held)
        await self._outbound.session(
            emp,
            method,
            shown,
            told_by(session, emp.id),
            body=shown_progress(session) if method == "PATCH" else None,
            protocol=protocol,
            uncertain=protocol is not None,
            session=correlation,
        )

    def _delivery(self, connection: Connection, cdr: Mapping[str, Any], held: Held) -> Delivery:
        """A CDR as it goes to the EMP."""
        origin = _origin(connection, cdr)
        location_id = raw.text(cdr, "/cdr_location/id") or ""
        entry = self._catalogue.entry(origin._replace(ids=(location_id,)))
        zone = raw.text(entry.source, "/time_zone") if entry else None
        shown, how = shown_cdr(
            cdr,
            origin,
            self._book.ids,
            held,
            reference=self._emp_reference(cdr),
            tariff_of=partial(self._catalogue.tariff, origin),
            time_zone=zone or "UTC",
        )
        correlation = self._journal.session_of(
            f"session/{cdr.get('session_id')}",
            f"authorization/{cdr.get('authorization_reference')}",
            f"cdr/{cdr.get('id')}",
        )
        if correlation is not None:
            self._journal.link(f"cdr/{shown['id']}", correlation)
        self._journal.event(
            ACTOR, "roam.cdr", session=correlation, cdr=shown["id"], breakdown=how.value
        )
        protocol = self._protocol(connection, cdr, held)
        return Delivery(
            id=shown["id"],
            organisation=held.organisation,
            cdr=shown,
            headers={ORIGINAL_PROTOCOL: protocol} if protocol else {},
            uncertain=protocol is not None,
            session=correlation,
            due=self._judge.clock.now(),
        )

    def _whose(self, body: Mapping[str, Any]) -> Held | None:
        """The EMP's token that a session or CDR names."""
        return self._book.tokens.meant(
            raw.text(body, "/cdr_token/uid"),
            raw.text(body, "/cdr_token/type"),
            raw.text(body, "/cdr_token/contract_id"),
        )

    def _token_of(self, contract_id: str) -> Mapping[str, Any] | None:
        """The token that a CPO means which names only the contract."""
        fitting = self._book.tokens.of_contract(contract_id)
        return forwarded(fitting[0].token) if fitting else None

    def _emp(self, held: Held | None) -> Connection | None:
        return self._book.connection(held.organisation) if held is not None else None

    def _emp_reference(self, body: Mapping[str, Any]) -> str | None:
        asked = self._book.asked(raw.text(body, "/authorization_reference"))
        return asked.reference if asked else None

    def _protocol(self, connection: Connection, body: Mapping[str, Any], held: Held) -> str | None:
        """The CPO's protocol where the very key is uncertain: several share the contract, and it
        is the contract that was named, by the version or by this CPO.
        """
        version = connection.version or ""
        named = raw.key(body, "/cdr_token/uid") == held.uid.casefold()
        several = len(self._book.tokens.of_contract(held.contract)) > 1
        uncertain = several and (version in _CONTRACT_ONLY or not named)
        return f"OCPI-{version}" if uncertain else None

    def _judge_shown(self, entry: Entry) -> None:
        """A defect of ours in what EMPs see is told to the first of them."""
        for emp in self._book.all()[:1]:
            self._judge.sent(emp, Occasion.ROAM_LOCATION, entry.shown, message_seq=None)

    # Real-time authorization

    async def authorize(
        self,
        connection: Connection,
        token: Mapping[str, Any],
        references: Json,
        reference: str,
        session: str | None,
    ) -> tuple[str, str] | None:
        """Decide for an EMP's token, by asking it where that is set; None for other tokens.

        `references` are the CPO's LocationReferences, `reference` the one it will be given. Returns
        the AllowedType, and why (mock_peer.emp_tokens.AskOwner).
        """
        held = self._book.tokens.find(str(token["uid"]), str(token["type"]))
        if held is None:
            return None
        emp = self._emp(held)
        if emp is None:
            return "NOT_ALLOWED", "the token's EMP is gone"
        entry = self._entry(connection, raw.text(references, "/location_id"))
        verdict = check_first(self._book.organisation(emp), held, entry)
        if verdict is None:
            asked = self._rewritten(entry, references)
            verdict = await self._outbound.authorize(held, asked, session)
        self._book.put_asked(reference, Asked(emp.id, verdict.reference))
        if session is not None and verdict.reference is not None:
            self._journal.link(f"authorization/{verdict.reference}", session)
        self._journal.event(
            ACTOR,
            "roam.authorized",
            peer=emp.peer,
            session=session,
            token=held.uid,
            allowed=verdict.allowed,
            why=verdict.why,
        )
        return verdict.allowed, verdict.why

    def _entry(self, connection: Connection, location_id: str | None) -> Entry | None:
        known = self._cpos.known(connection).location(location_id)
        if known is None:
            return None
        return self._catalogue.entry(_origin(connection, known.body, location_id))

    def _rewritten(self, entry: Entry | None, references: Json) -> dict[str, Any] | None:
        """LocationReferences as the EMP knows them; None where they resolve to nothing."""
        if entry is None:
            return None
        ids, origin = self._book.ids, entry.origin
        told = [uid for uid in raw.items(references, "/evse_uids") if isinstance(uid, str)]
        asked: dict[str, Any] = {"location_id": ids.issue(Kind.LOCATION, origin)}
        if told:
            asked["evse_uids"] = [ids.issue(Kind.EVSE, origin.below(uid)) for uid in told]
        return asked

    # From EMPs to CPOs (mock_peer.roam_commands.CpoSide)

    async def forward_token(self, held: Held) -> None:
        """Keep an EMP's token as Plugsurfing's own, and push it to every CPO."""
        token = forwarded(held.token)
        emp = self._emp(held)
        if emp is not None:
            self._judge.sent(emp, Occasion.ROAM_TOKEN_SENT, token, message_seq=None)
        self._cpos.put_token(token)
        async with self._forwarding:
            for connection in self._cpos.all():
                if connection.registered:
                    await self._active.push_token(connection, token)

    async def withdraw_tokens(self, emp: Connection) -> None:
        """Tell every CPO that the tokens of an EMP that left are no longer valid."""
        now = rfc3339(self._judge.clock.now())
        for held in list(self._book.tokens.of(emp.id)):
            withdrawn = {**held.token, "valid": False, "last_updated": now}
            await self.forward_token(self._book.put_token(emp, withdrawn))

    async def command(
        self,
        emp: Connection,
        connection: str,
        name: str,
        request: Mapping[str, Any],
        session: str | None,
    ) -> Mapping[str, Any]:
        """Send a command to a CPO; returns {id, response}."""
        found = self._cpos.connection(connection)
        if found is None:
            return {"id": "", "response": {"failure": "the CPO is no longer connected"}}
        try:
            sent = await self._active.command(found, name, request, session)
        except Refused as error:
            return {"id": "", "response": {"failure": str(error)}}
        ours = raw.text(sent["request"], "/authorization_reference")
        if ours is not None:
            theirs = raw.text(request, "/authorization_reference")
            self._book.put_asked(ours, Asked(emp.id, theirs))
        return {"id": sent["id"], "response": sent["response"]}

    async def result_of(self, command_id: str, timeout_s: float) -> Mapping[str, Any] | None:
        """The CPO's CommandResult, None if none came in time."""
        command = await self._active.result_of(command_id, timeout_s)
        result: Mapping[str, Any] | None = command["result"] if command else None
        return result


def _origin(connection: Connection, body: Mapping[str, Any], *ids: str | None) -> Origin:
    """Where an object of a CPO comes from: the owner it names, else the first party."""
    party = connection.their_party
    country_code = raw.text(body, "/country_code") or (party.country_code if party else "")
    party_id = raw.text(body, "/party_id") or (party.party_id if party else "")
    return Origin(connection.id, country_code, party_id, tuple(one or "" for one in ids))
