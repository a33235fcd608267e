"""Rewritten ids: unique, stable, short, reversible."""

from __future__ import annotations

from decimal import Decimal

from mock_peer.roam_ids import LONGEST, IdMap, Kind, Origin, content_digest, rewritten_id

HERE = Origin("1", "DE", "ABC", ("LOC1",))


def test_an_id_is_the_same_whenever_it_is_asked_for() -> None:
    first = IdMap().issue(Kind.LOCATION, HERE)
    assert IdMap().issue(Kind.LOCATION, HERE._replace(connection="2")) == first
    assert IdMap().issue(Kind.LOCATION, HERE._replace(ids=("loc1",))) == first


def test_equal_ids_of_two_cpos_differ_and_so_do_two_kinds() -> None:
    other = HERE._replace(party_id="XYZ")
    issued = {
        rewritten_id(kind, origin)
        for kind in (Kind.LOCATION, Kind.SESSION, Kind.CDR)
        for origin in (HERE, other, Origin("1", "D", "EABC", ("LOC1",)))
    }
    assert len(issued) == 9


def test_ids_are_short_enough_for_every_object() -> None:
    long = Origin("1", "DE", "ABC", ("x" * 39, "y" * 48, "z" * 36))
    assert all(len(rewritten_id(kind, long)) <= LONGEST for kind in Kind)


def test_an_evse_keeps_its_id_when_it_moves_and_a_connector_needs_its_evse() -> None:
    moved = Origin("1", "DE", "ABC", ("LOC2", "E1"))
    assert rewritten_id(Kind.EVSE, HERE.below("E1")) == rewritten_id(Kind.EVSE, moved)
    one, two = HERE.below("E1", "1"), HERE.below("E2", "1")
    assert rewritten_id(Kind.CONNECTOR, one) != rewritten_id(Kind.CONNECTOR, two)


def test_the_way_back() -> None:
    ids = IdMap()
    evse = ids.issue(Kind.EVSE, HERE.below("E1"))
    assert ids.origin(evse.upper(), Kind.EVSE) == HERE.below("E1")
    assert ids.origin(evse, Kind.LOCATION) is None
    assert ids.origin("ee0", Kind.EVSE) is None


def test_rows_are_kept_once_and_again_when_the_connection_changes() -> None:
    rows: list[tuple[str, Origin]] = []
    ids = IdMap(lambda rewritten, origin: rows.append((rewritten, origin)))
    ids.issue(Kind.SESSION, HERE)
    ids.issue(Kind.SESSION, HERE)
    ids.issue(Kind.SESSION, HERE._replace(connection="2"))
    ids.issue(Kind.LOCATION, HERE)
    assert [origin.connection for _, origin in rows] == ["1", "2"]
    again = IdMap()
    again.restore(rows)
    restored = again.origin(rows[0][0], Kind.SESSION)
    assert restored is not None
    assert restored.connection == "2"


def test_a_tariff_s_content_is_part_of_its_id_and_its_last_update_is_not() -> None:
    tariff = {"id": "T", "last_updated": "2026-01-01T00:00:00Z", "elements": [Decimal("0.50")]}
    same = {**tariff, "last_updated": "2026-02-01T00:00:00Z"}
    dearer = {**tariff, "elements": [Decimal("0.60")]}
    assert content_digest(tariff) == content_digest(same) != content_digest(dearer)
    issued = [
        rewritten_id(Kind.TARIFF, Origin("1", "DE", "ABC", ("T", content_digest(each))))
        for each in (tariff, dearer)
    ]
    halves = [one.split("_") for one in issued]
    assert halves[0][0] == halves[1][0]
    assert halves[0][1] != halves[1][1]


def test_a_cpo_is_named_as_emps_block_it() -> None:
    assert Origin("1", "de", "abc", ()).party == "DE*ABC"
