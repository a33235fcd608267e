"""The canonical objects of OCPI, in 2.2.1 wire shape."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Where the ids in a URL stand in the object that is pushed there: parameter -> field.
_OWNER = {"country_code": "country_code", "party_id": "party_id"}
IDENTITY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "location": {**_OWNER, "location_id": "id"},
        "evse": {"evse_uid": "uid"},
        "connector": {"connector_id": "id"},
        "tariff": {**_OWNER, "tariff_id": "id"},
        "session": {**_OWNER, "session_id": "id"},
        "token": {**_OWNER, "token_uid": "uid"},
    }
)
