"""`roamlab check cpo`: Plugsurfing towards a real CPO, step by step, and the verdict on each rule.

Rule: the steps only make things happen; every judgement is made afterwards, from the journal. What
cannot be reached at all is told by an exit code, not by a report.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mock_peer import raw, rules, server
from mock_peer.active import Refused
from mock_peer.check_connection import REGISTRATION
from mock_peer.check_evidence import Evidence, Exchange, collect, is_of, parties
from mock_peer.check_listen import PULLED, Listening
from mock_peer.check_matrix import matrix
from mock_peer.check_model import Report, chosen, messages_of
from mock_peer.check_probes import PROBES, Prober, Site, Stage
from mock_peer.check_remote import RemoteStart
from mock_peer.check_rules import rule_lines
from mock_peer.check_rulings import check_lines
from mock_peer.check_table_cpo import CPO_CHECKS
from mock_peer.check_wait import CPO_WISHES, Wait, Wish, wishes
from mock_peer.profile import Profile
from mock_peer.rule import V22X, Context, Face, Occasion
from mock_peer.server import RunningPeer
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Exit, Mistake
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import SENDER, Connection
from simulator.ocpi.versions import VERSIONS
from simulator.wire.http_aio import ConnectFailed, HttpClient
from simulator.wire.tls import NO_TLS, Tls

# After the last thing that was awaited, stragglers get so long.
GRACE_S = 2.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to check, and how. `wait_s` bounds the wait for what the CPO pushes; 0: none.

    `remote_start` is empty (none), `first` (the first suitable EVSE) or `LOCATION[/EVSE]`;
    `charge_s` is how long that session charges. `keep` leaves the connection registered.
    `public_url` is where the CPO reaches us, if not at `host` and `port`. With `listen` the CPO
    begins the registration, within `wait_s`: there is no `versions_url`, and `token` is the token A
    that it uses (empty: one is made).
    """

    versions_url: str
    token: str
    listen: bool = False
    version: str | None = None
    profile: Profile = field(default_factory=Profile)
    wait_s: float = 300.0
    remote_start: str = ""
    charge_s: float = 30.0
    keep: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    tls: Tls = NO_TLS
    insecure: bool = False


async def check_cpo(
    plan: Plan, *, clock: Clock, chance: Chance, journal: Journal, tell: Tell
) -> Report:
    """Run the check. Raises Mistake (exit 3) where the CPO cannot be reached, BindError."""
    peer = await server.start(
        clock=clock,
        chance=chance,
        journal=journal,
        host=plan.host,
        port=plan.port,
        profile=plan.profile,
        ocpi_versions=(plan.version,) if plan.listen and plan.version else tuple(VERSIONS),
        tls=plan.tls,
        insecure=plan.insecure,
    )
    if plan.public_url:
        peer.announce(plan.public_url)
    http = HttpClient(clock, tls=plan.tls, insecure=plan.insecure)
    try:
        return await CpoCheck(plan, peer, http, clock, chance, journal, tell).run()
    finally:
        await http.close()
        await peer.stop()


