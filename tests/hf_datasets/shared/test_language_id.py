"""Language detection: five languages, prose only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.shared.code_fences import without_code
from hf_datasets.shared.language_id import detect_language

PROSE = {
    "en": "The committee decided yesterday that the old bridge will be rebuilt before the winter.",
    "de": "Der Ausschuss hat gestern beschlossen, dass die alte Brücke vor dem Winter neu gebaut wird.",
    "fr": "Le comité a décidé hier que le vieux pont serait reconstruit avant l’hiver.",
    "it": "Il comitato ha deciso ieri che il vecchio ponte sarà ricostruito prima dell’inverno.",
    "es": "El comité decidió ayer que el viejo puente se reconstruirá antes del invierno.",
}
CODE = "# This function returns the larger of the two numbers, as you asked me to do.\ndef f(a, b): return max(a, b)\n"
FORMS = {
    "plain": "{prose}",
    "lines": "{prose}\n\n- {prose}\n- {prose}",
    "capitals": "{capitals}",
    "fenced code": "{prose}\n\n```python\n{code}{code}{code}```\n\n{prose}",
    "longer fence": "{prose}\n````\n```\n{code}{code}```\n{code}````\n",
    "tildes": "{prose}\n~~~\n{code}{code}{code}~~~\n",
    "unclosed code": "{prose}\n```\n{code}{code}{code}",
    "long": "{prose}" + " {prose}" * 200,
}


@pytest.mark.parametrize("language", PROSE)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_prose_tells_the_language(language: str, form: str) -> None:
    text = form.format(prose=PROSE[language], capitals=PROSE[language].title(), code=CODE)
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "12345 67890 3.14159265358979",
        "Ja.",
        "?!" * 50,
        "123456789 abcdefghi",
        f"```\n{CODE}```",
        f"~~~\n{CODE}",
    ],
    ids=["empty", "blank", "digits", "short", "marks", "nine letters", "only code", "only unclosed code"],
)
def test_what_cannot_be_told_is_none(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\n```\ncode\n```\nb", "ab"),
        ("```\none\n```\nb\n```\ntwo\n```", "b"),
        ("a ```inline``` b", "a```inline```b"),
        ("```\ncode\n~~~\ncode\n```\nb", "b"),
        ("a\n```\ncode", "a"),
        ("a\n```\ncode\n`````  \nb", "ab"),
    ],
)
def test_fenced_code_is_removed(text: str, kept: str) -> None:
    assert "".join(without_code(text).split()) == kept


@pytest.mark.parametrize(
    "text", ["1. a\n   ```\n   code\n   ```\n", "- a\n  ~~~\n  code\n  ~~~", "1. a\n   ```\n   code"]
)
def test_indented_code_is_removed(text: str) -> None:
    assert "code" not in without_code(text)


@given(st.text())
def test_any_text_has_a_code_or_none(text: str) -> None:
    found = detect_language(text)
    assert found is None or found == found.lower() != ""
