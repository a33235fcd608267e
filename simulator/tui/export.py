"""What can be taken along: a scenario of what was done by hand, exchanges as NDJSON or curl.

Rule: it is made of the journal's records, so that nothing secret is in it.
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from simulator.kernel.journal import FORMAT, Record
from simulator.mistakes import Mistake
from simulator.tui.engine import Facts
from simulator.tui.exchange import Exchange


def scenario(steps: Iterable[Record], facts: Facts) -> str:
    """The steps that were performed, as a scenario file; time between them passes as it did."""
    from datetime import datetime

    from ruamel.yaml import YAML

    told: list[dict[str, Any]] = []
    before: datetime | None = None
    for record in steps:
        at = datetime.fromisoformat(record["at"])
        passed = 0 if before is None else round((at - before).total_seconds())
        if passed > 0 and record["step"] != "advance":
            told.append({"advance": f"{passed} s"})
        told.append({record["step"]: record["arguments"] or None})
        before = at
    if not told:
        raise Mistake("nothing was done by hand yet: there is nothing to save")
    text = io.StringIO()
    writer = YAML()
    writer.default_flow_style = None
    writer.width = 110
    writer.dump(
        {
            "name": f"by-hand-{facts.world}",
            "purpose": "What was done by hand in the terminal interface.",
            "world": facts.world,
            "seed": facts.seed,
            "steps": told,
        },
        text,
    )
    return text.getvalue()


def ndjson(exchanges: Iterable[Exchange], facts: Facts) -> str:
    """The records of these exchanges, both ends', as a journal file."""
    records = {
        record["seq"]: record
        for ex in exchanges
        for record in (ex.record, *([ex.answer] if ex.answer else []), *ex.far, *ex.findings)
    }
    head = {"format": FORMAT, "seed": facts.seed, "clock": facts.clock, "world": facts.world}
    rows = [head, *(records[seq] for seq in sorted(records))]
    encode = msgspec.json.Encoder(decimal_format="number").encode
    return "".join(encode(row).decode() + "\n" for row in rows)


def curl(exchange: Exchange) -> str:
    """An OCPI request as a command line; its token is for you to put in. Raises Mistake."""
    if exchange.leg != "ocpi":
        raise Mistake("curl speaks HTTP: this is no OCPI request")
    record = exchange.record
    words = ["curl", "-i", "-X", record["method"], record["url"]]
    for name, value in record["request"]["headers"].items():
        if name.lower() == "authorization":
            words += ["-H", "Authorization: Token $TOKEN"]
        elif name.lower() not in ("host", "content-length", "accept-encoding", "user-agent"):
            words += ["-H", f"{name}: {value}"]
    if record["request"]["body"]:
        words += ["--data", record["request"]["body"]]
    quoted = [shlex.quote(word) for word in words]
    return " ".join(
        '"Authorization: Token $TOKEN"' if "$TOKEN" in word else word for word in quoted
    ) + "\n"  # fmt: skip


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
            raise Mistake(f"{folder / name}: {error.strerror}") from error
        else:
            return folder / name
