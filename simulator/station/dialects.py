"""Which OCPP versions a station speaks.

Rule: a version is one dialect and one row here. OCPP 2.1 has its place: a `v21.py` whose dialect
extends 2.0.1's, with its own handlers.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.station import v16, v201
from simulator.station.dialect import Dialect
from simulator.wire.ocpp_rpc import OcppVersion

DIALECTS: Mapping[OcppVersion, Dialect] = {
    OcppVersion.V16: v16.DIALECT,
    OcppVersion.V201: v201.DIALECT,
}
