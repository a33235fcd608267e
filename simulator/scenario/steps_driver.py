"""Steps of whoever stands at a station: drivers, and the hands that pull cables and fuses.

Rule: one verb of a station, one small function; what it returns is what the station said.
"""

from __future__ import annotations

from simulator.kernel.journal import Journal
from simulator.scenario.step import Arg, Arguments, Kind, Play, Result, Step, StepFailed
from simulator.station.run import Station

STATION = Arg("station", Kind.TEXT, "the station's id", required=True, names="station")
EVSE = Arg("evse", Kind.INTEGER, "the EVSE's number, from 1", default=1)
CAR = Arg("car", Kind.TEXT, "a car of the world; without one, chance draws it", names="car")
TOKEN = Arg("token", Kind.TEXT, "the card's uid", required=True)
TOKEN_TYPE = Arg("type", Kind.TEXT, "OCPP 2.0.1's IdTokenEnumType", default="ISO14443")


async def plug(play: Play, given: Arguments) -> Result:
    """Bring car and cable together."""
    car = play.world.car(given["car"]) if given["car"] else None
    await _station(play, given).plug(given["evse"], car, connector_id=given["connector"])


async def unplug(play: Play, given: Arguments) -> Result:
    """Pull the cable."""
    await _station(play, given).unplug(given["evse"])


async def tap(play: Play, given: Arguments) -> Result:
    """Present a card; true if it started or stopped something."""
    return await _station(play, given).tap(given["evse"], given["token"], given["type"])


async def start(play: Play, given: Arguments) -> Result:
    """Plug in, unless a car is there, and present a card; fails if it is refused."""
    station, evse_id = _station(play, given), given["evse"]
    if evse_id not in station.memory.cars:
        await plug(play, {**given, "connector": None})
    if not await station.tap(evse_id, given["token"], given["type"]):
        name = station.config.id
        why = why_refused(play.world.journal, name)
        raise StepFailed(f"start: {name} refused the card {given['token']}: {why}")
    return True


def why_refused(journal: Journal, station_id: str) -> str:
    """Why a station refused a card, as it told last."""
    actor = f"station/{station_id}"
    for record in reversed(journal.records):
        if record["leg"] == "event" and (record["actor"], record["what"]) == (
            actor,
            "card.refused",
        ):
            status, why = record["data"].get("status"), record["data"]["why"]
            return f"{status} ({why})" if status else str(why)
    return "it did not say why"


async def stop(play: Play, given: Arguments) -> Result:
    """Press the stop button, and pull the cable."""
    station = _station(play, given)
    await station.stop_session(given["evse"])
    await station.unplug(given["evse"])


async def stop_button(play: Play, given: Arguments) -> Result:
    """Press the stop button."""
    await _station(play, given).stop_session(given["evse"])


async def suspend(play: Play, given: Arguments) -> Result:
    """Let the car, or the EVSE, pause."""
    await _station(play, given).suspend(given["evse"], by_evse=given["by_evse"])


async def resume(play: Play, given: Arguments) -> Result:
    """Let energy flow again."""
    await _station(play, given).resume(given["evse"])


async def connector_fault(play: Play, given: Arguments) -> Result:
    """Break an EVSE, or mend it."""
    await _station(play, given).fault(given["evse"], cleared=given["cleared"])


async def boot(play: Play, given: Arguments) -> Result:
    """Restart a station, or switch it on, and wait until it was accepted."""
    station = _station(play, given)
    if station.powered:
        await station.reset()
        await play.world.clock.sleep(station.config.reboot_s)
    else:
        await station.start()
    if given["wait"]:
        await station.wait_ready(given["wait"])


async def switch_off(play: Play, given: Arguments) -> Result:
    """Switch a station off, politely."""
    await _station(play, given).stop()


async def offline(play: Play, given: Arguments) -> Result:
    """Cut its network."""
    await _station(play, given).offline()


async def online(play: Play, given: Arguments) -> Result:
    """Mend its network."""
    await _station(play, given).online()


async def power_cut(play: Play, given: Arguments) -> Result:
    """Cut its power for a while."""
    await _station(play, given).power_cut(given["for"])


def _station(play: Play, given: Arguments) -> Station:
    return play.world.station(given["station"])


_CONNECTOR = Arg("connector", Kind.INTEGER, "the connector of that EVSE, from 1")
_BY_EVSE = Arg("by_evse", Kind.FLAG, "the EVSE withholds, not the car", default=False)
_CLEARED = Arg("cleared", Kind.FLAG, "mend it", default=False)
_WAIT = Arg("wait", Kind.DURATION, "how long the CSMS may take to accept it", default=60.0)
_FOR = Arg("for", Kind.DURATION, "how long there is no power", default=30.0)

# fmt: off
STEPS: tuple[Step, ...] = (
    Step("plug", "driver", "Plug a car in.", plug, (STATION, EVSE, CAR, _CONNECTOR), "station"),
    Step("unplug", "driver", "Pull the cable, whatever goes on.", unplug, (STATION, EVSE),
         "station"),
    Step("tap", "driver", "Hold a card to the reader: it starts, stops, or is refused.", tap,
         (STATION, TOKEN, EVSE, TOKEN_TYPE)),
    Step("start", "driver", "Plug in, if no car is there, and present a card that must be taken.",
         start, (STATION, TOKEN, EVSE, CAR, TOKEN_TYPE)),
    Step("stop", "driver", "Press the stop button and pull the cable.", stop, (STATION, EVSE),
         "station"),
    Step("stop_button", "driver", "Press the stop button.", stop_button, (STATION, EVSE),
         "station"),
    Step("suspend", "driver", "Let the car (or the EVSE) pause.", suspend,
         (STATION, EVSE, _BY_EVSE), "station"),
    Step("resume", "driver", "Let energy flow again.", resume, (STATION, EVSE), "station"),
    Step("connector_fault", "station", "Break an EVSE, or mend it.", connector_fault,
         (STATION, EVSE, _CLEARED), "station"),
    Step("boot", "station", "Switch a station on, or restart it; wait until it is accepted.", boot,
         (STATION, _WAIT), "station"),
    Step("switch_off", "station", "Switch a station off.", switch_off, (STATION,), "station"),
    Step("offline", "station", "Cut a station's network.", offline, (STATION,), "station"),
    Step("online", "station", "Mend a station's network.", online, (STATION,), "station"),
    Step("power_cut", "station", "Cut a station's power for a while.", power_cut, (STATION, _FOR),
         "station"),
)
# fmt: on
