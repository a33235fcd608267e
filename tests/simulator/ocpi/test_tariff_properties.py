"""Properties that every price has, whatever the tariff and the session."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulator.ocpi.tariff import TariffError, price
from tests.simulator.ocpi.tariff_examples import MONDAY, Json, component, element, session, tariff

DIMENSIONS = ("FLAT", "ENERGY", "TIME", "PARKING_TIME")
# whole minutes and Wh: what an OCPI number of four decimals writes exactly
MINUTES = st.integers(0, 40).map(lambda steps: steps * 9)
KWH = st.integers(0, 10_000).map(lambda steps: Decimal(steps) * 9 / 1000)
PRICES = st.integers(0, 900).map(lambda cents: Decimal(cents) / 100)


@st.composite
def components(draw: st.DrawFn, steps: st.SearchStrategy[int]) -> Json:
    vat = draw(st.sampled_from([None, 0, 7, 20]))
    return component(draw(st.sampled_from(DIMENSIONS)), draw(PRICES), vat, draw(steps))


@st.composite
def restrictions(draw: st.DrawFn) -> Json:
    clock = st.sampled_from(["00:00", "09:00", "10:30", "17:00", "23:00"])
    possible: dict[str, st.SearchStrategy[Any]] = {
        "start_time": clock,
        "end_time": clock,
        "min_kwh": st.integers(0, 40),
        "max_kwh": st.integers(1, 80),
        "min_duration": st.integers(0, 20000),
        "max_duration": st.integers(1, 40000),
        "day_of_week": st.lists(st.sampled_from(["MONDAY", "TUESDAY"]), unique=True),
        "max_power": st.integers(1, 50),
    }
    keys = draw(st.lists(st.sampled_from(sorted(possible)), unique=True, max_size=3))
    return {key: draw(possible[key]) for key in keys}


def tariffs(steps: st.SearchStrategy[int]) -> st.SearchStrategy[Json]:
    elements = st.builds(
        lambda parts, limits: element(*parts, **limits),
        st.lists(components(steps), min_size=1, max_size=4),
        restrictions(),
    )
    return st.lists(elements, min_size=1, max_size=4).map(lambda made: tariff(*made))


STEPPED = tariffs(st.sampled_from([0, 1, 60, 300, 900]))


@st.composite
def parts(draw: st.DrawFn) -> tuple[float, Json]:
    minutes = draw(MINUTES)
    kind = draw(st.sampled_from(["TIME", "PARKING_TIME"]))
    volumes: Json = {kind: Decimal(minutes) / 60}
    if kind == "TIME":
        volumes |= {"ENERGY": draw(KWH), "POWER": draw(st.integers(0, 60))}
    return minutes, volumes


SESSIONS = st.lists(parts(), min_size=1, max_size=6)


@settings(deadline=None)
@given(STEPPED, SESSIONS)
def test_never_negative_and_the_lines_add_up(made: Json, periods: Any) -> None:
    priced = price(made, session(*periods))
    assert priced.total_cost.excl_vat >= 0
    assert priced.total_cost.incl_vat >= priced.total_cost.excl_vat
    assert abs(sum(line.cost.excl_vat for line in priced.lines) - priced.total_cost.excl_vat) < (
        Decimal("1E-9")
    )
    for line in priced.lines:
        assert line.billed_volume is not None and line.volume is not None
        assert line.billed_volume >= line.volume


@settings(deadline=None)
@given(STEPPED, SESSIONS)
def test_the_parts_are_the_total(made: Json, periods: Any) -> None:
    priced = price(made, session(*periods))
    shares = [
        priced.total_fixed_cost,
        priced.total_energy_cost,
        priced.total_time_cost,
        priced.total_parking_cost,
    ]
    total = sum(share.incl_vat for share in shares if share is not None)
    assert abs(total - priced.total_cost.incl_vat) < Decimal("1E-9")


@settings(deadline=None)
@given(STEPPED, SESSIONS, st.integers(2, 100))
def test_in_a_currency_of_smaller_coins_all_amounts_scale(
    made: Json, periods: Any, scale: int
) -> None:
    scaled = tariff(
        *(
            {
                **one,
                "price_components": [
                    {**part, "price": part["price"] * scale} for part in one["price_components"]
                ],
            }
            for one in made["elements"]
        )
    )
    once, more = price(made, session(*periods)), price(scaled, session(*periods))
    assert abs(once.total_cost.excl_vat * scale - more.total_cost.excl_vat) < Decimal("1E-8")


def per_unit(steps: int = 1) -> Json:
    return tariff(
        element(
            component("FLAT", Decimal("0.35"), 20),
            component("ENERGY", Decimal("0.49"), 20, steps),
            component("TIME", Decimal("1.2"), 20, steps),
            component("PARKING_TIME", Decimal("3.6"), 10, steps),
        )
    )


@settings(deadline=None)
@given(SESSIONS, parts(), st.sampled_from([0, 1, 500]))
def test_more_never_costs_less(periods: Any, more: Any, steps: int) -> None:
    # parking takes the rounding away from charging, so only more of the same kind is compared
    kinds = {kind for _, volumes in periods for kind in volumes if kind != "POWER"}
    if not set(more[1]) - {"POWER"} <= kinds:
        more = periods[-1]
    made = per_unit(steps)
    before, after = price(made, session(*periods)), price(made, session(*periods, more))
    assert after.total_cost.excl_vat >= before.total_cost.excl_vat


@settings(deadline=None)
@given(STEPPED, SESSIONS, st.integers(0, 5), st.integers(1, 8))
def test_cutting_a_period_where_no_price_changes_changes_nothing(
    made: Json, periods: Any, which: int, ninths: int
) -> None:
    whole = price(made, session(*periods), check=True)
    assume(not any("new period" in note for note in whole.notes))
    which %= len(periods)
    cut = [*periods[:which], *cut_at(periods[which], ninths), *periods[which + 1 :]]
    assert price(made, session(*cut)).total_cost == whole.total_cost


def cut_at(part: tuple[float, Json], ninths: int) -> list[tuple[float, Json]]:
    """Two parts of one, of whole minutes and Wh, at the same power."""
    minutes, volumes = part
    result = []
    for share in (ninths, 9 - ninths):
        level = {kind: value for kind, value in volumes.items() if kind == "POWER"}
        amounts = {kind: value * share / 9 for kind, value in volumes.items() if kind != "POWER"}
        result.append((minutes * share / 9, amounts | level))
    return result


@settings(deadline=None)
@given(SESSIONS, st.integers(1, 5))
def test_two_tariffs_added_up_cost_what_both_cost(periods: Any, seed: int) -> None:
    energy_only = tariff(element(component("ENERGY", Decimal(seed) / 10, 20, 100)))
    time_only = tariff(element(component("TIME", seed, 10, 300)))
    both = tariff(*energy_only["elements"], *time_only["elements"])
    made = session(*periods)
    apart = (
        price(energy_only, made).total_cost.incl_vat + price(time_only, made).total_cost.incl_vat
    )
    assert abs(price(both, made).total_cost.incl_vat - apart) < Decimal("1E-9")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, sound: Any) -> Any:
    """A sound document with one value replaced by anything, or left out."""
    if isinstance(sound, dict) and sound and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(sound)))
        if not draw(st.integers(0, 9)):
            return {name: value for name, value in sound.items() if name != key}
        return {**sound, key: draw(spoiled(sound[key]))}
    if isinstance(sound, list) and sound and draw(st.integers(0, 9)):
        index = draw(st.integers(0, len(sound) - 1))
        return [*sound[:index], draw(spoiled(sound[index])), *sound[index + 1 :]]
    return draw(JSON)


TARIFF = tariff(
    element(
        component("ENERGY", 1, 20, 100),
        start_time="09:00",
        end_time="17:00",
        start_date="2026-01-01",
        end_date="9999-12-31",
        min_kwh=0,
        max_power=50,
        min_duration=0,
        day_of_week=["MONDAY"],
    ),
    element(component("TIME", 1, 20, 60), reservation="RESERVATION"),
    min_price={"excl_vat": 1, "incl_vat": 1},
    start_date_time="2026-01-01T00:00:00Z",
)
SESSION = session((60, {"ENERGY": 3, "TIME": 1, "MAX_CURRENT": 16}), (9, {"RESERVATION_TIME": 1}))


@settings(deadline=None)
@given(spoiled(TARIFF), spoiled(SESSION), st.just("Europe/Berlin") | st.text(max_size=9))
def test_any_json_gives_a_price_or_a_tariff_error(made: Any, billed: Any, zone: str) -> None:
    try:
        price(made, billed, time_zone=zone, check=True).to_json()
    except TariffError as error:
        assert error.message and error.document in ("tariff", "session", "time zone")


@settings(deadline=None)
@given(JSON)
def test_any_json_at_all(anything: Any) -> None:
    for made, billed in ((anything, SESSION), (TARIFF, anything), (anything, anything)):
        try:
            price(made, billed)
        except TariffError as error:
            assert error.message


def test_the_sessions_of_these_tests_are_real() -> None:
    made = session((9, {"TIME": Decimal(9) / 60}))
    assert made["end_date_time"] == (MONDAY + timedelta(minutes=9)).isoformat().replace(
        "+00:00", "Z"
    )
