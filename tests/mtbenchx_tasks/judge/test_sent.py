"""What results say of a judge is what was sent."""

from typing import Any

from mtbenchx_tasks.judge.sent import DEFAULT, NOT_RECORDED, in_words, parameters_sent


def judgment(role: str = "system", **parameters: Any) -> dict[str, Any]:
    return {"sent": {"parameters": parameters, "system_role": role}}


def test_parameters_are_those_of_the_wire() -> None:
    found = parameters_sent([judgment(temperature=0.0, max_completion_tokens=64)] * 2)
    assert found == {"max_completion_tokens": 64, "system_role": "system", "temperature": 0.0}


def test_what_was_not_sent_is_the_endpoints_default() -> None:
    found = parameters_sent([judgment("user", max_tokens=64)])
    assert found == {"max_tokens": 64, "system_role": "user", "temperature": DEFAULT}
    assert in_words(found) == "max_tokens 64, system_role user, temperature: the endpoint's default"


def test_judgments_that_differ_show_each_value_once() -> None:
    cut = judgment(temperature=0.0, max_tokens=256) | {"attempts": [judgment(temperature=0.0, max_tokens=64)]}
    found = parameters_sent([judgment(temperature=0.0, max_tokens=64), cut, judgment(max_tokens=64)])
    assert found["max_tokens"] == [64, 256]
    assert found["temperature"] == [0.0, DEFAULT]
    assert in_words(found) == "max_tokens 64 and 256, system_role system, temperature 0.0 and the endpoint's default"


def test_older_judgments_tell_nothing() -> None:
    assert parameters_sent([{"snapshot": "gpt-4-0613"}]) == {"temperature": NOT_RECORDED}
    assert parameters_sent([]) == {}
