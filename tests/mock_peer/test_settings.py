"""What real-time authorization answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mock_peer.settings import Answer, Answers, TimedAnswer

NOW = datetime(2026, 1, 15, 7, tzinfo=UTC)


def test_a_token_goes_before_its_location_and_that_before_the_default() -> None:
    token, place = Answer(allowed="EXPIRED"), Answer(allowed="NO_CREDIT")
    answers = Answers(tokens={"AbC": token}, locations={"Loc1": place})
    assert answers.find("aBc", "LOC1", NOW) is token
    assert answers.find("other", "LOC1", NOW) is place
    assert answers.find("other", None, NOW).allowed == "ALLOWED"


def test_a_time_has_its_answer_from_since_to_before_until() -> None:
    hour = timedelta(hours=1)
    night = TimedAnswer(allowed="NO_CREDIT", since=NOW, until=NOW + hour)
    later = TimedAnswer(no_answer=True, since=(NOW + 2 * hour).replace(tzinfo=None))
    answers = Answers(tokens={"A": Answer(allowed="EXPIRED")}, times=(night, later))
    seen = [answers.find("B", None, NOW + n * hour / 2) for n in range(-1, 5)]
    assert [answer is night for answer in seen] == [False, True, True, False, False, False]
    assert seen[5] is later
    assert seen[0] is seen[3] is answers.default
    assert answers.find("A", None, NOW).allowed == "EXPIRED"
