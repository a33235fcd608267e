"""E-mobility account identifiers (EMAID, the contract id) and EVSE ids: parse, spell, compare.

Rule: two spellings are one contract when their keys are equal: 14 characters, upper case, without
dashes and without the check digit. What was received is kept as it was spelled; a wrong check digit
is told, never refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Country, provider, instance, optional check digit; dashes may stand between, all of them, some or
# none.
_EMAID = re.compile(r"([A-Z]{2})-?([0-9A-Z]{3})-?([0-9A-Z]{9})(?:-?([0-9A-Z]))?", re.IGNORECASE)
_EVSE_ID = re.compile(r"([A-Z]{2})\*?([0-9A-Z]{3})\*?E([0-9A-Z*]{1,31})", re.IGNORECASE)
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}


@dataclass(frozen=True, slots=True)
class Emaid:
    """A contract id, taken apart; `check_digit` is the one it was spelled with, if any."""

    country: str
    provider: str
    instance: str
    check_digit: str | None = None

    @property
    def key(self) -> str:
        """What identifies the contract: 14 characters without dashes and check digit."""
        return f"{self.country}{self.provider}{self.instance}"

    @property
    def party(self) -> str:
        """Country and provider, by which an unknown contract is routed."""
        return f"{self.country}{self.provider}"

    @property
    def expected_check_digit(self) -> str:
        """The digit that the standard computes for this contract."""
        return check_digit(self.key)

    @property
    def check_digit_is_wrong(self) -> bool:
        """True when a check digit was given and is not the computed one."""
        return self.check_digit is not None and self.check_digit != self.expected_check_digit

    def dashed(self) -> str:
        """Spell it with dashes, with the check digit it came with: `DE-8PS-ABCDEFGHI-1`."""
        parts = [self.country, self.provider, self.instance]
        return "-".join([*parts, self.check_digit] if self.check_digit else parts)

    def compact(self) -> str:
        """Spell it without dashes, as a contract certificate's common name does."""
        return self.key + (self.check_digit or "")


def parse_emaid(text: str) -> Emaid | None:
    """Read an EMAID in any of its spellings; None when it is not one (ISO 15118-2 annex H)."""
    if not text.isascii() or (match := _EMAID.fullmatch(text.strip())) is None:
        return None
    country, provider, instance, digit = (part and part.upper() for part in match.groups())
    return Emaid(country, provider, instance, digit)


def contract_key(text: str) -> str:
    """The key to compare contract ids by; a text that is no EMAID is its own key, in upper case."""
    emaid = parse_emaid(text)
    return emaid.key if emaid else text.strip().upper()


def check_digit(key: str) -> str:
    """Compute the check digit of a 14-character key (eMI3 / ISO 15118: 2x2 matrices mod 2 and mod
    3).

    Each character is a number below 36, written in the mixed radix 2·2·3·3. The two binary and the
    two ternary places are row vectors; both are multiplied by the powers of their matrix,
    [[0,1],[1,1]] mod 2 and [[0,1],[1,2]] mod 3, and the check digit is the character that brings
    the sums to zero. Raises ValueError for other characters.
    """
    if len(key) != 14 or any(character not in _VALUE for character in key.upper()):
        raise ValueError(f"a check digit needs 14 letters and digits, not {key!r}")
    p = q = t = u = 0
    for character in reversed(key.upper()):
        value = _VALUE[character]
        a, b = p + value // 18, q + value // 9 % 2
        c, d = t + value // 3 % 3, u + value % 3
        p, q = b % 2, (a + b) % 2
        t, u = d % 3, (c + 2 * d) % 3
    return _ALPHABET[p * 18 + q * 9 + 2 * u % 3 * 3 + (2 * t + u) % 3]


@dataclass(frozen=True, slots=True)
class EvseId:
    """An EVSE id, taken apart."""

    country: str
    operator: str
    outlet: str

    @property
    def key(self) -> str:
        """What identifies the EVSE: upper case, without separators."""
        return f"{self.country}{self.operator}E{self.outlet.replace('*', '')}"

    def starred(self) -> str:
        """Spell it with asterisks: `DE*ICE*E45B*78C`."""
        return f"{self.country}*{self.operator}*E{self.outlet}"


def parse_evse_id(text: str) -> EvseId | None:
    """Read an EVSE id in either spelling; None when it is not one (eMI3, ISO 15118-2 annex H)."""
    if not text.isascii() or (match := _EVSE_ID.fullmatch(text.strip())) is None:
        return None
    country, operator, outlet = (part.upper() for part in match.groups())
    return EvseId(country, operator, outlet)
