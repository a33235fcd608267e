"""What real-time authorization answers."""

from __future__ import annotations

from mock_peer.settings import Answer, Answers


def test_a_token_goes_before_its_location_and_that_before_the_default() -> None:
    token, place = Answer(allowed="EXPIRED"), Answer(allowed="NO_CREDIT")
    answers = Answers(tokens={"AbC": token}, locations={"Loc1": place})
    assert answers.find("aBc", "LOC1") is token
    assert answers.find("other", "LOC1") is place
    assert answers.find("other", None).allowed == "ALLOWED"
