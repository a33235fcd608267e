"""What real-time authorization answers, beyond what the rules decide: set over the control API.

Rule: a setting only ever refuses, delays or keeps silent; it never allows what a rule refuses.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

AllowedType = Literal["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One answer: the verdict, how long it takes (seconds), or none at all."""

    allowed: AllowedType = "ALLOWED"
    delay_s: Annotated[float, Meta(ge=0, le=600)] = 0.0
    no_answer: bool = False
    info: Annotated[str, Meta(max_length=512)] | None = None


class TimedAnswer(Answer, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The answer from `since` to before `until`; an open end has none. Without an offset: UTC."""

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and _utc(self.until) <= _utc(self.since):
            raise ValueError("expected `until` after `since`")

    def holds(self, now: datetime) -> bool:
        """Whether this is the answer now."""
        begun = self.since is None or _utc(self.since) <= now
        return begun and (self.until is None or now < _utc(self.until))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The answers: by token uid first, then by location id, then by time, else the default."""

    default: Answer = msgspec.field(default_factory=Answer)
    tokens: dict[str, Answer] = msgspec.field(default_factory=dict)
    locations: dict[str, Answer] = msgspec.field(default_factory=dict)
    times: tuple[TimedAnswer, ...] = ()

    def find(self, token_uid: str, location_id: str | None, now: datetime) -> Answer:
        """The answer for a token at a location now; ids are compared without regard to case."""
        for table, wanted in ((self.tokens, token_uid), (self.locations, location_id)):
            for name, answer in table.items():
                if wanted is not None and name.casefold() == wanted.casefold():
                    return answer
        return next((answer for answer in self.times if answer.holds(now)), self.default)
