"""What the simulated EMP answers."""

from __future__ import annotations

from mock_peer.emp_answers import EmpAnswers, Verdict


def test_by_default_it_behaves() -> None:
    answers = EmpAnswers()
    assert answers.verdict("anything") == Verdict(allowed="ALLOWED", manner="answer")
    assert (answers.cdr_http_status, answers.cdr_status_code) == (200, 1000)


def test_a_token_may_have_an_answer_of_its_own_whatever_its_case() -> None:
    answers = EmpAnswers(tokens={"04AB": Verdict(allowed="BLOCKED")})
    assert answers.verdict("04ab").allowed == "BLOCKED"
    assert answers.verdict("04ac").allowed == "ALLOWED"
