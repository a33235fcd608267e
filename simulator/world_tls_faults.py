"""What a fault may do to TLS in a world: have an actor show a certificate that is no good.

Rule: what is shown is made for the occasion, by the world's own PKI or by a stranger's, and stands
in nobody's book: no directory keeps it. Connections that stand are cut, so that it is seen; once
the fault is over the next handshake shows the good one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.pki.certificates import pem_chain
from simulator.pki.hierarchy import (
    LOOPBACK,
    Issued,
    Wanted,
    above,
    draw_serial,
    make_certificate,
    period,
)
from simulator.pki.keys import draw_key, key_pem
from simulator.pki.links import SERVER, STATION
from simulator.pki.spec import BY_NAME
from simulator.pki.store import Pki
from simulator.wire.faults import Fault, FaultBoard, FaultError
from simulator.wire.tls import TlsPem
from simulator.world_tls import profile_at_the_door

if TYPE_CHECKING:
    from simulator.world_file import EmpPlan, PeerPlan, WorldFile

EXPIRED, WRONG_CA, WRONG_NAME = "tls_expired", "tls_wrong_ca", "tls_wrong_name"
KINDS = (EXPIRED, WRONG_CA, WRONG_NAME)
CPO, STATIONS = "cpo", "station/"
_CLIENT_CERTIFICATE = 3  # the security profile
_A_WHILE = timedelta(days=30)
_ELSEWHERE = (
    "runs elsewhere, or is of a kind that this world has no hand in; a certificate that is wrong "
    "from the beginning stands in its 'tls' (roamlab pki issue)"
)
_ANOTHER = "another"
_ANOTHERS_HOST = ("another.invalid", "192.0.2.1")


class Guest(Protocol):
    """A peer or an EMP."""

    name: str

    @property
    def plan(self) -> PeerPlan | EmpPlan:
        """What the file says of it."""

    @property
    def struck(self) -> bool:
        """Whether faults of the world's board reach it."""


class TlsFaults:
    """The `tls_…` faults of a world. `cut` ends the connections of an actor, by its name; `guests`
    are peers and EMPs, by theirs.
    """

    def __init__(
        self,
        plan: WorldFile,
        pki: Pki | None,
        *,
        clock: Clock,
        chance: Chance,
        cut: Callable[[str], None],
        guests: Callable[[], Mapping[str, Guest]],
    ) -> None:
        self._plan, self._pki = plan, pki
        self._clock, self._chance, self._cut = clock, chance, cut
        self._guests = guests
        self._made = 0

    def offer(self, board: FaultBoard) -> None:
        """Let the board's `tls_…` faults strike."""

        def strike(fault: Fault, actor: str) -> Callable[[], None]:
            undo = board.disguises.put_on(actor, self._disguise(fault.kind, actor))
            self._cut(actor)
            return undo

        for kind in KINDS:
            board.hook(kind, strike)

    def _disguise(self, kind: str, actor: str) -> TlsPem:
        """What it shows. Raises FaultError."""
        guest = self._guests().get(actor)
        if actor == CPO:
            spec, name = SERVER, str(self._plan.cpo["name"])
            self._look_at_the_cpo()
        elif guest is not None:
            spec, name = SERVER, guest.name
            _look_at_guest(actor, guest)
        else:
            spec, name = STATION, actor.removeprefix(STATIONS)
            self._look_at_station(actor, name)
        if self._pki is None and kind != WRONG_CA:
            raise FaultError(
                "kind", f"{kind} takes the key of the authority: a world with a 'pki' of its own"
            )
        self._made += 1
        issued = self._issued(kind, spec, name, self._chance.child(f"{self._made}/{actor}"))
        return TlsPem(pem_chain(issued.chain), key_pem(issued.key))

    def _look_at_the_cpo(self) -> None:
        if self._plan.ocpp_tls.identity is None and self._plan.ocpi_tls.identity is None:
            raise FaultError("actor", "cpo shows no certificate: no ocpp_tls, no ocpi_tls")

    def _look_at_station(self, actor: str, name: str) -> None:
        known = {station.id: station for station in self._plan.stations}
        if not actor.startswith(STATIONS) or name not in known:
            why = f"'{actor}' shows no certificate here" if actor else "whose certificate?"
            others = ", ".join(f"'{name}'" for name in (CPO, *self._guests()))
            raise FaultError("actor", f"{why} {others}, or 'station/' and the id of one")
        if profile_at_the_door(self._plan, known[name]) != _CLIENT_CERTIFICATE:
            raise FaultError("actor", f"{actor} shows no certificate: it has no security profile 3")

    def _issued(self, kind: str, spec_name: str, name: str, chance: Chance) -> Issued:
        now, spec = self._clock.now(), BY_NAME[spec_name]
        pki = self._pki
        if pki is None or kind == WRONG_CA:
            pki = Pki.create(chance.child("stranger"), now)
        host = str(self._plan.cpo.get("host", LOOPBACK[0]))
        right: Mapping[str, tuple[str, ...]] = {SERVER: tuple(dict.fromkeys((*LOOPBACK, host)))}
        san = right.get(spec_name, ())
        if kind == WRONG_NAME:
            name, san = _ANOTHER, _ANOTHERS_HOST if san else ()
        begins = now - 2 * _A_WHILE if kind == EXPIRED else None
        start, end = period(now, _A_WHILE, begins)
        key = draw_key(chance, spec.algorithm(pki.settings.profile))
        issuer = Issued(pki.chain(spec.issuer), pki.key(spec.issuer))
        certificate = make_certificate(
            spec,
            Wanted(name, start, end, san=san),
            draw_serial(chance),
            key.public_key(),
            issuer.certificate,
            issuer.key,
        )
        return Issued((certificate, *above(spec, issuer)), key)


def _look_at_guest(actor: str, guest: Guest) -> None:
    if not guest.struck:
        raise FaultError("actor", f"{actor} {_ELSEWHERE}")
    if guest.plan.tls is None or guest.plan.tls.identity is None:
        raise FaultError("actor", f"{actor} shows no certificate: no tls")
