"""A tiny CPO backend for OCPI 2.2.1: `python -m backend.ocpi` prints its URL and serves.

Its partner registers with token A `let-me-in`, pulls the location and pushes its tokens. A session
ends by our own `POST /bill`: the backend asks the partner for leave and sends the CDR.
"""

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

from aiohttp import ClientSession, web

PARTY = {"country_code": "DE", "party_id": "ABC"}
PLACE = {"address": "Simeonstraße 60", "city": "Trier", "country": "DEU",
         "coordinates": {"latitude": "49.759000", "longitude": "6.644000"}}  # fmt: skip
CONNECTOR = {"standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE"}
routes = web.RouteTableDef()
partner: dict = {}  # its token, and its endpoints by module
tokens: dict[str, dict] = {}
accepted = {"let-me-in"}  # token A; then the partner's own


def at(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def told(data: object = None, **headers: str) -> web.Response:
    body = {"status_code": 1000, "timestamp": at(datetime.now(UTC)), "data": data}
    return web.json_response(body, headers=headers)


@web.middleware
async def door(request: web.Request, handler) -> web.StreamResponse:
    if request.path.startswith("/ocpi"):
        given = request.headers.get("Authorization", "").removeprefix("Token ")
        if b64decode(given).decode() not in accepted:
            return web.json_response(
                {"status_code": 2001, "timestamp": "", "data": None}, status=401
            )
    return await handler(request)


async def ask(method: str, url: str, body: object = None) -> dict:
    headers = {"Authorization": f"Token {b64encode(partner['token'].encode()).decode()}",
               "X-Request-ID": "r-1", "X-Correlation-ID": "c-1"}  # fmt: skip
    async with ClientSession() as http:
        answer = await http.request(method, url, json=body, headers=headers)
        return await answer.json()


@routes.get("/ocpi/versions")
async def versions(request: web.Request) -> web.Response:
    return told([{"version": "2.2.1", "url": f"{request.url.origin()}/ocpi/2.2.1"}])


@routes.get("/ocpi/2.2.1")
async def details(request: web.Request) -> web.Response:
    rows = [("credentials", "SENDER"), ("credentials", "RECEIVER"), ("tokens", "RECEIVER"),
            ("locations", "SENDER"), ("tariffs", "SENDER"), ("cdrs", "SENDER")]  # fmt: skip
    base = f"{request.url.origin()}/ocpi/2.2.1"
    endpoints = [{"identifier": m, "role": r, "url": f"{base}/{m}"} for m, r in rows]
    return told({"version": "2.2.1", "endpoints": endpoints})


@routes.post("/ocpi/2.2.1/credentials")
async def credentials(request: web.Request) -> web.Response:
    theirs = await request.json()
    partner["token"] = theirs["token"]
    offered = (await ask("GET", theirs["url"]))["data"]
    (url,) = (row["url"] for row in offered if row["version"] == "2.2.1")
    endpoints = (await ask("GET", url))["data"]["endpoints"]
    partner.update({row["identifier"]: row["url"] for row in endpoints})
    accepted.add("for-our-partner")
    role = {**PARTY, "role": "CPO", "business_details": {"name": "My Charging"}}
    url = f"{request.url.origin()}/ocpi/versions"
    return told({"token": "for-our-partner", "url": url, "roles": [role]})


@routes.put("/ocpi/2.2.1/tokens/{country_code}/{party_id}/{uid}")
async def put_token(request: web.Request) -> web.Response:
    tokens[request.match_info["uid"]] = await request.json()
    return told()


@routes.get("/ocpi/2.2.1/locations")
async def locations(request: web.Request) -> web.Response:
    then = at(datetime.now(UTC) - timedelta(days=1))
    connector = {
        **CONNECTOR,
        "id": "1",
        "max_voltage": 230,
        "max_amperage": 32,
        "last_updated": then,
    }
    evse = {"uid": "E1", "status": "AVAILABLE", "connectors": [connector], "last_updated": then}
    place = {**PARTY, **PLACE, "id": "L1", "publish": True, "time_zone": "Europe/Berlin",
             "evses": [evse], "last_updated": then}  # fmt: skip
    return told([place], **{"X-Total-Count": "1", "X-Limit": "50"})


@routes.get("/ocpi/2.2.1/tariffs")
async def tariffs(request: web.Request) -> web.Response:
    return told([], **{"X-Total-Count": "0", "X-Limit": "50"})


@routes.post("/bill")
async def bill(request: web.Request) -> web.Response:
    """Our own API: a session of ten minutes by a card has ended just now; what the partner said."""
    order = await request.json()
    token, end = tokens[order["uid"]], datetime.now(UTC)
    start = at(end - timedelta(minutes=10))
    leave = await ask("POST", f"{partner['tokens']}/{token['uid']}/authorize",
                      {"location_id": "L1", "evse_uids": ["E1"]})  # fmt: skip
    owner = {
        name: token[name] for name in ("country_code", "party_id", "uid", "type", "contract_id")
    }
    evse = {"evse_uid": "E1", "evse_id": "DE*ABC*E1", "connector_id": "1",
            **{f"connector_{name}": value for name, value in CONNECTOR.items()}}  # fmt: skip
    energy = {"type": "ENERGY", "volume": 3.5}
    cdr = {
        **PARTY,
        "id": order["cdr"],
        "start_date_time": start,
        "end_date_time": at(end),
        "cdr_token": owner,
        "auth_method": "AUTH_REQUEST",
        "authorization_reference": leave["data"]["authorization_reference"],
        "cdr_location": {"id": "L1", **PLACE, **evse},
        "currency": "EUR",
        "charging_periods": [{"start_date_time": start, "dimensions": [energy]}],
        "total_cost": {"excl_vat": 1.4, "incl_vat": 1.67},
        "total_energy": 3.5,
        "total_time": 0.1667,
        "last_updated": at(end),
    }
    for name in order.get("forget", ()):
        del cdr[name]
    return web.json_response(await ask("POST", partner["cdrs"], cdr))


async def main() -> None:
    app = web.Application(middlewares=[door])
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
