"""A tiny CSMS for OCPP 1.6: `python -m backend.csms` prints its URL and serves."""

import asyncio
import json
from datetime import UTC, datetime

from websockets.asyncio.server import ServerConnection, serve

CARDS = {"04A1B2C3D4E5F6": "Accepted", "04C1B2C3D4E5F6": "Blocked"}
open_transactions: dict[int, int] = {}  # and what their meters said at the start


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def card(uid: str) -> dict:
    return {"status": CARDS.get(uid, "Invalid")}


def start(call: dict) -> dict:
    number = len(open_transactions) + 1
    open_transactions[number] = call["meterStart"]
    return {"transactionId": number, "idTagInfo": card(call["idTag"])}


def stop(call: dict) -> dict:
    if call["transactionId"] not in open_transactions:
        raise KeyError(call["transactionId"])
    return {"idTagInfo": card(call.get("idTag", ""))} if "idTag" in call else {}


ANSWERS = {
    "BootNotification": lambda _: {"status": "Accepted", "currentTime": now(), "interval": 300},
    "Heartbeat": lambda _: {"currentTime": now()},
    "StatusNotification": lambda _: {},
    "MeterValues": lambda _: {},
    "Authorize": lambda call: {"idTagInfo": card(call["idTag"])},
    "StartTransaction": start,
    "StopTransaction": stop,
}


def answer(frame: str) -> list | None:
    kind, key, *rest = json.loads(frame)
    if kind != 2:  # an answer: this CSMS asks nothing
        return None
    action, call = rest
    if action not in ANSWERS:
        return [4, key, "NotImplemented", action, {}]
    try:
        return [3, key, ANSWERS[action](call)]
    except KeyError as error:
        return [4, key, "PropertyConstraintViolation", str(error), {}]


async def charger(connection: ServerConnection) -> None:
    async for frame in connection:
        if (told := answer(frame)) is not None:
            await connection.send(json.dumps(told))


async def main() -> None:
    async with serve(charger, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"ws://127.0.0.1:{port}/ocpp", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
