"""The connector's table: row by row, and as a whole under any order of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.station.connector import (
    CLASSIC,
    HOLDS,
    TRANSITIONS,
    Effect,
    Event,
    Impossible,
    Phase,
    Point,
    State,
    TxPoints,
    after_power_on,
    closes_later,
    step,
)

_POINT_SETS = st.frozensets(st.sampled_from(Point), min_size=1)


def walk(*events: Event, points: TxPoints = CLASSIC) -> tuple[Phase, list[Effect]]:
    phase, effects = Phase(), []
    for event in events:
        result = step(phase, event, points)
        phase = result.phase
        effects += result.effects
    return phase, effects


PLUG, CARD, STOP, PULL = Event.PLUG, Event.AUTHORIZE, Event.DEAUTHORIZE, Event.UNPLUG
FLOW = Event.ENERGY


@pytest.mark.parametrize(
    ("events", "state", "in_transaction"),
    [
        ((), State.AVAILABLE, False),
        ((PLUG,), State.PLUGGED, False),
        ((CARD,), State.AUTHORIZED, False),
        ((PLUG, CARD), State.READY, True),
        ((CARD, PLUG), State.READY, True),
        ((CARD, STOP), State.AVAILABLE, False),
        ((PLUG, CARD, FLOW), State.CHARGING, True),
        ((PLUG, CARD, FLOW, Event.EV_SUSPEND), State.SUSPENDED_EV, True),
        ((PLUG, CARD, FLOW, Event.EV_SUSPEND, FLOW), State.CHARGING, True),
        ((PLUG, CARD, Event.EVSE_SUSPEND, Event.EV_SUSPEND), State.SUSPENDED_EVSE, True),
        ((PLUG, CARD, FLOW, STOP), State.FINISHING, False),
        ((PLUG, CARD, FLOW, STOP, PULL), State.AVAILABLE, False),
        ((PLUG, CARD, FLOW, STOP, Event.RENEW, CARD), State.READY, True),
        ((PLUG, CARD, FLOW, Event.EV_DISCONNECT_STOP), State.DETACHED, False),
        ((PLUG, CARD, FLOW, Event.EV_DISCONNECT_STOP, PULL), State.AVAILABLE, False),
        ((PLUG, CARD, FLOW, Event.EV_DISCONNECT_KEEP), State.ABSENT, True),
        ((PLUG, CARD, FLOW, Event.EV_DISCONNECT_KEEP, PLUG, FLOW), State.CHARGING, True),
        ((PLUG, CARD, FLOW, Event.EV_DISCONNECT_KEEP, STOP), State.DETACHED, False),
        ((Event.INOPERATIVE, PLUG, Event.OPERATIVE), State.PLUGGED, False),
        ((PLUG, CARD, Event.INOPERATIVE), State.READY, True),
        ((PLUG, CARD, Event.INOPERATIVE, STOP), State.UNAVAILABLE_PLUGGED, False),
        ((PLUG, CARD, Event.INOPERATIVE, Event.OPERATIVE, STOP), State.FINISHING, False),
        ((Event.RESERVE, CARD, PLUG), State.READY, True),
        ((PLUG, CARD, FLOW, Event.FAULT), State.FINISHING, False),
        ((PLUG, Event.FAULT, Event.FAULT_CLEARED), State.PLUGGED, False),
    ],
)
def test_where_events_lead(events: tuple[Event, ...], state: State, in_transaction: bool) -> None:
    phase, _ = walk(*events)
    assert (phase.state, phase.in_transaction) == (state, in_transaction)


def test_the_effects_of_a_session_in_order() -> None:
    _, effects = walk(CARD, PLUG, FLOW, STOP, PULL)
    assert effects == [
        Effect.WAIT_FOR_CABLE,
        Effect.STOP_WAITING,
        Effect.START_TRANSACTION,
        Effect.OFFER_ENERGY,
        Effect.UPDATE_TRANSACTION,
        Effect.ENERGY_ON,
        Effect.ENERGY_OFF,
        Effect.END_TRANSACTION,
    ]


@pytest.mark.parametrize(
    ("start", "stop", "events", "begins_at", "ends_at"),
    [
        ("EVConnected", "EVConnected", (PLUG, CARD, FLOW, STOP, PULL), 0, 4),
        ("Authorized", "Authorized", (CARD, PLUG, FLOW, STOP, PULL), 0, 3),
        ("Authorized", "EVConnected", (PLUG, CARD, FLOW, STOP, PULL), 1, 4),
        ("EnergyTransfer", "EnergyTransfer", (PLUG, CARD, FLOW, Event.EV_SUSPEND), 2, 3),
        ("PowerPathClosed", "PowerPathClosed", (PLUG, CARD, FLOW, STOP), 1, 3),
        # The cable never came: nothing is left that could carry the transaction.
        ("Authorized", "EVConnected", (CARD, STOP), 0, 1),
    ],
)
def test_transactions_start_and_stop_where_configured(
    start: str, stop: str, events: tuple[Event, ...], begins_at: int, ends_at: int
) -> None:
    points = TxPoints(frozenset({Point(start)}), frozenset({Point(stop)}))
    phase = Phase()
    for number, event in enumerate(events):
        result = step(phase, event, points)
        phase = result.phase
        assert (Effect.START_TRANSACTION in result.effects) is (number == begins_at)
        assert (Effect.END_TRANSACTION in result.effects) is (number == ends_at)


def test_to_begin_anew_is_no_change_of_a_transaction() -> None:
    points = TxPoints(frozenset({Point.EV_CONNECTED}), frozenset({Point.EV_CONNECTED}))
    phase, _ = walk(PLUG, CARD, FLOW, STOP, points=points)
    again = step(phase, Event.RENEW, points)
    assert again.phase == Phase(State.PLUGGED, in_transaction=True)
    assert again.effects == ()


def test_a_transaction_over_takes_its_authorization_with_it() -> None:
    points = TxPoints(frozenset({Point.ENERGY_TRANSFER}), frozenset({Point.ENERGY_TRANSFER}))
    phase, effects = walk(PLUG, CARD, FLOW, Event.EV_SUSPEND, points=points)
    assert phase.state is State.FINISHING
    assert effects[-2:] == [Effect.ENERGY_OFF, Effect.END_TRANSACTION]


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ((), Event.UNPLUG),
        ((), Event.DEAUTHORIZE),
        ((), Event.ENERGY),
        ((PLUG,), Event.PLUG),
        ((PLUG, CARD), Event.UNPLUG),  # the shell says whether the transaction survives it
        ((Event.INOPERATIVE,), Event.AUTHORIZE),
        ((PLUG, Event.FAULT), Event.AUTHORIZE),
    ],
)
def test_what_cannot_be_is_refused(before: tuple[Event, ...], event: Event) -> None:
    phase, _ = walk(*before)
    with pytest.raises(Impossible, match=event.value):
        step(phase, event)


@given(st.lists(st.sampled_from(Event), max_size=60), _POINT_SETS, _POINT_SETS)
def test_never_an_impossible_state_and_each_transaction_ends_once(
    events: list[Event], start: frozenset[Point], stop: frozenset[Point]
) -> None:
    points, phase = TxPoints(start, stop), Phase()
    cable = energy = waiting = transaction = False
    for event in events:
        try:
            result = step(phase, event, points)
        except Impossible:
            continue
        before, phase = phase, result.phase
        for effect in result.effects:
            match effect:
                case Effect.START_TRANSACTION:
                    assert not transaction
                    transaction = True
                case Effect.END_TRANSACTION:
                    assert transaction
                    transaction = False
                case Effect.UPDATE_TRANSACTION:
                    assert transaction
                case Effect.ENERGY_ON | Effect.ENERGY_OFF:
                    assert energy is (effect is Effect.ENERGY_OFF)
                    energy = not energy
                case Effect.WAIT_FOR_CABLE | Effect.STOP_WAITING:
                    assert waiting is (effect is Effect.STOP_WAITING)
                    waiting = not waiting
                case Effect.OFFER_ENERGY:
                    assert phase.authorized
                    assert phase.plugged
        assert phase.in_transaction is transaction
        assert energy is (phase.state is State.CHARGING)
        assert waiting is (phase.state is State.AUTHORIZED)
        assert not (transaction and not HOLDS[phase.state])
        assert not (phase.faulted and energy)
        if event is Event.PLUG:
            assert phase.plugged
        elif event is Event.UNPLUG:
            assert not phase.plugged
        elif before.state is not State.ABSENT:
            cable = before.plugged
            assert phase.plugged is cable


@given(st.lists(st.sampled_from(Event), max_size=40))
def test_whatever_happened_a_driver_can_charge_again(events: list[Event]) -> None:
    phase = Phase()
    for event in events:
        try:
            phase = step(phase, event).phase
        except Impossible:
            continue
    for event in (
        Event.FAULT_CLEARED,
        Event.DEAUTHORIZE,
        Event.OPERATIVE,
        Event.UNRESERVE,
        Event.UNPLUG,
        Event.AUTHORIZE,
        Event.PLUG,
        Event.ENERGY,
    ):
        try:
            phase = step(phase, event).phase
        except Impossible:
            continue
    assert phase.state is State.CHARGING


@pytest.mark.parametrize("state", State)
def test_only_what_goes_on_delays_closing(state: State) -> None:
    busy = Point.AUTHORIZED in HOLDS[state] and state is not State.AUTHORIZED
    assert closes_later(Phase(state)) is busy
    assert closes_later(Phase(state, in_transaction=True))


def test_every_state_can_be_reached_and_left() -> None:
    targets = {row[0] for row in TRANSITIONS.values()}
    sources = {state for state, _ in TRANSITIONS}
    assert targets == sources == set(State)


@pytest.mark.parametrize(
    ("plugged", "operative", "had", "state"),
    [
        (False, True, False, State.AVAILABLE),
        (True, True, False, State.PLUGGED),
        (True, True, True, State.FINISHING),
        (False, True, True, State.AVAILABLE),
        (False, False, False, State.UNAVAILABLE),
        (True, False, True, State.UNAVAILABLE_PLUGGED),
    ],
)
def test_power_comes_back(plugged: bool, operative: bool, had: bool, state: State) -> None:
    phase = after_power_on(plugged=plugged, operative=operative, had_transaction=had)
    assert phase == Phase(state)
