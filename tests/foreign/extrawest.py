"""A CPO or an EMSP on `extrawest-ocpi`, in memory: `python extrawest.py cpo|emsp PORT VERSION`.

It runs in an environment of its own (the package pins pydantic 1) and imports nothing of ours. The
business logic is the least that the package asks for; all else is the package's own behaviour.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from datetime import UTC, datetime, timedelta

ROLE, PORT, VERSION = sys.argv[1], int(sys.argv[2]), sys.argv[3]
HOST = f"127.0.0.1:{PORT}"
PARTY = {"cpo": ("DE", "EXW"), "emsp": ("DE", "EXE")}[ROLE]
os.environ |= {
    "PROTOCOL": "http",
    "OCPI_HOST": HOST,
    "COUNTRY_CODE": PARTY[0],
    "PARTY_ID": PARTY[1],
    "TRAILING_SLASH": os.environ.get("TRAILING_SLASH", "true"),
}

# The package reads its settings from the environment when it is imported.
import httpx
import uvicorn
from py_ocpi import get_application
from py_ocpi.core.adapter import BaseAdapter
from py_ocpi.core.authentication.authenticator import Authenticator
from py_ocpi.core.enums import Action, ModuleID, RoleEnum
from py_ocpi.core.push import push_object
from py_ocpi.core.schemas import Push, Receiver
from py_ocpi.core.utils import encode_string_base64
from py_ocpi.modules.versions.enums import VersionNumber

TOKEN_A, TOKEN_C = "extrawest-token-a", f"extrawest-token-c-{ROLE}"
NOW = "2026-01-15T07:00:00Z"
_OWNER = {"country_code": PARTY[0], "party_id": PARTY[1]}
IS_211 = VERSION == "2.1.1"

CONNECTOR = {
    "id": "1",
    "standard": "IEC_62196_T2",
    "format": "SOCKET",
    "power_type": "AC_3_PHASE",
    "last_updated": NOW,
    **(
        {"voltage": 230, "amperage": 32, "tariff_id": "T1"}
        if IS_211
        else {"max_voltage": 230, "max_amperage": 32, "tariff_ids": ["T1"]}
    ),
}
LOCATION = {
    **({"type": "ON_STREET"} if IS_211 else {**_OWNER, "publish": True}),
    "id": "LOC1",
    "name": "Am Hafen",
    "address": "Kaistrasse 5",
    "city": "Kiel",
    "postal_code": "24103",
    "country": "DEU",
    "coordinates": {"latitude": "54.315000", "longitude": "10.135000"},
    "evses": [
        {
            "uid": "E1",
            "evse_id": "DE*EXW*E1",
            "status": "AVAILABLE",
            "capabilities": ["REMOTE_START_STOP_CAPABLE"],
            "connectors": [CONNECTOR],
            "last_updated": NOW,
        }
    ],
    "time_zone": "Europe/Berlin",
    "last_updated": NOW,
}
TARIFF = {
    **({} if IS_211 else {**_OWNER, "type": "REGULAR"}),
    "id": "T1",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.5, "step_size": 1}]}],
    "last_updated": NOW,
}
TOKEN = {
    **_OWNER,
    "uid": "EXE1",
    "type": "RFID",
    "contract_id": "DE-EXE-C12345678-9",
    "issuer": "Extrawest",
    "valid": True,
    "whitelist": "NEVER",
    "last_updated": NOW,
}


class Tokens(Authenticator):
    """Token A until it is used, token C from then on."""

    a: list[str] = [TOKEN_A]
    c: list[str] = []

    @classmethod
    async def get_valid_token_c(cls) -> list[str]:
        return cls.c

    @classmethod
    async def get_valid_token_a(cls) -> list[str]:
        return cls.a


class Memory:
    """What the package calls crud."""

    held: dict[tuple[str, str], dict] = {
        ("locations", "loc1"): LOCATION,
        ("tariffs", "t1"): TARIFF,
        **({("tokens", "exe1"): TOKEN} if ROLE == "emsp" else {}),
    }

    @classmethod
    async def list(cls, module, role, filters, *_, **__):
        found = [obj for (name, _id), obj in cls.held.items() if name == module.value]
        if filters["date_from"] is not None:
            since = filters["date_from"]
            found = [obj for obj in found if _time(obj["last_updated"]) >= since]
        page = found[filters["offset"] : filters["offset"] + filters["limit"]]
        return page, len(found), filters["offset"] + len(page) >= len(found)

    @classmethod
    async def get(cls, module, role, id, *_, **__):
        if module == ModuleID.commands:
            return {"result": "ACCEPTED"}
        if module == ModuleID.credentials_and_registration:
            return credentials() if Tokens.c else None
        return cls.held.get((module.value, str(id).lower()))

    @classmethod
    async def create(cls, module, role, data, *_, **__):
        if module == ModuleID.credentials_and_registration:
            cls.held["peer", ""] = data
            Tokens.a, Tokens.c = [], [TOKEN_C]
            return credentials()
        name = str(data.get("uid") or data.get("id")).lower()  # the package folds CiStrings
        cls.held[module.value, name] = data
        return data

    @classmethod
    async def update(cls, module, role, data, id, *_, **__):
        return await cls.create(module, role, data)

    @classmethod
    async def delete(cls, module, role, id, *_, **__):
        Tokens.c = []

    @classmethod
    async def do(cls, module, role, action, *args, data=None, **__):
        if action == Action.get_client_token:
            return cls.held["peer", ""]["credentials"]["token"]
        if action == Action.send_command:
            return {"result": "ACCEPTED", "timeout": 30}
        if action == Action.authorize_token:
            return {"allowed": "ALLOWED", "token": TOKEN}
        return None


def credentials() -> dict:
    """Who we are."""
    url = f"http://{HOST}/ocpi/versions"
    named = {"business_details": {"name": "Extrawest"}}
    if IS_211:
        return {"token": TOKEN_C, "url": url, **named, **_OWNER}
    role = {"role": ROLE.upper(), **named, **_OWNER}
    return {"token": TOKEN_C, "url": url, "roles": [role]}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _ago(minutes: int) -> str:
    moment = datetime.now(UTC) - timedelta(minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# What it does by itself once somebody has registered


class Peer:
    """Whoever registered: its token for us, and its endpoints."""

    def __init__(self, told: dict) -> None:
        secret = told["credentials"]["token"]
        self.secret = secret
        self.headers = {
            "Authorization": f"Token {secret if IS_211 else encode_string_base64(secret)}",
            "X-Request-ID": "1",
            "X-Correlation-ID": "1",
        }
        self.endpoints = told["endpoints"]["endpoints"]
        self.details_url = str(told["credentials"]["url"]).replace("versions", VERSION)

    def url(self, module: str, role: str) -> str:
        found = (e for e in self.endpoints if e["identifier"] == module)
        return next(e["url"] for e in found if IS_211 or e["role"] == role)

    async def push(self, module: ModuleID, name: str) -> None:
        """By the package's own push."""
        receiver = Receiver(endpoints_url=self.details_url, auth_token=self.secret)
        push = Push(module_id=module, object_id=name, receivers=[receiver])
        answer = await push_object(VersionNumber(VERSION), push, Memory, BaseAdapter)
        print(module.value, answer.receiver_responses[0].response, flush=True)


