"""The one language that picks: records, messages on their way, what a view shows.

Rule: pure; a filter is read once and asked of anything that has fields (`filter_rows` for records).
What is wrong with its text is said with the place.

`~cp CP0001 & ~a MeterValues & !~s 1000`: an operator with its word, joined by `&` (or a blank) and
`|`, turned round by `!`, in brackets where needed; a bare word is looked for anywhere. Words are
parts of what they are looked for in, whatever their case; `*` and `?` make them patterns of all of
it. `~lat` compares: `~lat>500`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Protocol

from simulator.mistakes import did_you_mean

# Of several texts each is looked at by itself.
Value = str | tuple[str, ...] | float | bool | None


class Filterable(Protocol):
    """Anything that can be picked: its fields by the operators' names."""

    def field(self, name: str) -> Value:
        """What it has under an operator's name; None for nothing. `any` is all of its words."""


# Operator -> what it looks at, for help and documents.
WORDS: Mapping[str, str] = {
    "cp": "who takes part: a station, cpo, a peer",
    "a": "what was said: an action, a method and module, a rule, a step",
    "s": "how it came out: a status, a code, a state",
    "leg": "ocpp, ocpi, finding, step, fault",
    "u": "the URL of an OCPI request",
    "tok": "a token: card or contract",
    "body": "the wire's text, both ways",
    "sess": "the session it belongs to",
    "rule": "a rule that it broke",
}
FLAGS: Mapping[str, str] = {
    "err": "it failed: an error, a schema, a refusal",
    "fault": "a placed fault struck",
    "m": "it is marked",
}
NUMBERS: Mapping[str, str] = {"lat": "milliseconds from call to answer"}
ANY = "any"
# What is known of a call only once it is answered; the rest is known when it is asked.
ANSWERED = frozenset({"s", "tok", "body", "err", "lat", ANY})
# What only an answer has at all.
OUTCOME = frozenset({"s", "err"})
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
}
_TOKENS = re.compile(
    r"""\s*(?: (?P<sign>[&|!()])
             | ~(?P<name>[A-Za-z]+) (?: \s* (?P<compare>>=|<=|[<>=]) \s* (?P<number>[^\s&|()!]*) )?
             | (?P<tilde>~)
             | "(?P<quoted>(?:[^"\\]|\\.)*)"
             | (?P<open>")
             | (?P<word>[^\s&|()!"~][^\s&|()"]*) )""",
    re.VERBOSE,
)
_DEPTH = 50


class FilterError(ValueError):
    """A filter that cannot be read: `place` is where in its text, from 0."""

    def __init__(self, place: int, why: str) -> None:
        super().__init__(f"at {place + 1}: {why}")
        self.place = place


class Filter(Protocol):
    """A filter that was read."""

    def matches(self, row: Filterable) -> bool:
        """Whether it picks this one."""


@dataclass(frozen=True)
class Word:
    """An operator and its word; `name` is `any` for a bare one."""

    name: str
    word: str

    @cached_property
    def _low(self) -> str:
        return self.word.lower()

    @cached_property
    def _pattern(self) -> bool:
        return "*" in self.word or "?" in self.word

    def matches(self, row: Filterable) -> bool:
        """Whether the word is there."""
        value = row.field(self.name)
        if value is None:
            return False
        texts = value if isinstance(value, tuple) else (str(value),)
        return any(self._in(text.lower()) for text in texts)

    def _in(self, text: str) -> bool:
        return fnmatchcase(text, self._low) if self._pattern else self._low in text

    def __str__(self) -> str:
        escaped = self.word.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"' if self.name == ANY else f'~{self.name} "{escaped}"'


@dataclass(frozen=True)
class Flag:
    """An operator that needs no word."""

    name: str

    def matches(self, row: Filterable) -> bool:
        """Whether it is so."""
        return bool(row.field(self.name))

    def __str__(self) -> str:
        return f"~{self.name}"


@dataclass(frozen=True)
class Number:
    """An operator that compares."""

    name: str
    compare: str
    number: float

    def matches(self, row: Filterable) -> bool:
        """Whether it holds; never where there is no number."""
        value = row.field(self.name)
        return isinstance(value, int | float) and _COMPARE[self.compare](value, self.number)

    def __str__(self) -> str:
        return f"~{self.name}{self.compare}{self.number!r}"


@dataclass(frozen=True)
class Not:
    """The other way round."""

    part: Filter

    def matches(self, row: Filterable) -> bool:
        """Whether the part does not."""
        return not self.part.matches(row)

    def __str__(self) -> str:
        return f"!{self.part}"


@dataclass(frozen=True)
class Several:
    """All of its parts, or any of them."""

    parts: tuple[Filter, ...]
    every: bool

    def matches(self, row: Filterable) -> bool:
        """Whether all do, or any does."""
        judged = (part.matches(row) for part in self.parts)
        return all(judged) if self.every else any(judged)

    def __str__(self) -> str:
        return f"({(' & ' if self.every else ' | ').join(map(str, self.parts))})"


