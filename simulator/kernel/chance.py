"""The one source of chance.

Rule: every actor draws from its own stream, derived from the root seed and its name, so that adding
an actor or a draw here never changes what another one draws.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache, cached_property
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from faker import Faker

T = TypeVar("T")
_TOKEN_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def fresh_seed() -> int:
    """Draw a seed from the system, for worlds that name none."""
    return int.from_bytes(os.urandom(4), "big")


def fresh_token() -> str:
    """Draw a secret from the system, which no seed tells."""
    return os.urandom(24).hex()


class Chance:
    """A named stream of seeded random values."""

    def __init__(self, seed: int, path: str = "") -> None:
        self.seed = seed
        self.path = path
        self._ids_made = 0

    @cached_property
    def random(self) -> Random:
        """The stream itself, made at the first draw: its state is 2.5 kB, and most actors of a
        large fleet draw from few of their streams.
        """
        return Random(hashlib.sha256(f"{self.seed}:{self.path}".encode()).digest())

    def child(self, name: str) -> Chance:
        """A stream of its own for a part of this one's owner."""
        return Chance(self.seed, f"{self.path}/{name}")

    def of_start(self, number: int) -> Chance:
        """The stream of a later start on the same book; of the first one (0) it is this one.

        What was drawn before and is kept, ids and tokens, must not be drawn again.
        """
        return self.child(f"start-{number}") if number else self

    def uuid4(self) -> str:
        """A version-4 UUID; these are a stream of their own, whose state is one number."""
        self._ids_made += 1
        name = f"{self.seed}:{self.path}#{self._ids_made}"
        digits = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
        variant = "89ab"[int(digits[16], 16) & 3]
        return (
            f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
        )

    def token(self, length: int = 40) -> str:
        """A credentials token of letters and digits, none of them easily confused."""
        return "".join(self.random.choices(_TOKEN_ALPHABET, k=length))

    def uniform(self, low: float, high: float) -> float:
        """A float between two bounds."""
        return self.random.uniform(low, high)

    def integer(self, low: int, high: int) -> int:
        """A whole number between two bounds, both included."""
        return self.random.randint(low, high)

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""
        return self.random.choice(items)

    def happens(self, probability: float) -> bool:
        """True with the given probability."""
        return self.random.random() < probability

    def faker(self, locale: str = "en_GB") -> Faker:
        """A Faker that draws from this stream, until the next one of its locale is asked for
        (heavy to import: call it late).
        """
        fake = _faker(locale)
        fake.seed_instance(self.random.getrandbits(64))
        return fake


@cache  # its thousands of names and towns are the same whoever draws from them
def _faker(locale: str) -> Faker:
    from faker import Faker

    return Faker(locale)