class CpoCheck:
    """One check under way."""

    def __init__(
        self,
        plan: Plan,
        peer: RunningPeer,
        http: HttpClient,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        tell: Tell,
    ) -> None:
        self._plan = plan
        self._peer = peer
        self._clock = clock
        self._journal = journal
        self._tell = tell
        self._prober = Prober(http, clock=clock, chance=chance, journal=journal, actor=peer.name)
        self._began, self._began_s = clock.now(), clock.monotonic()
        self._offered: list[tuple[str, str]] = []
        self._notes: dict[str, str] = {}
        self._missing: tuple[str, ...] = ()
        self._problem = self._refused = ""
        self._interrupted = False
        self._connection = self._new_connection()

    def _new_connection(self) -> Connection:
        plan, active = self._plan, self._peer.active
        if plan.listen:
            connection = active.invite()
            connection.token_in = plan.token or connection.token_in
        else:
            connection = active.new_connection()
            connection.versions_url, connection.token_out = plan.versions_url, plan.token
        connection.extra["profile"] = plan.profile.to_json()
        self._peer.book.save(connection)
        return connection

    async def run(self) -> Report:
        """All steps, then the report: of what was reached, if the check is interrupted."""
        try:
            await self._run()
        except asyncio.CancelledError:
            self._interrupted = True
            left = "; the connection is left registered" if self._connection.registered else ""
            self._problem = f"interrupted{left}"
            self._notes.setdefault(REGISTRATION, self._problem)
        return self._report()

    async def _run(self) -> None:
        if not await (self._listen() if self._plan.listen else self._begin()):
            return
        await self._prober.send_all(Stage.AFTER, self._site())
        await self._start_remotely()
        await self._wait()
        await self._pull_cdrs()
        await self._end()

    # The steps

    async def _begin(self) -> bool:
        """Register there; False if that fails."""
        await self._look()
        if not await self._register():
            return False
        await self._peer.active.settled(self._connection, PULLED)
        return True

    async def _listen(self) -> bool:
        """Let the CPO register here; False where it does not."""
        wait_s = self._plan.wait_s
        listening = Listening(self._peer, self._connection, wait_s, self._tell)
        if not await listening.run(self._clock, self._journal):
            self._problem = f"no CPO registered within {wait_s:g} s"
            self._notes[REGISTRATION] = self._problem
            self._missing = (REGISTRATION,)
            self._tell(self._problem)
            return False
        self._registered()
        for probe in PROBES:
            if probe.stage is Stage.BEFORE:
                await self._prober.send(probe, self._site())
        return True

    async def _look(self) -> None:
        """Knock: with token A, without any, with a wrong one."""
        self._tell(f"looking at {self._plan.versions_url}")
        for probe in PROBES:
            if probe.stage is Stage.BEFORE:
                failure = await self._prober.send(probe, self._site())
                if isinstance(failure, ConnectFailed):
                    raise Mistake(str(failure), Exit.UNREACHABLE)

    async def _register(self) -> bool:
        self._tell("registering")
        try:
            await self._peer.active.register(self._connection, self._plan.version)
        except Refused as error:
            self._problem = self._refused = str(error)
            self._tell(self._problem)
            self._judge_credentials()
            return False
        self._registered()
        return True

    def _registered(self) -> None:
        self._offered = list(self._connection.endpoints)
        who = ", ".join(parties(self._connection)) or "no party"
        self._tell(f"registered with {who}, OCPI {self._connection.version}")

    def _judge_credentials(self) -> None:
        """Hold credentials that could not be worked with against the rules, unless that was done:
        those of a registration are judged by the peer.
        """
        judged = {r["message_seq"] for r in self._journal.records if r["leg"] == "finding"}
        posted = [
            e
            for e in self._exchanges()
            if Occasion.CREDENTIALS in e.occasions and not e.received and e.seq not in judged
        ]
        context = Context(
            posted[-1].record["version"] if posted else "",
            self._clock.now(),
            self._peer.book.known(self._connection),
            self._plan.profile,
        )
        for exchange in posted[-1:]:
            for found in rules.evaluate(Occasion.CREDENTIALS, exchange.data, context):
                self._journal.finding(
                    self._peer.name,
                    self._connection.peer,
                    None,
                    rule=found.rule,
                    severity=found.severity.value,
                    pointer=f"/data{found.pointer}",
                    seen=found.seen,
                    expected=found.expected,
                    message_seq=exchange.seq,
                    objects=found.objects,
                )

    async def _start_remotely(self) -> None:
        wanted = self._plan.remote_start
        if wanted and self._connection.version in V22X and self._plan.profile.remote_start:
            remote = RemoteStart(self._peer, self._connection, self._clock, self._journal)
            self._notes |= await remote.run(wanted, self._plan.charge_s, self._tell)

    async def _wait(self) -> None:
        """Wait until all that can come has come, at most `wait_s`."""
        wait = Wait(
            left=self._wishes,
            own=self._own,
            wait_s=self._plan.wait_s,
            tell=self._tell,
            finish=lambda: self._clock.sleep(GRACE_S),
        )
        self._missing = await wait.run(self._clock, self._journal)

    async def _pull_cdrs(self) -> None:
        """Ask for the CDRs of this check, page by page, where the CPO shows them."""
        if ("cdrs", SENDER) in self._connection.endpoints:
            await self._peer.active.pulling.pull(self._connection, ("cdrs",), date_from=self._began)

    async def _end(self) -> None:
        """Rotate the tokens, register a second time, and end the connection."""
        try:
            await self._peer.active.update(self._connection)
        except Refused as error:
            self._tell(str(error))
        await self._prober.send_all(Stage.LAST, self._site())
        if self._plan.keep:
            self._notes["token of an ended connection"] = "the connection was kept"
            return
        token = self._connection.token_out
        try:
            await self._peer.active.unregister(self._connection)
        except Refused as error:
            self._tell(str(error))
        self._connection.token_out = token
        await self._prober.send_all(Stage.ENDED, self._site())

    # What the steps need

    def _site(self) -> Site:
        known = self._peer.book.known(self._connection)
        token = next(iter(self._tokens()), {})
        shared = next(iter(known.locations.values()), None)
        return Site(
            connection=self._connection,
            token_a="" if self._plan.listen else self._plan.token,
            now=self._clock.now(),
            token=_wire(token, self._connection) if token else {},
            location_id=raw.text(shared.body, "/id") if shared else None,
            our_versions_url=self._peer.versions_url,
            answers=self._prober.answers,
        )

    def _tokens(self) -> Sequence[Mapping[str, Any]]:
        return list(self._peer.book.tokens.all.values())

    def _wishes(self) -> list[Wish]:
        return wishes(CPO_WISHES, self._connection.version or "", self._exchanges(), self._cards())

    def _cards(self) -> dict[str, str]:
        cards = [token for token in self._tokens() if token["type"] == "RFID"]
        good = [token["uid"] for token in cards if token["valid"]]
        bad = [token["uid"] for token in cards if not token["valid"]]
        return {
            "card": next(iter(good), "of a driver"),
            "blocked": next(iter(bad), "of a stranger"),
        }

    def _own(self, record: Record) -> bool:
        return is_of(record, self._peer.name, self._connection.peer)

    def _exchanges(self) -> list[Exchange]:
        probes = set(self._prober.records.values())
        own = (r for r in self._journal.records if self._own(r) and r["seq"] not in probes)
        return [Exchange(record) for record in own]

    # The report

    def _evidence(self) -> Evidence:
        return collect(
            self._journal.records,
            actor=self._peer.name,
            peer=self._connection.peer,
            version=self._connection.version or self._plan.version or V22X[-1],
            profile=self._plan.profile,
            offered=self._offered,
            probes=self._prober.records,
            notes=self._notes,
            invited=self._plan.listen,
            refused=self._refused,
        )

    def _report(self) -> Report:
        evidence = self._evidence()
        lines = [*check_lines(CPO_CHECKS, evidence), *rule_lines(evidence, Face.A)]
        kept = chosen(lines, self._plan.only, self._plan.skip)
        return Report(
            kind="cpo",
            versions_url=self._connection.versions_url or self._plan.versions_url,
            version=self._connection.version,
            parties=tuple(parties(self._connection)),
            began=self._began,
            duration_s=self._clock.monotonic() - self._began_s,
            lines=kept,
            matrix=matrix("cpo", evidence),
            messages=messages_of(kept, self._journal.records),
            missing=self._missing,
            problem=self._problem,
            interrupted=self._interrupted,
        )


def _wire(token: Mapping[str, Any], connection: Connection) -> Mapping[str, Any]:
    """A token as the connection's version has it; as it is while there is none."""
    if connection.version is None:
        return token
    codec = VERSIONS[connection.version].codec
    wire: Mapping[str, Any] = codec.to_wire("token", dict(token), Around.to(connection)).obj
    return wire
