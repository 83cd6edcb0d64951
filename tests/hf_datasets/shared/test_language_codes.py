"""Languages as rows name them."""

from pathlib import Path

import pytest

from hf_datasets.instruct.build import build
from hf_datasets.instruct.plan import BuildRequest
from hf_datasets.shared.language_codes import language_code
from tests.hf_datasets.instruct import toy


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("de", "de"),
        ("EN", "en"),
        ("pt_BR", "pt-br"),
        ("deu", "de"),
        ("fra_Latn", "fr"),
        ("zho-Hans", "zh"),
        ("English", "en"),
        ("por_BR", "pt-br"),
        ("gsw", "gsw"),
        ("Python", None),
        ("Simplified Chinese", None),
        ("", None),
    ],
)
def test_codes_and_names(said: str, code: str | None) -> None:
    assert language_code(said) == code


def test_rows_of_aya_are_found_by_their_language(tmp_path: Path) -> None:
    names = {"English": "eng", "German": "deu"}
    rows = [
        {"id": f"x-{at}", "inputs": "Q", "targets": "A", "language": name, "language_code": code}
        for name, code in names.items()
        for at in range(20)
    ]
    file = toy.write_lines(tmp_path / "aya.jsonl", rows)
    request = BuildRequest("bactrian-x", languages="EN,DE", source=str(file))
    _, built = build(request, tmp_path / "out")
    assert built.configs["ENDE"]["train"].rows == 38  # 20 ids, of which floor(5 %) = 1 validates, in two languages
