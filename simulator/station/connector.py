"""The connector: one literal table of what may happen to it, and what follows.

Rule: a connector is never in a state that its cable and its driver cannot be in together, and each
transaction that starts ends exactly once. No clock, no wire: the dialects read these states as the
words of their version.

A fault is an overlay and no state: the connector keeps what it was and returns to it
(OCPP 1.6 section 4.9, I1-I8). So is a scheduled unavailability. The reservation has its place in
the table; no action reaches it yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """What cable, car and driver make of a connector."""

    AVAILABLE = "available"
    PLUGGED = "plugged"  # cable in, nobody authorized
    AUTHORIZED = "authorized"  # somebody authorized, no cable yet
    READY = "ready"  # both, energy is offered and has not begun to flow
    CHARGING = "charging"
    SUSPENDED_EV = "suspended_ev"
    SUSPENDED_EVSE = "suspended_evse"
    ABSENT = "absent"  # car unplugged at its side, the authorization stays
    FINISHING = "finishing"  # no longer authorized, cable still in
    DETACHED = "detached"  # no longer authorized, cable loose at the car's side
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    UNAVAILABLE_PLUGGED = "unavailable_plugged"


class Event(StrEnum):
    """What may happen to a connector."""

    PLUG = "plug"
    UNPLUG = "unplug"
    EV_DISCONNECT_STOP = "ev_disconnect_stop"  # StopTransactionOnEVSideDisconnect is true
    EV_DISCONNECT_KEEP = "ev_disconnect_keep"  # ... is false
    AUTHORIZE = "authorize"
    DEAUTHORIZE = "deauthorize"  # by card, remotely, by timeout, by whatever cause
    RENEW = "renew"  # usage begins anew while the cable still hangs (1.6: F2)
    ENERGY = "energy"  # the car draws
    EV_SUSPEND = "ev_suspend"
    EVSE_SUSPEND = "evse_suspend"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    INOPERATIVE = "inoperative"
    OPERATIVE = "operative"
    FAULT = "fault"
    FAULT_CLEARED = "fault_cleared"


class Effect(StrEnum):
    """What the shell has to do about it, in this order."""

    WAIT_FOR_CABLE = "wait_for_cable"
    STOP_WAITING = "stop_waiting"
    START_TRANSACTION = "start_transaction"
    ENERGY_OFF = "energy_off"
    UPDATE_TRANSACTION = "update_transaction"
    END_TRANSACTION = "end_transaction"
    OFFER_ENERGY = "offer_energy"
    ENERGY_ON = "energy_on"


_A, _E, _F = State, Event, Effect
Row = tuple[State, tuple[Effect, ...]]

# fmt: off
TRANSITIONS: dict[tuple[State, Event], Row] = {
    (_A.AVAILABLE, _E.PLUG):                    (_A.PLUGGED, ()),
    (_A.AVAILABLE, _E.AUTHORIZE):               (_A.AUTHORIZED, (_F.WAIT_FOR_CABLE,)),
    (_A.AVAILABLE, _E.RESERVE):                 (_A.RESERVED, ()),
    (_A.AVAILABLE, _E.INOPERATIVE):             (_A.UNAVAILABLE, ()),

    (_A.PLUGGED, _E.UNPLUG):                    (_A.AVAILABLE, ()),
    (_A.PLUGGED, _E.AUTHORIZE):                 (_A.READY, (_F.OFFER_ENERGY,)),
    (_A.PLUGGED, _E.INOPERATIVE):               (_A.UNAVAILABLE_PLUGGED, ()),

    (_A.AUTHORIZED, _E.PLUG):                   (_A.READY, (_F.STOP_WAITING, _F.OFFER_ENERGY)),
    (_A.AUTHORIZED, _E.DEAUTHORIZE):            (_A.AVAILABLE, (_F.STOP_WAITING,)),
    (_A.AUTHORIZED, _E.INOPERATIVE):            (_A.UNAVAILABLE, (_F.STOP_WAITING,)),

    (_A.READY, _E.ENERGY):                      (_A.CHARGING, (_F.ENERGY_ON,)),
    (_A.READY, _E.EV_SUSPEND):                  (_A.SUSPENDED_EV, ()),
    (_A.READY, _E.EVSE_SUSPEND):                (_A.SUSPENDED_EVSE, ()),
    (_A.READY, _E.DEAUTHORIZE):                 (_A.FINISHING, ()),
    (_A.READY, _E.EV_DISCONNECT_STOP):          (_A.DETACHED, ()),
    (_A.READY, _E.EV_DISCONNECT_KEEP):          (_A.ABSENT, ()),

    (_A.CHARGING, _E.EV_SUSPEND):               (_A.SUSPENDED_EV, (_F.ENERGY_OFF,)),
    (_A.CHARGING, _E.EVSE_SUSPEND):             (_A.SUSPENDED_EVSE, (_F.ENERGY_OFF,)),
    (_A.CHARGING, _E.DEAUTHORIZE):              (_A.FINISHING, (_F.ENERGY_OFF,)),
    (_A.CHARGING, _E.EV_DISCONNECT_STOP):       (_A.DETACHED, (_F.ENERGY_OFF,)),
    (_A.CHARGING, _E.EV_DISCONNECT_KEEP):       (_A.ABSENT, (_F.ENERGY_OFF,)),

    (_A.SUSPENDED_EV, _E.ENERGY):               (_A.CHARGING, (_F.ENERGY_ON,)),
    (_A.SUSPENDED_EV, _E.EVSE_SUSPEND):         (_A.SUSPENDED_EVSE, ()),
    (_A.SUSPENDED_EV, _E.DEAUTHORIZE):          (_A.FINISHING, ()),
    (_A.SUSPENDED_EV, _E.EV_DISCONNECT_STOP):   (_A.DETACHED, ()),
    (_A.SUSPENDED_EV, _E.EV_DISCONNECT_KEEP):   (_A.ABSENT, ()),

    (_A.SUSPENDED_EVSE, _E.ENERGY):             (_A.CHARGING, (_F.ENERGY_ON,)),
    (_A.SUSPENDED_EVSE, _E.EV_SUSPEND):         (_A.SUSPENDED_EVSE, ()),  # the EVSE has precedence
    (_A.SUSPENDED_EVSE, _E.DEAUTHORIZE):        (_A.FINISHING, ()),
    (_A.SUSPENDED_EVSE, _E.EV_DISCONNECT_STOP): (_A.DETACHED, ()),
    (_A.SUSPENDED_EVSE, _E.EV_DISCONNECT_KEEP): (_A.ABSENT, ()),

    (_A.ABSENT, _E.PLUG):                       (_A.SUSPENDED_EV, (_F.OFFER_ENERGY,)),
    (_A.ABSENT, _E.DEAUTHORIZE):                (_A.DETACHED, ()),

    (_A.FINISHING, _E.UNPLUG):                  (_A.AVAILABLE, ()),
    (_A.FINISHING, _E.RENEW):                   (_A.PLUGGED, ()),
    (_A.FINISHING, _E.INOPERATIVE):             (_A.UNAVAILABLE_PLUGGED, ()),

    (_A.DETACHED, _E.UNPLUG):                   (_A.AVAILABLE, ()),
    (_A.DETACHED, _E.INOPERATIVE):              (_A.UNAVAILABLE_PLUGGED, ()),

    (_A.RESERVED, _E.PLUG):                     (_A.PLUGGED, ()),
    (_A.RESERVED, _E.AUTHORIZE):                (_A.AUTHORIZED, (_F.WAIT_FOR_CABLE,)),
    (_A.RESERVED, _E.UNRESERVE):                (_A.AVAILABLE, ()),
    (_A.RESERVED, _E.INOPERATIVE):              (_A.UNAVAILABLE, ()),

    (_A.UNAVAILABLE, _E.PLUG):                  (_A.UNAVAILABLE_PLUGGED, ()),
    (_A.UNAVAILABLE, _E.OPERATIVE):             (_A.AVAILABLE, ()),
    (_A.UNAVAILABLE_PLUGGED, _E.UNPLUG):        (_A.UNAVAILABLE, ()),
    (_A.UNAVAILABLE_PLUGGED, _E.OPERATIVE):     (_A.PLUGGED, ()),
}
# fmt: on


class Point(StrEnum):
    """Conditions that may start or end a transaction (OCPP 2.0.1 section 2.6.6, TxStartPoint and
    TxStopPoint). ParkingBayOccupancy and DataSigned are left out: no bay sensor, no signed meter.
    """

    EV_CONNECTED = "EVConnected"
    AUTHORIZED = "Authorized"
    POWER_PATH_CLOSED = "PowerPathClosed"
    ENERGY_TRANSFER = "EnergyTransfer"


_CABLE = frozenset({Point.EV_CONNECTED})
_DRIVER = frozenset({Point.AUTHORIZED})
_BOTH = _CABLE | _DRIVER | {Point.POWER_PATH_CLOSED}
_NOTHING: frozenset[Point] = frozenset()

# The conditions that hold in each state.
HOLDS: dict[State, frozenset[Point]] = {
    State.AVAILABLE: _NOTHING,
    State.PLUGGED: _CABLE,
    State.AUTHORIZED: _DRIVER,
    State.READY: _BOTH,
    State.CHARGING: _BOTH | {Point.ENERGY_TRANSFER},
    State.SUSPENDED_EV: _BOTH,
    State.SUSPENDED_EVSE: _BOTH,
    State.ABSENT: _DRIVER,
    State.FINISHING: _CABLE,
    State.DETACHED: _NOTHING,
    State.RESERVED: _NOTHING,
    State.UNAVAILABLE: _NOTHING,
    State.UNAVAILABLE_PLUGGED: _NOTHING,
}


@dataclass(frozen=True, slots=True)
class TxPoints:
    """When transactions start (the first of `start` that comes to hold) and end (any of `stop` that
    no longer does).
    """

    start: frozenset[Point]
    stop: frozenset[Point]


# OCPP 1.6 section 3.6: it starts when all conditions are met and ends with the authorization.
# An EV-side disconnect takes the authorization along, unless it is configured to keep it.
CLASSIC = TxPoints(frozenset({Point.POWER_PATH_CLOSED}), frozenset({Point.AUTHORIZED}))


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a connector stands: its state, and what lies over it."""

    state: State = State.AVAILABLE
    in_transaction: bool = False
    faulted: bool = False
    closing: bool = False  # becomes unavailable as soon as its transaction is over

    @property
    def plugged(self) -> bool:
        """A cable hangs in it."""
        return self.state in _WITH_CABLE

    @property
    def authorized(self) -> bool:
        """A driver may charge, or does."""
        return Point.AUTHORIZED in HOLDS[self.state]

    @property
    def operative(self) -> bool:
        """It may be used by the next driver."""
        return not self.closing and self.state not in _OUT_OF_SERVICE


