"""Tokens of EMPs: how they are spelled, what CPOs get of them, and which one a CPO means.

Rule: pure. A token is kept as the EMP pushed it, beside what goes on to CPOs. Source: Roam OCPI,
tokens module and FAQ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.pki.emaid import contract_key, parse_emaid

ISSUER = ("DE", "8PS")
REFUSED_TYPES = ("APP_USER", "AD_HOC_USER")
DEFAULT_TYPE = "RFID"

# What a CPO reads in place of what the EMP wrote: a CPO never decides alone while it can ask.
WHITELIST: Mapping[str, str] = {
    "NEVER": "NEVER",
    "ALLOWED_OFFLINE": "ALLOWED_OFFLINE",
    "ALLOWED": "ALLOWED_OFFLINE",
    "ALWAYS": "ALLOWED_OFFLINE",
}
# Without these a token can neither be kept nor handed on, whatever rules are switched off.
_NEEDED = ("country_code", "party_id", "uid", "type", "contract_id")
# Passed on as they are; what else an EMP sends is not Plugsurfing's to promise.
_KEPT = ("uid", "type", "visual_number", "valid", "language", "last_updated")


@dataclass(frozen=True, slots=True)
class Held:
    """A token, whose it is, and what CPOs know it as."""

    organisation: str  # the EMP's connection id
    token: Mapping[str, Any]  # as pushed, the contract id normalised

    @property
    def uid(self) -> str:
        """The token's uid as the EMP spells it."""
        return str(self.token["uid"])

    @property
    def type(self) -> str:
        """Its type."""
        return str(self.token["type"])

    @property
    def contract(self) -> str:
        """What its contract id is compared by."""
        return contract_key(str(self.token["contract_id"]))

    @property
    def cdr_token(self) -> dict[str, Any]:
        """As sessions and CDRs name it towards its EMP."""
        names = ("country_code", "party_id", "uid", "type", "contract_id")
        return {name: self.token[name] for name in names}


def lacking(token: Any) -> str | None:
    """Where a token lacks what nothing can be done without, as a pointer; None: nowhere."""
    if not isinstance(token, dict):
        return ""
    wrong = (name for name in _NEEDED if not isinstance(token.get(name), str))
    return next((f"/{name}" for name in wrong), None)


def normalised(contract_id: str) -> str:
    """A contract id with dashes; what is none is left as it was spelled."""
    emaid = parse_emaid(contract_id)
    return emaid.dashed() if emaid else contract_id


def forwarded(token: Mapping[str, Any]) -> dict[str, Any]:
    """What CPOs get of an EMP's token: Plugsurfing's own token with the EMP's uid and contract."""
    country_code, party_id = ISSUER
    return {
        "country_code": country_code,
        "party_id": party_id,
        **{name: token[name] for name in _KEPT if name in token},
        "contract_id": normalised(str(token["contract_id"])),
        "issuer": "*".join(ISSUER),
        "whitelist": WHITELIST.get(str(token.get("whitelist")), "ALLOWED_OFFLINE"),
    }


class TokenRegister:
    """The tokens of all EMPs, in the order they came."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Held] = {}  # by uid (case-folded) and type
        self._contracts: dict[str, dict[tuple[str, str], Held]] = {}

    def take(self, organisation: str, token: Mapping[str, Any]) -> Held:
        """Keep a token as pushed, its contract id normalised."""
        spelled = {**token, "contract_id": normalised(str(token["contract_id"]))}
        held = Held(organisation, spelled)
        name = (held.uid.casefold(), held.type)
        before = self._held.get(name)
        if before is not None and before.contract != held.contract:
            self._contracts[before.contract].pop(name)
        self._held[name] = held
        self._contracts.setdefault(held.contract, {})[name] = held
        return held

    def find(self, uid: str, token_type: str) -> Held | None:
        """The token of that uid and type."""
        return self._held.get((uid.casefold(), token_type))

    def of_contract(self, contract_id: str) -> list[Held]:
        """The tokens under a contract, however it is spelled, the first to come first."""
        return list(self._contracts.get(contract_key(contract_id), {}).values())

    def meant(
        self, uid: str | None, token_type: str | None, contract_id: str | None
    ) -> Held | None:
        """Whom a CPO means: the very token, else the first one of the contract it names."""
        if not self._held:
            return None
        if uid is not None:
            exact = self.find(uid, token_type or DEFAULT_TYPE)
            if exact is not None:
                return exact
        for name in (contract_id, uid):
            if name is not None and (fitting := self.of_contract(name)):
                return fitting[0]
        return None

    def of(self, organisation: str) -> Iterator[Held]:
        """The tokens of one EMP."""
        return (held for held in self._held.values() if held.organisation == organisation)

    def __len__(self) -> int:
        return len(self._held)
