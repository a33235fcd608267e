"""What a CSMS made of a transaction, by the frames of both versions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from simulator.commands.outcome import Outcomes

ACTOR = "station/CP"
ACCEPTED, BLOCKED = {"status": "Accepted"}, {"status": "Blocked"}


def frame(direction: str, *parts: Any, actor: str = ACTOR) -> dict[str, Any]:
    return {
        "leg": "ocpp",
        "actor": actor,
        "direction": direction,
        "message_type": parts[0],
        "message_id": parts[1],
        "action": parts[2] if parts[0] == 2 else None,
        "frame": msgspec.json.encode(parts).decode(),
    }


def event(kind: str, number: str, **answer: Any) -> list[dict[str, Any]]:
    sent = frame("sent", 2, number, "TransactionEvent", {"eventType": kind})
    return [sent, frame("received", 3, number, answer)]


def old(action: str, number: str, answer: Any, kind: int = 3) -> list[dict[str, Any]]:
    return [frame("sent", 2, number, action, {}), frame("received", kind, number, answer)]


START = old("StartTransaction", "1", {"idTagInfo": ACCEPTED, "transactionId": 7})
STOP = old("StopTransaction", "2", {})


@pytest.mark.parametrize(
    ("frames", "billed"),
    [
        ([*START, *STOP], True),
        (START, False),
        ([*START, STOP[0]], False),
        ([*START, *old("StopTransaction", "2", "InternalError", 4)], False),
        ([*START, *old("StopTransaction", "2", "InternalError", 4), *STOP], True),
        ([*old("StartTransaction", "1", {"idTagInfo": BLOCKED}), *STOP], False),
        ([*START, *old("StopTransaction", "2", {"idTagInfo": BLOCKED})], True),
        ([*event("Started", "a"), *event("Updated", "b"), *event("Ended", "c")], True),
        ([*event("Started", "a"), *event("Updated", "b", idTokenInfo=BLOCKED),
          *event("Ended", "c")], False),
        ([*event("Started", "a", idTokenInfo=ACCEPTED)], False),
        ([*event("Ended", "c")], False),
    ],
)  # fmt: skip
def test_start_and_end_must_be_taken(frames: list[dict[str, Any]], billed: bool) -> None:
    outcomes = Outcomes()
    outcome = outcomes.watch(ACTOR)
    for one in frames:
        outcomes.hear({"leg": "event", "actor": ACTOR})
        outcomes.hear({**one, "actor": "station/OTHER"})
        outcomes.hear(one)
    assert outcome.billed is billed


@pytest.mark.parametrize(
    ("frames", "why"),
    [
        ([], "did not take the start"),
        (START, "did not take the end"),
        ([*old("StartTransaction", "1", {"idTagInfo": BLOCKED}), *STOP], "refused the token"),
    ],
)
def test_it_says_what_is_missing(frames: list[dict[str, Any]], why: str) -> None:
    outcomes = Outcomes()
    outcome = outcomes.watch(ACTOR)
    for one in frames:
        outcomes.hear(one)
    assert why in outcome.why


def test_nonsense_tells_nothing() -> None:
    outcomes = Outcomes()
    outcome = outcomes.watch(ACTOR)
    outcomes.hear({**frame("sent", 2, "1", "TransactionEvent", {}), "frame": "[2,"})
    outcomes.hear({**frame("received", 3, "1", []), "frame": "nonsense"})
    assert not outcome.billed and not outcome.refused