_OUT_OF_SERVICE = frozenset({State.UNAVAILABLE, State.UNAVAILABLE_PLUGGED})
_WITH_CABLE = frozenset(state for state in State if Point.EV_CONNECTED in HOLDS[state]) | {
    State.DETACHED,
    State.ABSENT,
    State.UNAVAILABLE_PLUGGED,
}
_BUSY = frozenset(
    state for state in State if state is not State.AUTHORIZED and Point.AUTHORIZED in HOLDS[state]
)
_NEEDS_HEALTH = frozenset({Event.AUTHORIZE, Event.ENERGY, Event.RESERVE})


class Impossible(Exception):
    """The event cannot happen to a connector in this phase."""

    def __init__(self, phase: Phase, event: Event) -> None:
        what = "faulted" if phase.faulted else phase.state.value
        super().__init__(f"{event.value} cannot happen to a connector that is {what}")
        self.phase, self.event = phase, event


@dataclass(frozen=True, slots=True)
class Step:
    """Where an event leads, and what follows from it."""

    phase: Phase
    effects: tuple[Effect, ...]


def step(phase: Phase, event: Event, points: TxPoints = CLASSIC) -> Step:
    """Take one event. Raises Impossible."""
    if event is Event.FAULT:
        return _fault(phase, points)
    if event is Event.FAULT_CLEARED:
        return Step(replace(phase, faulted=False), ())
    if phase.faulted and event in _NEEDS_HEALTH:
        raise Impossible(phase, event)
    if event is Event.INOPERATIVE and (phase.in_transaction or phase.state in _BUSY):
        return Step(replace(phase, closing=True), ())
    if event is Event.OPERATIVE and (phase.closing or phase.operative):
        return Step(replace(phase, closing=False), ())
    if event is Event.INOPERATIVE and phase.state in _OUT_OF_SERVICE:
        return Step(phase, ())
    if (phase.state, event) not in TRANSITIONS:
        raise Impossible(phase, event)
    return _move(phase, event, points)


