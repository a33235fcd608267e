"""Who may connect: what a station shows at the door, against what the configuration asks of it.

Rule: pure. OCPP security profiles (2.0.1 part 2 A00, 1.6 security whitepaper): 1 is a password, 2 a
password over TLS, 3 a client certificate whose common name is the station's id.
"""

from __future__ import annotations

from simulator.cpo.config import StationEntry
from simulator.wire.ocpp_server import Knock


def refusal(entry: StationEntry, knock: Knock) -> str | None:
    """Why a station is not let in; None if it is."""
    profile = entry.security_profile
    if profile >= 2 and not knock.tls:
        return f"security profile {profile} is over TLS, and this is plain"
    if profile == 3:
        return _certificate_problem(entry, knock)
    if entry.basic_password not in (None, knock.password):
        return "no password" if knock.password is None else "wrong password"
    return None


def _certificate_problem(entry: StationEntry, knock: Knock) -> str | None:
    name = knock.certificate_name
    if name is None:
        return "security profile 3 needs a client certificate"
    if name != entry.id:
        return f"the client certificate is that of '{name}'"
    return None
