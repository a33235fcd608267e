"""A contract comes into a car: what the car asks and opens, what the station carries (2.0.1 M01,
M02).

Rule: the station carries either message as it is and knows nothing of what is inside; the car
installs only what it can open and verify. Inside is not EXI (`pki.installation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.pki.contract import Contract
from simulator.pki.installation import (
    MAX_EXI_CHARS,
    SCHEMA_V2,
    Action,
    InstallationError,
    TooLong,
    exi_text,
    installation_request,
    open_sealed,
    read_exi_text,
)
from simulator.pki.keys import PrivateKey
from simulator.station.ev import Car

RENEWED_BEFORE = timedelta(days=30)  # our own choice: when a car asks for its contract anew
# The messages' namespace by edition.
SCHEMAS = {"2": SCHEMA_V2, "20": "urn:iso:std:iso:15118:-20:CommonMessages"}


@dataclass(frozen=True, slots=True)
class Request:
    """What a car asks its station to have done; the key opens the answer."""

    action: Action
    schema: str
    exi: str
    key: PrivateKey


def request_of(car: Car, edition: str, now: datetime) -> Request | None:
    """What a car wants of a certificate service now; None when it wants nothing.

    One without a contract, or with one that has expired, asks with its provisioning certificate;
    one whose contract soon ends asks with that (an Update, which -20 does not have). Raises
    InstallationError for what OCPP cannot carry.
    """
    contract, provisioning = car.contract, car.provisioning
    if contract is not None:
        ends = contract.certificate.not_valid_after_utc
        if edition == "2" and now <= ends < now + RENEWED_BEFORE:
            return _request("Update", edition, contract.chain, contract.key)
        if now <= ends:
            return None
    if provisioning is None:
        return None
    return _request("Install", edition, provisioning.chain, provisioning.key)


def _request(action: Action, edition: str, chain: Any, key: PrivateKey) -> Request:
    body = exi_text(installation_request(chain, key, action))
    return Request(action, SCHEMAS[edition], body, key)


def contract_in(answer: Mapping[str, Any], request: Request, car: Car, now: datetime) -> Contract:
    """The contract in a CSMS's answer, opened by the car. Raises InstallationError, also for an
    answer that is a refusal.
    """
    status, exi = answer.get("status"), answer.get("exiResponse")
    if status != "Accepted":
        info = answer.get("statusInfo")
        reason = info.get("reasonCode") if isinstance(info, dict) else answer.get("wrapper")
        raise InstallationError(f"the CSMS says {status}" + (f": {reason}" if reason else ""))
    if not isinstance(exi, str) or not exi:
        raise InstallationError("the CSMS says Accepted, and sends nothing")
    if len(exi) > MAX_EXI_CHARS:
        raise TooLong(f"{len(exi)} characters, and OCPP carries {MAX_EXI_CHARS}")
    return open_sealed(read_exi_text(exi), request.key, car.v2g_roots, now)
