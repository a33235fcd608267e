"""Registration with the CSMS, heartbeats, and the queue of transaction-related messages.

Rule: transaction-related messages leave in the order in which things happened, one at a time, and
survive both a broken link and a power cut; nothing else is kept. No clock: `now_s` is an argument,
in seconds of the world's monotonic clock.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from simulator.station.authorization import IdToken

BOOT = "BootNotification"
_SHORTEST_WAIT_S = 1.0
_DEFAULT_WAIT_S = 60.0


class Registration(StrEnum):
    """What the CSMS said to the last BootNotification; the words are the same in 1.6 and 2.0.1."""

    NONE = "None"
    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


_ANSWERS = {str(word): word for word in Registration if word is not Registration.NONE}


@dataclass(slots=True)
class Boot:
    """Who may speak when (OCPP 1.6 section 4.2; 2.0.1 B01 to B03)."""

    status: Registration = Registration.NONE
    interval_s: float = 0.0

    def answered(self, status: str, interval_s: float) -> float | None:
        """Note the CSMS's answer; returns the seconds until the next BootNotification, None when
        accepted. An interval of 0 leaves the wait to the station; an unknown status is Rejected.
        """
        self.status = _ANSWERS.get(status, Registration.REJECTED)
        self.interval_s = interval_s
        if self.accepted:
            return None
        return max(_SHORTEST_WAIT_S, interval_s) if interval_s > 0 else _DEFAULT_WAIT_S

    @property
    def accepted(self) -> bool:
        """The CSMS has accepted the station since it was last switched on."""
        return self.status is Registration.ACCEPTED

    def may_send(self, action: str, *, triggered: bool = False) -> bool:
        """May the station begin this conversation? While Pending only what was triggered."""
        if action == BOOT or self.accepted:
            return True
        return triggered and self.status is Registration.PENDING

    def may_answer(self) -> bool:
        """May the station answer the CSMS? Not while it is Rejected."""
        return self.status is not Registration.REJECTED


def heartbeat_due_s(interval_s: float, last_sent_s: float, now_s: float) -> float:
    """Seconds until a Heartbeat is due: the interval counts from whatever was sent last (1.6
    section 9.1.10, 2.0.1 OCPPCommCtrlr.HeartbeatInterval).
    """
    return max(0.0, last_sent_s + interval_s - now_s)


@dataclass(slots=True)
class Queued:
    """One transaction-related message. `transaction` is the station's own name of it, None for
    meter values outside of any.
    """

    action: str
    payload: dict[str, Any]
    transaction: str | None
    session: str | None
    token: IdToken | None = None  # the identifier that the answer will judge
    waited: bool = False  # could not be sent when it arose
    attempts: int = 0


class Failure(StrEnum):
    """What becomes of a message that the CSMS failed to process."""

    RETRY = "retry"
    DISCARD = "discard"


@dataclass(slots=True)
class TransactionQueue:
    """First in, first out; a message leaves when it was acknowledged or has failed too often (OCPP
    1.6 section 3.7, 2.0.1 E13).
    """

    entries: deque[Queued] = field(default_factory=deque)
    not_before_s: float = 0.0

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def head(self) -> Queued | None:
        """The message whose turn it is."""
        return self.entries[0] if self.entries else None

    def push(self, message: Queued) -> None:
        """Put a message at the end."""
        self.entries.append(message)

    def wait_s(self, now_s: float) -> float:
        """Seconds until the head may be sent."""
        return max(0.0, self.not_before_s - now_s)

    def acknowledged(self) -> Queued:
        """The CSMS took the head: it leaves."""
        self.not_before_s = 0.0
        return self.entries.popleft()

    def failed(self, now_s: float, *, attempts: int, interval_s: float) -> Failure:
        """The CSMS failed to process the head.

        The n-th retry waits n times `interval_s`; after `attempts` transmissions the message is
        discarded.
        """
        head = self.entries[0]
        head.attempts += 1
        if head.attempts >= attempts:
            self.acknowledged()
            return Failure.DISCARD
        self.not_before_s = now_s + interval_s * head.attempts
        return Failure.RETRY

    def unanswered(self, now_s: float, *, interval_s: float) -> None:
        """Nobody said what became of the head: it is sent again, however often that takes."""
        self.not_before_s = now_s + interval_s

    def interrupted(self) -> None:
        """The link broke, which is nobody's failure: the head is sent again at once when it is
        back.
        """
        self.not_before_s = 0.0
        for message in self.entries:
            message.waited = True

    def holds(self, transaction: str | None = None) -> bool:
        """Are messages waiting, of this transaction or of any?"""
        return any(transaction in (None, message.transaction) for message in self.entries)
