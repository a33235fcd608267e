"""`roamlab check emp`: Plugsurfing's Roam towards a real EMP, and the verdict on each rule.

Rule: the steps only make things happen; every judgement is made afterwards, from the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from mock_peer.check_connection import REGISTRATION
from mock_peer.check_evidence import Evidence, Exchange, collect, is_of, parties
from mock_peer.check_matrix import matrix
from mock_peer.check_model import Report, chosen, messages_of
from mock_peer.check_probes import PROBES, Prober, Site, Stage
from mock_peer.check_roam import Network, Pace
from mock_peer.check_rules import rule_lines
from mock_peer.check_rulings import check_lines
from mock_peer.check_table_emp import EMP_CHECKS, EMP_WISHES, SHARED, SHARED_WISH, full_page
from mock_peer.check_wait import Wait, Wish, wishes
from mock_peer.roam_judging import ACTOR
from mock_peer.roam_organisation import Organisation
from mock_peer.rule import V221, Face
from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.mistakes import Exit, Mistake
from simulator.ocpi.client import OcpiCallFailed
from simulator.ocpi.connection import Connection
from simulator.ocpi.envelope import OcpiError
from simulator.wire.http_aio import ConnectFailed, HttpClient
from simulator.wire.tls import NO_TLS, Tls

# After the last thing that was awaited, stragglers get so long.
GRACE_S = 2.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class EmpPlan:
    """What to check, and how. `wait_s` bounds the wait for what the EMP does; `ask_every_s` is how
    often real-time authorization is asked for, `charge_s` how long a session lasts. `public_url` is
    where the EMP reaches us, if not at `host` and `port`.
    """

    versions_url: str
    token: str
    organisation: Organisation | None = None
    wait_s: float = 600.0
    ask_every_s: float = 15.0
    charge_s: float = 30.0
    keep: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    tls: Tls = NO_TLS
    insecure: bool = False


async def check_emp(
    plan: EmpPlan, *, clock: Clock, chance: Chance, journal: Journal, tell: Tell
) -> Report:
    """Run the check. Raises Mistake (exit 3) where the EMP cannot be reached, BindError."""
    http = HttpClient(clock, tls=plan.tls, insecure=plan.insecure)
    network = Network(
        http,
        clock=clock,
        chance=chance,
        journal=journal,
        pace=Pace(plan.ask_every_s, plan.charge_s),
        organisation=plan.organisation,
        host=plan.host,
        port=plan.port,
        tls=plan.tls,
        insecure=plan.insecure,
    )
    prober = Prober(http, clock=clock, chance=chance, journal=journal, actor=ACTOR)
    try:
        await network.start(plan.public_url)
        return await EmpCheck(plan, network, prober, clock, journal, tell).run()
    finally:
        await network.stop()
        await http.close()


class EmpCheck:
    """One check under way."""

    def __init__(
        self,
        plan: EmpPlan,
        network: Network,
        prober: Prober,
        clock: Clock,
        journal: Journal,
        tell: Tell,
    ) -> None:
        self._plan = plan
        self._network = network
        self._prober = prober
        self._clock = clock
        self._journal = journal
        self._tell = tell
        self._began, self._began_s = clock.now(), clock.monotonic()
        self._connection = Connection(
            "emp-1", "emp", token_out=plan.token, versions_url=plan.versions_url
        )
        self._offered: list[tuple[str, str]] = []
        self._missing: tuple[str, ...] = ()
        self._moved = False
        self._problem = self._refused = ""
        self._interrupted = False
        self._notes: dict[str, str] = {}

    async def run(self) -> Report:
        """All steps, then the report: of what was reached, if the check is interrupted."""
        try:
            await self._run()
        except asyncio.CancelledError:
            self._interrupted = True
            left = "; the connection is left registered" if self._connection.registered else ""
            self._problem = f"interrupted{left}"
            self._notes[REGISTRATION] = self._problem
        return self._report()

    async def _run(self) -> None:
        await self._look()
        if await self._register():
            await self._prober.send_all(Stage.AFTER, self._site())
            await self._wait()
            await self._end()

    # The steps

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
            self._connection = await self._network.face.register(
                self._plan.versions_url, self._plan.token
            )
        except (OcpiError, OcpiCallFailed) as error:
            self._problem = self._refused = f"the registration failed: {error}"
            self._tell(self._problem)
            return False
        self._offered = list(self._connection.endpoints)
        if not self._shares_contracts:
            self._notes[SHARED] = "keys_per_contract is 1: see --organisation"
        who = ", ".join(parties(self._connection)) or "no party"
        self._tell(f"registered with {who}, OCPI {self._connection.version}")
        return True

    async def _wait(self) -> None:
        """Answer what the EMP does, and ask it, until all has come, at most `wait_s`."""
        if not self._plan.wait_s:
            return
        self._network.begin(self._connection)
        wait = Wait(
            left=self._wishes,
            own=self._own,
            wait_s=self._plan.wait_s,
            tell=self._tell,
            finish=self._finish,
        )
        self._missing = await wait.run(self._clock, self._journal)

    async def _finish(self) -> None:
        await self._network.finish()
        await self._clock.sleep(GRACE_S)

    async def _end(self) -> None:
        """Rotate the tokens, register a second time, and end the connection."""
        try:
            await self._network.face.registrar.update(self._connection, (V221,))
        except (OcpiError, OcpiCallFailed) as error:
            self._tell(f"the update failed: {error}")
        await self._prober.send_all(Stage.LAST, self._site())
        if self._plan.keep:
            return
        token = self._connection.token_out
        await self._network.face.registrar.unregister(self._connection)
        self._connection.token_out = token
        await self._prober.send_all(Stage.ENDED, self._site())

    # What the steps need

    def _site(self) -> Site:
        return Site(
            connection=self._connection,
            token_a=self._plan.token,
            now=self._clock.now(),
            token=MappingProxyType({}),
            location_id=None,
            our_versions_url=self._network.versions_url,
            answers=self._prober.answers,
        )

    def _wishes(self) -> list[Wish]:
        came = self._exchanges()
        if not self._moved and any(full_page(exchange) for exchange in came):
            self._moved = True  # all was pulled: now there is a change for a delta
            self._network.show(1, "OUTOFORDER")
        shared = (SHARED_WISH,) if self._shares_contracts else ()
        return wishes((*EMP_WISHES, *shared), V221, came)

    @property
    def _shares_contracts(self) -> bool:
        """Whether the organisation may have several tokens for each contract."""
        return self._network.book.organisation(self._connection).keys_per_contract > 1

    def _own(self, record: Record) -> bool:
        return is_of(record, ACTOR, self._connection.peer)

    def _exchanges(self) -> list[Exchange]:
        probes = set(self._prober.records.values())
        own = (r for r in self._journal.records if self._own(r) and r["seq"] not in probes)
        return [Exchange(record) for record in own]

    # The report

    def _evidence(self) -> Evidence:
        organisation = self._network.book.organisation(self._connection)
        return collect(
            self._journal.records,
            actor=ACTOR,
            peer=self._connection.peer,
            version=V221,
            profile=organisation.profile,
            offered=self._offered,
            probes=self._prober.records,
            notes=self._notes,
            refused=self._refused,
        )

    def _report(self) -> Report:
        evidence = self._evidence()
        lines = [*check_lines(EMP_CHECKS, evidence), *rule_lines(evidence, Face.B)]
        kept = chosen(lines, self._plan.only, self._plan.skip)
        return Report(
            kind="emp",
            versions_url=self._plan.versions_url,
            version=self._connection.version,
            parties=tuple(parties(self._connection)),
            began=self._began,
            duration_s=self._clock.monotonic() - self._began_s,
            lines=kept,
            matrix=matrix("emp", evidence),
            messages=messages_of(kept, self._journal.records),
            missing=self._missing,
            problem=self._problem,
            interrupted=self._interrupted,
        )
