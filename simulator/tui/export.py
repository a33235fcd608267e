"""Exchanges that are taken along, as NDJSON or curl; and where a file is put.

Rule: it is made of the journal's records, so that nothing secret is in it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

import msgspec

from simulator.kernel.journal import FORMAT, Record
from simulator.mistakes import Mistake, unwritable
from simulator.tui.engine import Facts
from simulator.tui.exchange import Exchange


def ndjson(exchanges: Iterable[Exchange], facts: Facts, more: Iterable[Record] = ()) -> str:
    """The records of these exchanges, both ends', as a journal file; and `more` of them."""
    records = {
        record["seq"]: record
        for ex in exchanges
        for record in (
            ex.record,
            *([ex.answer] if ex.answer else []),
            *ex.far,
            *ex.findings,
            *ex.comments,
        )
    }
    records |= {record["seq"]: record for record in more}
    head = {"format": FORMAT, "seed": facts.seed, "clock": facts.clock, "world": facts.world}
    rows = [head, *(records[seq] for seq in sorted(records))]
    encode = msgspec.json.Encoder(decimal_format="number").encode
    return "".join(encode(row).decode() + "\n" for row in rows)


def curl(exchange: Exchange) -> str:
    """An OCPI request as a command line; its token is for you to put in. Raises Mistake."""
    if exchange.leg != "ocpi":
        raise Mistake("curl speaks HTTP: this is no OCPI request")
    record = exchange.record
    words = [shlex.quote(word) for word in ("curl", "-i", "-X", record["method"], record["url"])]
    for name, value in record["request"]["headers"].items():
        if name.lower() == "authorization":
            words += ["-H", '"Authorization: Token $TOKEN"']
        elif name.lower() not in ("host", "content-length", "accept-encoding", "user-agent"):
            words += ["-H", shlex.quote(f"{name}: {value}")]
    if record["request"]["body"]:  # --data would read the file that @ begins the name of
        words += ["--data-raw", shlex.quote(record["request"]["body"])]
    return " ".join(words) + "\n"


def save(folder: Path, stem: str, suffix: str, text: str) -> Path:
    """Write a file that was not there before: `stem-2` where `stem` is taken. Raises Mistake."""
    number = 1
    while True:
        name = f"{stem}{'' if number == 1 else f'-{number}'}.{suffix}"
        try:
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise unwritable(str(folder / name), error) from error
        else:
            return folder / name