async def act_as_cpo(peer: Peer, http: httpx.AsyncClient) -> None:
    """Push the location, ask for a card, push the session and its CDR."""
    await asyncio.sleep(3)
    await peer.push(ModuleID.locations, "LOC1")
    uid = "04A1B2C3D4E5F6"
    url = f"{peer.url('tokens', 'SENDER').rstrip('/')}/{uid}/authorize"
    told = await http.post(url, json={"location_id": "LOC1", "evse_uids": ["E1"]})
    data = told.json()["data"]
    print("authorize", data, flush=True)
    contract = Memory.held["tokens", uid.lower()]
    await asyncio.sleep(1)
    told = [("cdrs", cdr(contract, data))]
    if not IS_211:
        told.insert(0, ("sessions", session(contract, data)))
    for module, obj in told:
        Memory.held[module, obj["id"].lower()] = obj
        await peer.push(ModuleID(module), obj["id"])


async def act_as_emsp(peer: Peer, http: httpx.AsyncClient) -> None:
    """Push the token, pull the locations to the last page."""
    await asyncio.sleep(1)
    await peer.push(ModuleID.tokens, "EXE1")
    link = peer.url("locations", "SENDER")
    while link:
        page = await http.get(link)
        print("pulled", len(page.json()["data"]), flush=True)
        link = page.links.get("next", {}).get("url")


