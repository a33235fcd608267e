"""Plugsurfing as an EMP: DE*8PS.

Source: CPO requirements for OCPI 2.2.x and for OCPI 2.1.1-d2 (Plugsurfing partner documents).
"""

from __future__ import annotations

from mock_peer.profiles import Peer

# Each version's list is its own: Estonia, Lithuania, Portugal and the United States are served over
# 2.2.x only, Iceland and Romania over 2.1.1 only. The United States is marked as special there.
# fmt: off
TERRITORY_22X = frozenset((
    "AUT", "BEL", "HRV", "CZE", "DNK", "EST", "FIN", "FRA", "DEU", "HUN", "IRL", "ITA", "LVA",
    "LIE", "LTU", "LUX", "NOR", "POL", "PRT", "SVK", "SVN", "ESP", "SWE", "CHE", "NLD", "GBR",
    "USA",
))
TERRITORY_211 = frozenset((
    "AUT", "BEL", "HRV", "CZE", "DNK", "FIN", "FRA", "DEU", "HUN", "ISL", "IRL", "ITA", "LVA",
    "LIE", "LUX", "NLD", "NOR", "POL", "ROU", "SVK", "SVN", "ESP", "SWE", "CHE", "GBR",
))
# fmt: on

# One token for each thing a CPO wants to try: cards by whitelist type, a blocked card, an app
# user for remote starts, and a Plug and Charge contract.
TOKENS = (
    {"uid": "04A1B2C3D4E5F6", "type": "RFID", "contract_id": "DE-8PS-C00000001-1",
     "visual_number": "PS-0000001", "valid": True, "whitelist": "ALLOWED_OFFLINE"},
    {"uid": "04B1B2C3D4E5F6", "type": "RFID", "contract_id": "DE-8PS-C00000002-2",
     "visual_number": "PS-0000002", "valid": True, "whitelist": "NEVER"},
    {"uid": "04C1B2C3D4E5F6", "type": "RFID", "contract_id": "DE-8PS-C00000003-3",
     "visual_number": "PS-0000003", "valid": False, "whitelist": "ALLOWED_OFFLINE"},
    {"uid": "04D1B2C3D4E5F6", "type": "RFID", "contract_id": "DE-8PS-C00000004-4",
     "visual_number": "PS-0000004", "valid": True, "whitelist": "ALLOWED"},
    {"uid": "04E1B2C3D4E5F6", "type": "RFID", "contract_id": "DE-8PS-C00000005-5",
     "visual_number": "PS-0000005", "valid": True, "whitelist": "ALWAYS"},
    {"uid": "ps-app-000001", "type": "APP_USER", "contract_id": "DE-8PS-C00000006-6",
     "valid": True, "whitelist": "NEVER"},
    {"uid": "DE-8PS-C00000007-7", "type": "OTHER", "contract_id": "DE-8PS-C00000007-7",
     "valid": True, "whitelist": "NEVER"},
)  # fmt: skip

PEER = Peer(
    name="plugsurfing",
    country_code="DE",
    party_id="8PS",
    business_name="Plugsurfing",
    website="https://plugsurfing.com",
    territory={"2.1.1": TERRITORY_211, "2.2": TERRITORY_22X, "2.2.1": TERRITORY_22X},
    tokens=TOKENS,
)
