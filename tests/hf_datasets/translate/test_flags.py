"""What may be wrong with a translation, seen by rules."""

import pytest

from hf_datasets.translate.review.flags import flags, numbers

ENGLISH = "The committee will meet again on Thursday morning to talk about the new budget for the library."
GERMAN = "Der Ausschuss trifft sich am Donnerstagmorgen wieder, um über den neuen Haushalt der Bücherei zu sprechen."


def names(source: str, translation: str) -> list[str]:
    return [flag.name for flag in flags(source, translation, "en", "de")]


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        (ENGLISH, GERMAN, []),
        (ENGLISH, ENGLISH, ["untranslated", "language"]),
        (ENGLISH, "Kurz.", ["length_ratio"]),
        (ENGLISH, GERMAN * 3, ["length_ratio"]),
        (ENGLISH, "Le comité se réunira de nouveau jeudi matin pour parler du nouveau budget.", ["language"]),
        (f"{ENGLISH} See `a_b` and {{x}}.", f"{GERMAN} Siehe `a_c` und {{x}}.", ["placeholder_lost"]),
        (f"{ENGLISH} It costs 1,200.5 dollars.", f"{GERMAN} Es kostet 1.200,5 Dollar.", []),
        (f"{ENGLISH} It costs $12.", f"{GERMAN} Es kostet 13 $.", ["number_changed"]),
        ("```python\nif x:  # yes\n    y = 1\n```", "```python\nif x:  # ja\n    y = 1\n```", []),
        ("```python\nif x:  # yes\n    y = 1\n```", "```python\nwenn x:  # ja\n    y = 1\n```", ["code_changed"]),
        ("Amazon Web Services", "Amazon Web Services", []),
    ],
)
def test_flags(source: str, translation: str, expected: list[str]) -> None:
    assert names(source, translation) == expected


def test_the_detail_says_what_changed() -> None:
    (flag,) = flags(f"{ENGLISH} 3 of 7", f"{GERMAN} 3 von 8", "en", "de")
    assert flag.detail == "lost 7, new 8"


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,200", [{1200, 1.2}]),
        ("1.5", [{1.5}]),
        ("1,234.56", [{1234.56}]),
        ("1.234,56", [{1234.56}]),
        ("10 000", [{10000}]),
        ("1,234,567", [{1234567}]),
        ("in 2021.", [{2021}]),
        ("3 4 5", [{3}, {4}, {5}]),
        ("no number", []),
    ],
)
def test_a_number_may_mean_several(text: str, readings: list[set[float]]) -> None:
    assert [set(number) for number in numbers(text)] == readings


@pytest.mark.parametrize(
    ("language", "translation"),
    [
        ("zh", "委员会将于星期四上午再次开会，讨论图书馆的新预算。"),
        ("ja", "委員会は木曜日の朝に再び集まり、図書館の新しい予算について話し合います。"),
        ("ko", "위원회는 목요일 아침에 다시 모여 도서관의 새 예산에 대해 논의할 것입니다."),
        ("ar", "ستجتمع اللجنة مرة أخرى صباح الخميس للحديث عن الميزانية الجديدة للمكتبة."),
        ("hi", "समिति पुस्तकालय के नए बजट पर बात करने के लिए गुरुवार की सुबह फिर मिलेगी।"),
    ],
)
def test_a_good_translation_into_any_script_has_a_usual_length(language: str, translation: str) -> None:
    assert flags(ENGLISH, translation, "en", language) == ()
    assert [flag.name for flag in flags(ENGLISH, translation * 3, "en", language)] == ["length_ratio"]
    assert [flag.name for flag in flags(ENGLISH, translation[:8], "en", language)][:1] == ["length_ratio"]
    assert "untranslated" in [flag.name for flag in flags(translation, translation, language, "en")]