def session(contract: dict, told: dict) -> dict:
    """A session that has ended."""
    return {
        **_OWNER,
        "id": "SES1",
        "start_date_time": _ago(0),
        "end_date_time": _ago(0),
        "kwh": 10,
        "cdr_token": cdr_token(contract),
        "auth_method": "AUTH_REQUEST",
        "authorization_reference": told.get("authorization_reference"),
        "location_id": "LOC1",
        "evse_uid": "E1",
        "connector_id": "1",
        "currency": "EUR",
        "status": "COMPLETED",
        "last_updated": _ago(0),
    }


def cdr(contract: dict, told: dict) -> dict:
    """Its CDR."""
    period = {
        "start_date_time": _ago(0),
        "dimensions": [{"type": "ENERGY", "volume": 10}],
        **({} if IS_211 else {"tariff_id": "T1"}),
    }
    shared = {
        "id": "CDR1",
        "start_date_time": _ago(0),
        "auth_method": "AUTH_REQUEST",
        "currency": "EUR",
        "charging_periods": [period],
        "tariffs": [TARIFF],
        "total_energy": 10,
        "total_time": 0,
        "last_updated": _ago(0),
    }
    if IS_211:
        end = {
            "stop_date_time": _ago(0),
            "end_date_time": _ago(0),
            "auth_id": contract["auth_id"],
            "total_cost": 5,
        }
        return {**shared, **end, "location": LOCATION}
    place = {name: LOCATION[name] for name in ("id", "address", "city", "country", "coordinates")}
    return {
        **_OWNER,
        **shared,
        "end_date_time": _ago(0),
        "session_id": "SES1",
        "cdr_token": cdr_token(contract),
        "authorization_reference": told.get("authorization_reference"),
        "total_cost": {"excl_vat": 5},
        "cdr_location": {
            **place,
            "postal_code": LOCATION["postal_code"],
            "evse_uid": "E1",
            "evse_id": "DE*EXW*E1",
            "connector_id": "1",
            "connector_standard": "IEC_62196_T2",
            "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE",
        },
    }


def cdr_token(contract: dict) -> dict:
    """The driver's token, as sessions and CDRs name it."""
    names = ("country_code", "party_id", "uid", "type", "contract_id")
    return {name: contract[name] for name in names}


async def live() -> None:
    """Serve, and act once registered."""
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", PORT, log_level="warning"))
    serving = asyncio.ensure_future(server.serve())
    while ("peer", "") not in Memory.held and not serving.done():
        await asyncio.sleep(0.2)
    if not serving.done():
        peer = Peer(Memory.held["peer", ""])
        async with httpx.AsyncClient(headers=peer.headers) as http:
            await {"cpo": act_as_cpo, "emsp": act_as_emsp}[ROLE](peer, http)
    await serving


app = get_application(
    version_numbers=[VersionNumber(VERSION)],
    roles=[RoleEnum(ROLE.upper())],
    crud=Memory,
    modules=[
        ModuleID.credentials_and_registration,
        ModuleID.locations,
        ModuleID.tariffs,
        ModuleID.tokens,
        ModuleID.sessions,
        ModuleID.cdrs,
        ModuleID.commands,
    ],
    authenticator=Tokens,
    http_push=True,
)

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(live())