def _fault(phase: Phase, points: TxPoints) -> Step:
    """Stop what goes on, then lay the fault over what is left."""
    effects: tuple[Effect, ...] = ()
    if (phase.state, Event.DEAUTHORIZE) in TRANSITIONS:
        stopped = _move(phase, Event.DEAUTHORIZE, points)
        phase, effects = stopped.phase, stopped.effects
    return Step(replace(phase, faulted=True), effects)


def _move(phase: Phase, event: Event, points: TxPoints) -> Step:
    before = HOLDS[phase.state]
    target, effects = TRANSITIONS[phase.state, event]
    holds = HOLDS[target]
    in_transaction = phase.in_transaction
    found = set(effects)
    if in_transaction:
        # What holds nothing at all cannot carry a transaction, whatever the stop points say.
        if points.stop & (before - holds) or not holds:
            in_transaction = False
            found.add(Effect.END_TRANSACTION)
            target = _rest(target, found)
        elif target is not phase.state and event is not Event.RENEW:
            found.add(Effect.UPDATE_TRANSACTION)
    elif points.start & (holds - before):
        in_transaction = True
        found.add(Effect.START_TRANSACTION)
    closing = phase.closing
    if closing and not in_transaction and (target, Event.INOPERATIVE) in TRANSITIONS:
        target, closing = TRANSITIONS[target, Event.INOPERATIVE][0], False
    ordered = tuple(effect for effect in Effect if effect in found)
    return Step(
        replace(phase, state=target, in_transaction=in_transaction, closing=closing), ordered
    )


def _rest(target: State, found: set[Effect]) -> State:
    """A transaction that is over takes its authorization with it."""
    row = TRANSITIONS.get((target, Event.DEAUTHORIZE))
    if row is None:
        return target
    found -= {Effect.OFFER_ENERGY, Effect.ENERGY_ON, Effect.WAIT_FOR_CABLE}
    found.update(row[1])
    return row[0]


def closes_later(phase: Phase) -> bool:
    """Would it have to finish a transaction before it can become unavailable?"""
    return step(phase, Event.INOPERATIVE).phase.closing


def after_power_on(*, plugged: bool, operative: bool, had_transaction: bool) -> Phase:
    """The phase of a connector when its station comes up: only what can be sensed, and what
    persists (availability, OCPP 1.6 section 5.2).
    """
    if not operative:
        return Phase(State.UNAVAILABLE_PLUGGED if plugged else State.UNAVAILABLE)
    if not plugged:
        return Phase()
    return Phase(State.FINISHING if had_transaction else State.PLUGGED)
