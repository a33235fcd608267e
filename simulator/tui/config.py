"""The user's own file: other keys, and the theme.

Rule: what is wrong with it is said with the file and the key, before anything is drawn; without a
file there is nothing to say.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.mistakes import Mistake, did_you_mean
from simulator.tui.keys import KEYS

VARIABLE = "ROAMLAB_TUI_CONFIG"
THEMES = ("dark", "light")


@dataclass(frozen=True, slots=True)
class Config:
    """`keys`: other keys by the ids of KEYS; `theme`: dark or light."""

    theme: str = "dark"
    keys: Mapping[str, str] = field(default_factory=dict)


def place() -> Path:
    """Where the file is looked for: $ROAMLAB_TUI_CONFIG, else the XDG configuration directory."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE])
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(home).expanduser() / "roamlab" / "tui.toml"


def read(path: Path | None = None) -> Config:
    """Read the file, if there is one. Raises Mistake."""
    told = path is not None or bool(os.environ.get(VARIABLE))
    path = path or place()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if told:
            raise Mistake(f"{path}: {error.strerror}") from None
        return Config()
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Mistake(f"{path}: not TOML: {error}") from None
    return _checked(path, raw)


def _checked(path: Path, raw: Mapping[str, Any]) -> Config:
    for name in raw:
        if name not in ("theme", "keys"):
            raise Mistake(
                f"{path}: {name}: no such setting.{did_you_mean(name, ('theme', 'keys'))}"
            )
    theme, keys = raw.get("theme", "dark"), raw.get("keys", {})
    if theme not in THEMES:
        raise Mistake(f"{path}: theme: expected dark or light, not {theme!r}")
    if not isinstance(keys, dict):
        raise Mistake(f"{path}: keys: expected a table, as in [keys]")
    known = {row.id for row in KEYS}
    for name, key in (flat := dict(_flat(keys))).items():
        if name not in known:
            raise Mistake(f"{path}: keys.{name}: no such key.{did_you_mean(name, known)}")
        if not isinstance(key, str) or not key.strip():
            raise Mistake(f'{path}: keys.{name}: expected keys, as in "ctrl+l", not {key!r}')
    _refuse_twins(path, flat)
    return Config(theme, flat)


def _flat(keys: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """`"fleet.tap" = "T"` and `fleet.tap = "T"` mean the same."""
    found: list[tuple[str, Any]] = []
    for name, value in keys.items():
        if isinstance(value, dict):
            found += [(f"{name}.{inner}", key) for inner, key in value.items()]
        else:
            found.append((name, value))
    return found


def _refuse_twins(path: Path, given: Mapping[str, str]) -> None:
    """Two things of one place by one key: only one of them could ever be done."""
    taken: dict[tuple[str, str], str] = {}
    for row in KEYS:
        for key in given.get(row.id, row.keys).split(","):
            other = taken.setdefault((row.place, key.strip()), row.id)
            if other != row.id:
                raise Mistake(f"{path}: keys.{row.id}: '{key.strip()}' is {other} already")
