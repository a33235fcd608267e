"""`roamlab price`: price a session by an OCPI tariff, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.mistakes import Mistake

if TYPE_CHECKING:
    from simulator.ocpi.tariff import Priced
    from simulator.ocpi.tariff_parse import TariffError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_BOM = b"\xef\xbb\xbf"
_EPILOG = """\b
Example: 20 kWh at 0.25 EUR/kWh
  echo '{"elements": [{"price_components": [{"type": "ENERGY", "price": 0.25, "vat": 10,
    "step_size": 1}]}], "currency": "EUR"}' > tariff.json
  echo '{"start_date_time": "2026-05-04T12:00:00Z", "end_date_time": "2026-05-04T13:00:00Z",
    "charging_periods": [{"start_date_time": "2026-05-04T12:00:00Z",
    "dimensions": [{"type": "ENERGY", "volume": 20}]}]}' > session.json
  roamlab price --tariff tariff.json --session session.json

How everything is computed, and what the specification leaves open: docs/pricing.md
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--tariff",
    "tariff_file",
    type=_FILE,
    metavar="FILE",
    help="An OCPI Tariff, a list of them, or an OCPI response with either."
    " Without it, the tariffs inside the CDR are used.",
)
@click.option(
    "--session",
    "session_file",
    type=_FILE,
    required=True,
    metavar="FILE",
    help="A CDR or Session, or an OCPI response with one: needs start_date_time, end_date_time"
    " and charging_periods.",
)
@click.option(
    "--time-zone",
    metavar="NAME",
    help="The location's time zone, such as Europe/Berlin, for start_time, day_of_week and the"
    " like. Default: the one of the location inside the session, else UTC.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, unrounded.")
def price(
    tariff_file: Path | None, session_file: Path, time_zone: str | None, as_json: bool
) -> None:
    """Price a session by an OCPI 2.2.1 tariff and explain every line of the bill."""
    from simulator.ocpi import tariff as engine

    session, session_prefix = _read(session_file)
    if isinstance(session, list) and len(session) == 1:
        session, session_prefix = session[0], f"{session_prefix}/0"
    tariff, tariff_prefix = _tariffs(tariff_file, session, session_file, session_prefix)
    files = {
        "session": f"{session_file}: {session_prefix}",
        "tariff": f"{tariff_file or session_file}: {tariff_prefix}",
    }
    try:
        priced = engine.price(
            tariff, session, time_zone=time_zone or _zone_in(session) or "UTC", check=True
        )
    except engine.TariffError as error:
        raise Mistake(_told(error, files)) from None
    if as_json:
        _print_json(priced)
    else:
        _print_table(priced)


def _read(path: Path) -> tuple[Any, str]:
    """The JSON of a file and the pointer to it: an OCPI response is opened."""
    from decimal import Decimal

    import msgspec

    try:
        raw = path.read_bytes()
        value = msgspec.json.Decoder(float_hook=Decimal).decode(raw.removeprefix(_BOM))
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Mistake(f"{path}: not JSON: {error}") from None
    if isinstance(value, dict) and "status_code" in value and "data" in value:
        return value["data"], "/data"
    return value, ""


def _tariffs(path: Path | None, session: Any, session_file: Path, prefix: str) -> tuple[Any, str]:
    if path is not None:
        return _read(path)
    inside = session.get("tariffs") if isinstance(session, Mapping) else None
    if not inside:
        raise Mistake(f"--tariff is needed: {session_file} has no tariffs inside.")
    return inside, f"{prefix}/tariffs"


def _zone_in(session: Any) -> str | None:
    """The time zone of the location inside a session, where there is one."""
    if not isinstance(session, Mapping):
        return None
    places = (session, session.get("cdr_location"), session.get("location"))
    found = (place.get("time_zone") for place in places if isinstance(place, Mapping))
    return next((zone for zone in found if isinstance(zone, str) and zone), None)


def _told(error: TariffError, files: Mapping[str, str]) -> str:
    """An error with its file and pointer; the time zone is an option, not a file."""
    where = files.get(error.document)
    if where is None:
        return f"--time-zone: {error.message}"
    return f"{where}{error.pointer}: {error.message}".replace(": : ", ": ")


def _print_json(priced: Priced) -> None:
    import msgspec

    encoded = msgspec.json.Encoder(decimal_format="number").encode(priced.to_json())
    click.echo(msgspec.json.format(encoded, indent=2))


def _print_table(priced: Priced) -> None:
    from rich.console import Console
    from rich.table import Table

    from simulator.ocpi.tariff_lines import amount_text, money_text, span_text

    console = Console(highlight=False)
    table = Table(title=f"Bill in {priced.currency or 'the tariff’s currency'}", expand=False)
    table.add_column("Period", justify="right")
    table.add_column("Element", justify="right")
    table.add_column("What", overflow="fold")
    table.add_column("excl. VAT", justify="right", no_wrap=True)
    table.add_column("incl. VAT", justify="right", no_wrap=True)
    for line in priced.lines:
        table.add_row(
            "" if line.period is None else str(line.period),
            "" if line.element is None else str(line.element),
            f"{line.dimension}: {line.explanation}",
            money_text(line.cost.excl_vat),
            money_text(line.cost.incl_vat),
        )
    table.add_section()
    total = priced.total_cost
    table.add_row(
        "", "", "Total", money_text(total.excl_vat), money_text(total.incl_vat), style="bold"
    )
    console.print(table)
    console.print(
        f"{amount_text(priced.total_energy)} kWh in {span_text(priced.total_time * 3600)}, "
        f"{span_text(priced.total_parking_time * 3600)} of it parking."
    )
    for note in priced.notes:
        console.print(f"Note: {note}", markup=False)
