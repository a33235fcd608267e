"""Registration rules, heartbeats, and the order of the queue."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.station.boot import (
    Boot,
    Failure,
    Queued,
    Registration,
    TransactionQueue,
    heartbeat_due_s,
)


@pytest.mark.parametrize(
    ("status", "interval_s", "wait_s", "known"),
    [
        ("Accepted", 300, None, Registration.ACCEPTED),
        ("Accepted", 0, None, Registration.ACCEPTED),
        ("Pending", 20, 20, Registration.PENDING),
        ("Pending", 0, 60, Registration.PENDING),
        ("Rejected", 5, 5, Registration.REJECTED),
        ("Rejected", 0, 60, Registration.REJECTED),
        ("Whatever", 7, 7, Registration.REJECTED),
        ("None", 7, 7, Registration.REJECTED),
    ],
)
def test_the_answer_to_a_boot_says_when_to_come_again(
    status: str, interval_s: float, wait_s: float | None, known: Registration
) -> None:
    boot = Boot()
    assert boot.answered(status, interval_s) == wait_s
    assert boot.status is known


@pytest.mark.parametrize(
    ("status", "heartbeat", "triggered", "answers"),
    [
        (Registration.NONE, False, False, True),
        (Registration.PENDING, False, True, True),
        (Registration.REJECTED, False, False, False),
        (Registration.ACCEPTED, True, True, True),
    ],
)
def test_who_may_speak_when(
    status: Registration, heartbeat: bool, triggered: bool, answers: bool
) -> None:
    boot = Boot(status)
    assert boot.may_send("BootNotification")
    assert boot.may_send("Heartbeat") is heartbeat
    assert boot.may_send("Heartbeat", triggered=True) is triggered
    assert boot.may_answer() is answers


@pytest.mark.parametrize(("now_s", "due_s"), [(100.0, 60.0), (130.0, 30.0), (200.0, 0.0)])
def test_the_heart_beats_after_silence(now_s: float, due_s: float) -> None:
    assert heartbeat_due_s(60.0, last_sent_s=100.0, now_s=now_s) == due_s


def message(number: int, transaction: str | None = "T1") -> Queued:
    return Queued("MeterValues", {"number": number}, transaction, None)


def test_retries_wait_longer_each_time_then_the_message_goes() -> None:
    """The specification's own example: 3 attempts, 60 s (OCPP 1.6 section 3.7.1)."""
    queue = TransactionQueue()
    queue.push(message(1))
    queue.push(message(2))
    now_s = 1000.0
    waits: list[float] = []
    for _ in range(2):
        assert queue.failed(now_s, attempts=3, interval_s=60) is Failure.RETRY
        waits.append(queue.wait_s(now_s))
        now_s += waits[-1]
    assert waits == [60, 120]
    assert queue.failed(now_s, attempts=3, interval_s=60) is Failure.DISCARD
    assert queue.head == message(2)
    assert queue.wait_s(now_s) == 0


def test_a_broken_link_is_nobody_s_failure() -> None:
    queue = TransactionQueue()
    queue.push(message(1))
    queue.failed(0.0, attempts=3, interval_s=60)
    queue.interrupted()
    assert queue.wait_s(1.0) == 0
    assert queue.head is not None
    assert queue.head.waited
    assert queue.head.attempts == 1


def test_what_the_queue_holds() -> None:
    queue = TransactionQueue()
    assert not queue.holds()
    queue.push(message(1, "T1"))
    assert queue.holds()
    assert queue.holds("T1")
    assert not queue.holds("T2")


@given(st.lists(st.sampled_from(["push", "acknowledge", "fail", "interrupt"]), max_size=80))
def test_what_leaves_leaves_in_order(acts: list[str]) -> None:
    queue, left, pushed = TransactionQueue(), [], 0
    for act in acts:
        if act == "push":
            queue.push(message(pushed))
            pushed += 1
        elif act == "interrupt":
            queue.interrupted()
        elif queue.head is not None:
            head = queue.head
            if act == "acknowledge":
                left.append(queue.acknowledged())
            elif queue.failed(0.0, attempts=3, interval_s=1) is Failure.DISCARD:
                left.append(head)
    numbers = [each.payload["number"] for each in [*left, *queue.entries]]
    assert numbers == list(range(pushed))


def test_what_nobody_answers_is_sent_again_however_often() -> None:
    queue = TransactionQueue()
    queue.push(message(1))
    for _ in range(10):
        queue.unanswered(1000.0, interval_s=60)
        assert queue.wait_s(1000.0) == 60
    assert queue.head == message(1)
    assert queue.failed(0.0, attempts=2, interval_s=60) is Failure.RETRY  # none of them counted
