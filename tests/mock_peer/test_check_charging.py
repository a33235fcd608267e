"""Charging in the check's network: the messages of a session, in order, and its CDRs."""

from __future__ import annotations

from mock_peer.check_table_emp import ALONE, LOCAL
from simulator.kernel.clock import Clock
from tests.mock_peer.emp_checking import check_our_emp


async def test_a_local_session_is_put_patched_put_and_billed_three_times(clock: Clock) -> None:
    report, emp, _ = await check_our_emp(clock)
    told = [r for r in report.messages.values() if r["session"] == LOCAL]
    assert [r["method"] for r in told if r["module"] == "sessions"] == ["PUT", "PATCH", "PUT"]
    sent = [r for r in told if r["module"] == "cdrs"]
    assert len({r["request"]["body"] for r in sent}) == 1
    assert [r["http_status"] for r in sent[:1] + sent[-1:]] == [500, 200]
    (alone,) = {r["request"]["body"] for r in report.messages.values() if r["session"] == ALONE}
    assert '"session_id"' not in alone
    prices = {cdr["total_cost"]["excl_vat"] for cdr in emp.book.cdrs.values()}
    assert {str(price) for price in prices} == {"5.625"}
