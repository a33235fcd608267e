"""What a CDR asks for, read from the raw wire of any version of OCPI.

Rule: amounts are shown as they stood on the wire; what is not there is None, and nothing raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bill:
    """A CDR's particulars: `kwh`, amounts in `currency`, `start` and `end` as RFC 3339."""

    id: str | None
    session_id: str | None
    evse_uid: str
    token_uid: str
    auth_method: str
    start: str
    end: str
    kwh: float | None
    excl_vat: float | None
    incl_vat: float | None
    currency: str

    @classmethod
    def of(cls, cdr: Any) -> Bill:
        """Read a CDR as it stood on the wire, in the shape of 2.1.1 or of 2.2 and later."""
        cdr = _mapping(cdr)
        total, place = cdr.get("total_cost"), _mapping(cdr.get("cdr_location"))
        old = _mapping(cdr.get("location")).get("evses") or [{}]
        return cls(
            id=cdr.get("id"),
            session_id=cdr.get("session_id"),
            evse_uid=place.get("evse_uid") or _mapping(old[0]).get("uid", ""),
            token_uid=_mapping(cdr.get("cdr_token")).get("uid") or cdr.get("auth_id", ""),
            auth_method=cdr.get("auth_method", ""),
            start=cdr.get("start_date_time", ""),
            end=cdr.get("end_date_time") or cdr.get("stop_date_time", ""),
            kwh=cdr.get("total_energy"),
            excl_vat=total.get("excl_vat") if isinstance(total, Mapping) else total,
            incl_vat=total.get("incl_vat") if isinstance(total, Mapping) else None,
            currency=cdr.get("currency", ""),
        )

    @property
    def words(self) -> str:
        """Energy and amount; where no VAT is told, the net amount."""
        if self.incl_vat is None:
            return f"{self.kwh} kWh, {self.excl_vat} {self.currency} net"
        return f"{self.kwh} kWh, {self.incl_vat} {self.currency} with VAT"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
