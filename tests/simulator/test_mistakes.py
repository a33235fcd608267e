"""Exit codes and guesses at what was meant."""

from __future__ import annotations

import errno

from simulator.mistakes import Exit, Mistake, did_you_mean, meant, unwritable


def test_the_exit_codes_are_those_of_the_documentation() -> None:
    assert {code.name: int(code) for code in Exit} == {
        "PASS": 0,
        "FAILED": 1,
        "USAGE": 2,
        "UNREACHABLE": 3,
        "TIMEOUT": 4,
        "NOTHING": 5,
        "INTERNAL": 70,
        "INTERRUPTED": 130,
    }


def test_a_mistake_is_the_users_unless_told_otherwise() -> None:
    assert Mistake("wrong").exit_code == Exit.USAGE
    assert Mistake("no answer", Exit.TIMEOUT).exit_code == Exit.TIMEOUT


def test_a_full_disk_is_nobodys_usage() -> None:
    full = unwritable("--junit a.xml", OSError(errno.ENOSPC, "No space left on device"))
    assert (str(full), full.exit_code) == ("--junit a.xml: No space left on device", Exit.INTERNAL)
    assert unwritable("a", PermissionError(errno.EACCES, "Permission denied")).exit_code == 2


def test_a_near_word_is_guessed_in_the_spelling_it_is_known_by() -> None:
    assert did_you_mean("ocp_port", ["ocpp_port", "ocpi_port"]) == " Did you mean 'ocpp_port'?"
    assert did_you_mean("CARS", ["Cars", "Peers"]) == " Did you mean 'Cars'?"


def test_what_was_meant_is_one_of_those_that_are_near() -> None:
    assert meant("idtg", ["idTag", "other"]) == "idTag"
    assert meant("zzz", ["idTag", "other"]) is None


def test_a_far_word_gets_the_choices_if_they_are_few() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == " Known: a, b."
    assert did_you_mean("zzz", []) == ""
    assert did_you_mean("zzz", [f"word{n}" for n in range(40)]) == ""
