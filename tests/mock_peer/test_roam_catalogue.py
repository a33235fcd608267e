"""What EMPs pull, and when it changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mock_peer.roam_catalogue import ALWAYS, Catalogue, Span
from mock_peer.roam_ids import IdMap
from mock_peer.roam_organisation import Organisation
from tests.mock_peer.roam_things import evse, location, origin, tariff

T0 = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
EMP = Organisation()


def minutes(count: int) -> datetime:
    return T0 + timedelta(minutes=count)


def names(catalogue: Catalogue, organisation: Organisation = EMP, span: Span = ALWAYS) -> list[str]:
    return [entry.source["id"] for entry in catalogue.seen_by(organisation, span)]


def filled() -> Catalogue:
    catalogue = Catalogue(IdMap())
    for name, tariffed in (("A", "T1"), ("B", "T2"), ("C", "T1")):
        place = evse(uid=f"E{name}")
        place["connectors"][0]["tariff_ids"] = [tariffed]
        catalogue.put(location(id=name, evses=[place]), origin(name), T0)
    return catalogue


def test_entries_come_in_the_order_they_were_created() -> None:
    catalogue = filled()
    catalogue.put(location(id="A", city="Bonn"), origin("A"), minutes(1))
    assert names(catalogue) == ["A", "B", "C"]
    assert len(catalogue) == 3


def test_a_delta_holds_what_changed_in_its_time_the_end_excluded() -> None:
    catalogue = filled()
    catalogue.put(location(id="B", city="Bonn"), origin("B"), minutes(5))
    assert names(catalogue, span=Span(minutes(1))) == ["B"]
    assert names(catalogue, span=Span(minutes(5), minutes(6))) == ["B"]
    assert names(catalogue, span=Span(T0, minutes(5))) == ["A", "C"]


def test_the_same_object_again_is_no_change() -> None:
    catalogue = filled()
    before = catalogue.entry(origin("A"))
    assert before is not None
    catalogue.put(before.source, origin("A"), minutes(5))
    assert names(catalogue, span=Span(minutes(1))) == []


def test_a_tariff_that_changes_changes_the_locations_it_is_inlined_in() -> None:
    catalogue = filled()
    changed = catalogue.put_tariff(tariff("0.50"), origin("T1"), minutes(2))
    assert [entry.source["id"] for entry in changed] == ["A", "C"]
    assert names(catalogue, span=Span(minutes(1))) == ["A", "C"]
    assert catalogue.put_tariff(tariff("0.50"), origin("T1"), minutes(3)) == []
    dearer = catalogue.put_tariff(tariff("0.60"), origin("T1"), minutes(4))
    assert len(dearer) == 2
    assert dearer[0].shown["evses"][0]["connectors"][0]["tariffs"][0]["currency"] == "EUR"
    assert dearer[0].shown["last_updated"] == "2026-01-01T00:00:00Z"
    assert len(catalogue.remove_tariff(origin("T1"), minutes(5))) == 2


def test_a_tariff_of_another_cpo_with_the_same_id_changes_nothing_here() -> None:
    catalogue = filled()
    assert catalogue.put_tariff(tariff(), origin("T1", party_id="XYZ"), minutes(1)) == []


def test_a_removed_location_is_absent() -> None:
    catalogue = filled()
    catalogue.put(location(id="B", evses=[evse(status="REMOVED")]), origin("B"), minutes(1))
    catalogue.remove(origin("unknown"))
    assert names(catalogue) == ["A", "C"]
    assert catalogue.entry(origin("B")) is None


def test_the_locations_of_a_cpo_go_with_its_connection() -> None:
    catalogue = filled()
    other = origin("D", party_id="XYZ")._replace(connection="cpo-2")
    catalogue.put(location(id="D", party_id="XYZ"), other, T0)
    assert catalogue.remove_connection("cpo-1") == 3
    assert names(catalogue) == ["D"]


def test_an_emp_sees_its_countries_less_the_blocked_cpos() -> None:
    catalogue = filled()
    catalogue.put(location(id="N", country="NLD"), origin("N", party_id="XYZ"), T0)
    assert names(catalogue, Organisation(countries=("NLD",))) == ["N"]
    assert names(catalogue, Organisation(blocked_cpos=("DE*ABC",))) == ["N"]


def test_a_location_is_found_by_the_id_that_emps_know() -> None:
    catalogue = filled()
    entry = catalogue.entry(origin("a"))
    assert entry is not None
    assert catalogue.find(entry.shown["id"]) is entry
    assert catalogue.find("el0") is None


def test_a_pull_goes_on_behind_an_entry_that_is_gone() -> None:
    catalogue = filled()
    second = catalogue.entry(origin("B"))
    assert second is not None
    catalogue.remove(origin("B"))
    rest = catalogue.seen_by(EMP, after=second.serial)
    assert [entry.source["id"] for entry in rest] == ["C"]
