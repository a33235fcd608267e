"""A list that forgets its beginning: the newest so many, each by its number.

Rule: appending, forgetting and looking at any place cost the same however much is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Ring(Generic[T]):
    """The newest `size` items, numbered from 1 in the order they came."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: list[T] = []
        self._skip = 0  # items at the list's start that are forgotten already
        self.last = 0  # the newest one's number

    def append(self, item: T) -> None:
        """Add one; the oldest goes where there is no more room."""
        self._items.append(item)
        self.last += 1
        if len(self) > self._size:
            self._skip += 1
            if self._skip > self._size:
                del self._items[: self._skip]
                self._skip = 0

    @property
    def first(self) -> int:
        """The oldest one's number; beyond `last` where there is none."""
        return self.last - len(self) + 1

    def __len__(self) -> int:
        return len(self._items) - self._skip

    def __iter__(self) -> Iterator[T]:
        return iter(self._items[self._skip :])

    def get(self, number: int) -> T | None:
        """The one of that number, if it is still held."""
        if not self.first <= number <= self.last:
            return None
        return self._items[self._skip + number - self.first]

    def after(self, number: int) -> list[T]:
        """Those with higher numbers."""
        return self._items[self._skip + max(0, number - self.first + 1) :]
