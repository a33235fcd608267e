"""What the peer has with its CPOs and EMPs, at a glance, for whoever displays it.

Rule: as in `control`; short enough to be asked for every second, whatever CPOs have shared, and
without secrets: whether there are tokens for credentials, never which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

from msgspec import Meta

from mock_peer.active import Active
from mock_peer.book import Book
from mock_peer.control_shapes import Given, Object
from mock_peer.operation import Call, Operation
from mock_peer.roam import Roam
from mock_peer.settings import Answers
from simulator.kernel.clock import rfc3339
from simulator.ocpi.connection import Connection
from simulator.wire.faults import FaultBoard

TOKENS = 500  # so many of the tokens are shown, the newest
_TOKEN = ("uid", "type", "contract_id", "valid", "whitelist", "issuer", "last_updated")


class Module(Given, frozen=True, kw_only=True):
    """A module of a version, from the peer's side (`role`): the verbs that it takes, and those that
    the version has and that it refuses.
    """

    version: str
    module: str
    role: str
    taken: list[str]
    refused: list[str]


class CountView(Given, frozen=True, kw_only=True):
    """How often a rule was broken, and when last."""

    times: int
    last: str


class PushedView(Given, frozen=True, kw_only=True):
    """What a CPO answered to a token, and when it was sent."""

    at: str
    http_status: int | None
    status_code: int | None
    problem: str | None


class TokenDealings(Given, frozen=True, kw_only=True):
    """A token, and what each connection answered to it since the peer was started."""

    uid: str
    type: str
    contract_id: str
    valid: bool
    whitelist: str
    issuer: str
    last_updated: str
    pushed: dict[str, PushedView]


class Waiting(Given, frozen=True, kw_only=True):
    """A CDR that an EMP has not taken: after how many tries, and when the next one is due."""

    id: str
    emp: str
    tries: int
    due: str
    session: str | None


class EmpDealings(Given, frozen=True, kw_only=True):
    """An EMP behind Roam, as a connection is told, and how many tokens it has pushed."""

    connection: Object
    tokens: int


class Dealings(Given, frozen=True, kw_only=True):
    """All of it. `connections` have beside what a connection is (its version, who began the
    handshake and when, roles, modules of the CPO) `strict`, the `rules` that were agreed and how
    much is `held`; `findings` is how many there ever were.
    """

    name: str
    versions_url: str
    modules: list[Module]
    connections: list[Object]
    tokens: Annotated[list[TokenDealings], Meta(description=f"the newest {TOKENS}")]
    tokens_held: int
    answers: Answers
    broken: dict[str, CountView]
    findings: int
    waiting: list[Waiting]
    emps: list[EmpDealings]
    faults: list[Object]


class DealingsControl:
    """The one operation."""

    def __init__(
        self,
        book: Book,
        active: Active,
        roam: Roam,
        faults: FaultBoard,
        modules: list[dict[str, Any]],
        versions_url: Callable[[], str],
    ) -> None:
        self._book = book
        self._active = active
        self._roam = roam
        self._faults = faults
        self._modules = [Module(**row) for row in modules]
        self._versions_url = versions_url

    def operations(self) -> tuple[Operation, ...]:
        """Rows for the control API's table."""
        return (
            Operation("GET", "/dealings", "What the peer has with CPOs and EMPs, at a glance.",
                      None, Dealings, self.dealings),
        )  # fmt: skip

    async def dealings(self, call: Call) -> Dealings:
        """All of it."""
        book = self._book
        return Dealings(
            name=self._active.actor,
            versions_url=self._versions_url(),
            modules=self._modules,
            connections=[self._connection(one) for one in book.all() if one.registered],
            tokens=list(self._tokens()),
            tokens_held=len(book.tokens.all),
            answers=book.answers,
            broken={rule: CountView(**count._asdict()) for rule, count in book.broken.all.items()},
            findings=book.findings_made,
            waiting=list(self._waiting()),
            emps=[self._emp(one) for one in self._roam.book.all() if one.registered],
            faults=self._faults.list(),
        )

    def _connection(self, connection: Connection) -> Object:
        profile, known = self._book.profile(connection), self._book.known(connection)
        accepted = sum(cdr.accepted for cdr in known.cdrs.values())
        held = {
            "locations": len(known.locations),
            "tariffs": len(known.tariffs),
            "sessions": len(known.sessions),
            "cdrs": accepted,
            "refused_cdrs": len(known.cdrs) - accepted,
            "authorizations": len(known.references),
        }
        agreed = {"strict": profile.strict, "rules": dict(profile.rules), "held": held}
        return {**connection.shown(), **agreed}

    def _tokens(self) -> Iterable[TokenDealings]:
        newest = list(self._book.tokens.all.values())[-TOKENS:]
        for token in newest:
            answers = self._active.pushed.get((token["uid"], token["type"]), {})
            yield TokenDealings(
                **{name: token[name] for name in _TOKEN},
                pushed={name: PushedView(**told._asdict()) for name, told in answers.items()},
            )

    def _waiting(self) -> Iterable[Waiting]:
        book = self._roam.book
        for one in book.deliveries():
            emp = book.connection(one.organisation)
            yield Waiting(
                id=one.id,
                emp=emp.peer if emp else one.organisation,
                tries=one.tries,
                due=rfc3339(one.due),
                session=one.session,
            )

    def _emp(self, connection: Connection) -> EmpDealings:
        tokens = sum(1 for _ in self._roam.book.tokens.of(connection.id))
        return EmpDealings(connection=connection.shown(), tokens=tokens)