EVERYTHING = Several((), True)


@dataclass(frozen=True, slots=True)
class _Token:
    place: int
    kind: str
    text: str
    compare: str = ""
    number: str = ""


def parse(text: str, *, lacking: Collection[str] = ()) -> Filter:
    """Read a filter; an empty one picks everything. `lacking`: operators that what shall be picked
    knows nothing of. Raises FilterError.
    """
    reader = _Reader(_tokens(text), len(text.rstrip()), lacking)
    if reader.next is None:
        return EVERYTHING
    read = reader.either(0)
    if (left := reader.left()) is not None:
        raise FilterError(left.place, "this bracket was never opened")
    return read


def asked(read: Filter) -> Iterator[str]:
    """The operators that a filter asks for, `any` for a bare word."""
    return (single.name for single in singles(read))


def singles(read: Filter) -> Iterator[Word | Flag | Number]:
    """What a filter is put together of: its operators, with what they ask for."""
    if isinstance(read, Several):
        for part in read.parts:
            yield from singles(part)
    elif isinstance(read, Not):
        yield from singles(read.part)
    elif isinstance(read, Word | Flag | Number):
        yield read


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    end = len(text.rstrip())
    place = 0
    while place < end:
        match = _TOKENS.match(text, place)
        if match is None:
            raise FilterError(place, "cannot be read")
        kind = match.lastgroup or ""
        kind = "name" if kind in ("compare", "number") else kind
        start = match.end() - len(match.group().lstrip())
        if kind == "open":
            raise FilterError(start, "this quotation mark is never closed")
        if kind == "tilde":
            raise FilterError(start, f"~ needs an operator.{did_you_mean('', _ALL)}")
        found.append(
            _Token(start, kind, match[kind], match["compare"] or "", match["number"] or "")
        )
        place = match.end()
    return found


_ALL = (*WORDS, *FLAGS, *NUMBERS)


class _Reader:
    """Tokens from left to right: `|` binds least, then `&` or a blank, then `!`."""

    def __init__(self, tokens: list[_Token], end: int, lacking: Collection[str]) -> None:
        self._tokens = tokens[::-1]
        self._end = end
        self._lacking = lacking

    @property
    def next(self) -> _Token | None:
        return self._tokens[-1] if self._tokens else None

    def left(self) -> _Token | None:
        """What nobody took."""
        return self.next

    def _sign(self, sign: str) -> bool:
        """Take this sign, if it is next."""
        if self.next is not None and (self.next.kind, self.next.text) == ("sign", sign):
            self._tokens.pop()
            return True
        return False

    def either(self, depth: int) -> Filter:
        parts = [self._both(depth)]
        while self._sign("|"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Several(tuple(parts), every=False)

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._sign("&") or not self._ends():
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Several(tuple(parts), every=True)

    def _ends(self) -> bool:
        token = self.next
        return token is None or (token.kind == "sign" and token.text in "|)")

    def _one(self, depth: int) -> Filter:
        if not self._tokens:
            raise FilterError(self._end, "something is missing here")
        token = self._tokens[-1]
        if depth > _DEPTH:
            raise FilterError(token.place, "nested too deep")
        self._tokens.pop()
        if token.kind == "sign":
            return self._signed(token, depth)
        if token.kind == "name":
            return self._named(token)
        return Word(ANY, _unquoted(token))

    def _signed(self, token: _Token, depth: int) -> Filter:
        if token.text == "!":
            return Not(self._one(depth + 1))
        if token.text == "(":
            inside = self.either(depth + 1)
            if not self._sign(")"):
                raise FilterError(token.place, "this bracket is never closed")
            return inside
        raise FilterError(token.place, f"something is missing before '{token.text}'")

    def _named(self, token: _Token) -> Filter:
        name = token.text.lower()
        if name not in _ALL:
            raise FilterError(token.place, f"no operator ~{name}.{did_you_mean(name, _ALL)}")
        if name in self._lacking:
            raise FilterError(token.place, f"~{name} says nothing here")
        if name in NUMBERS:
            return _number(name, token)
        if token.compare:
            raise FilterError(token.place, f"~{name} does not compare: ~{name} WORD")
        if name in FLAGS:
            return Flag(name)
        after = self._tokens[-1] if self._tokens else None
        if after is None or after.kind not in ("word", "quoted"):
            place = self._end if after is None else after.place
            raise FilterError(place, f"~{name} needs a word: {WORDS[name]}")
        return Word(name, _unquoted(self._tokens.pop()))


def _number(name: str, token: _Token) -> Number:
    if not token.compare:
        raise FilterError(token.place, f"~{name} compares, as in ~{name}>500")
    try:
        return Number(name, token.compare, float(token.number))
    except ValueError:
        raise FilterError(
            token.place, f"~{name}{token.compare} needs a number, not '{token.number}'"
        ) from None


def _unquoted(token: _Token) -> str:
    return re.sub(r"\\(.)", r"\1", token.text) if token.kind == "quoted" else token.text
