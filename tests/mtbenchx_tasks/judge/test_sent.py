"""What results say of a judge is what was sent."""

from typing import Any

from mtbenchx_tasks.judge.sent import DEFAULT, NOT_RECORDED, as_sent, in_words, parameters_sent, request_in_words


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


def test_a_request_in_words_names_model_place_and_what_was_sent() -> None:
    online = {"backend": "openai", "model": "m", "base_url": "https://e/v1", "temperature": 0.0, "seed": 7}
    told = request_in_words(as_sent(online, [judgment(max_tokens=64)]))
    assert told == "m at https://e/v1: max_tokens 64, system_role system, temperature: the endpoint's default"


def test_in_process_the_settings_hold_but_for_the_role_that_a_template_took() -> None:
    here = {"backend": "hf", "model": "m", "temperature": 0.0, "seed": None, "system_role": "system"}
    assert request_in_words(as_sent(here, [])) == "m at hf: temperature 0.0, system_role system"
    assert request_in_words(as_sent(here, [judgment("user"), {}])) == "m at hf: temperature 0.0, system_role user"
