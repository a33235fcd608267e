"""What real-time authorization answers, beyond what the rules decide: set over the control API.

Rule: a setting only ever refuses, delays or keeps silent; it never allows what a rule refuses.
"""

from __future__ import annotations

from typing import Literal

import msgspec

AllowedType = Literal["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"]


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One answer: the verdict, how long it takes (seconds), or none at all."""

    allowed: AllowedType = "ALLOWED"
    delay_s: float = msgspec.field(default=0.0)
    no_answer: bool = False
    info: str | None = None


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The answers: by token uid first, then by location id, else the default."""

    default: Answer = msgspec.field(default_factory=Answer)
    tokens: dict[str, Answer] = msgspec.field(default_factory=dict)
    locations: dict[str, Answer] = msgspec.field(default_factory=dict)

    def find(self, token_uid: str, location_id: str | None) -> Answer:
        """The answer for a token at a location, whatever their case."""
        for table, wanted in ((self.tokens, token_uid), (self.locations, location_id)):
            for name, answer in table.items():
                if wanted is not None and name.casefold() == wanted.casefold():
                    return answer
        return self.default
