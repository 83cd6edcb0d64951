"""The judge prompt sets: complete, intact, and repaired only where an edit says so."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from string import Formatter

import pytest

from hf_datasets import sources
from hf_datasets.benchmark import judge_prompts as module
from hf_datasets.benchmark.judge_prompts import (
    BOTH_BAD,
    NATIVE,
    NATIVE_V1,
    PROMPT_SETS,
    PUBLISHED,
    REPAIRED,
    judge_prompts,
    name_by_hash,
    prompt_set_hash,
)
from hf_datasets.benchmark.questions import LANGUAGES
from hf_datasets.records import JudgePrompt
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.annotate.texts import texts
from tests.sources import needs_sources

NAMES = {
    f"{kind}{turns}"
    for kind in ("single-v1", "single-math-v1", "pair-v2", "pair-math-v1")
    for turns in ("", "-multi-turn")
}
WITH_FOURTH_VOTE = {f"{name}{BOTH_BAD}" for name in NAMES if name.startswith("pair")}
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
DELIMITER = re.compile(r"\[[^\[\]]+\]|<\|[^<>|]+\|>")
EDITS = Path(module.__file__).parent / "edits" / "judge_prompts.jsonl"
FAULTS = {
    "de": "Hilfsbereitschaft|Detailgenauigkeit|Antwort des Assistenten besser",
    "fr": "deuxième utilisateur|réponse de l'assistant est la meilleure",
    "it": "Agisci|valuta|Lei|[Ii]niziare|[Ii]ndividuare|[Ee]vitare|favorire|degli utenti|utili all'utente|Si prega",
    "es": "[Aa]yudantes?|[Tt]us?|[Ee]res|[Cc]omienza|ofrece|[Dd]ebes|deberás|de los usuarios|de usuario",
}
"""Words of the published translations that the repaired set has no more."""
every_language = pytest.mark.parametrize("language", LANGUAGES)


def placeholders(prompt: JudgePrompt) -> list[str]:
    """In the order of the template."""
    return [field for _, field, _, _ in Formatter().parse(prompt.prompt_template) if field is not None]


def delimiters(prompt: JudgePrompt) -> list[str]:
    """Lines that look like one, whole or broken."""
    lines = prompt.prompt_template.split("\n")
    return [line for line in lines if not re.search(r"{|\[\[", line) and re.match(r"\s*[\[<]|.*[\]>]\W*$", line)]


def assert_delimiters_whole(prompts: Iterable[JudgePrompt], models: Iterable[JudgePrompt]) -> None:
    """Each line is whole, and each prompt has as many of each kind as its English model."""
    for prompt, model in zip(prompts, models, strict=True):
        found = delimiters(prompt)
        assert [line for line in found if not DELIMITER.fullmatch(line)] == []
        assert [line[0] for line in found] == [line[0] for line in delimiters(model)]
        for text in (prompt.system_prompt, prompt.prompt_template):
            assert text.count("<|") == text.count("|>")


@pytest.mark.sources
@needs_sources
class TestPublished:
    @every_language
    def test_eight_prompts(self, language: str) -> None:
        # 4 kinds, each for one turn and for two
        assert set(judge_prompts(PUBLISHED, language)) == NAMES
        assert len(NAMES) == 8

    def test_english_is_upstreams_text_byte_for_byte(self) -> None:
        raw = sources.fetch("mtbench_x", "data/mt_bench_EN/judge_prompts.jsonl").read_bytes()
        said = [{**vars(prompt)} for prompt in judge_prompts(PUBLISHED, "en").values()]
        assert {prompt.pop("length_note") for prompt in said} == {""}  # a field of ours
        ours = [json.dumps(prompt, ensure_ascii=False) for prompt in said]
        assert "\n".join(ours).encode() == raw.rstrip(b"\n")

    @pytest.mark.parametrize("language", TRANSLATED)
    def test_a_translation_kept_the_placeholders(self, language: str) -> None:
        for name, prompt in judge_prompts(PUBLISHED, language).items():
            assert placeholders(prompt) == placeholders(judge_prompts(PUBLISHED, "en")[name])

    def test_nothing_is_repaired(self) -> None:
        template = judge_prompts(PUBLISHED, "de")["single-v1-multi-turn"].prompt_template
        assert template.startswith("<Der Beginn des Gesprächs von Assistent A mit dem Benutzer>")


@pytest.mark.sources
@needs_sources
class TestRepaired:
    @every_language
    def test_the_published_names_and_the_german_draft(self, language: str) -> None:
        # 8, and 4 more in German
        assert set(judge_prompts(REPAIRED, language)) == NAMES | (WITH_FOURTH_VOTE if language == "de" else set())

    @every_language
    def test_repairs_kept_the_placeholders(self, language: str) -> None:
        published = judge_prompts(PUBLISHED, language)
        for name, prompt in judge_prompts(REPAIRED, language).items():
            assert placeholders(prompt) == placeholders(published[name.removesuffix(BOTH_BAD)])

    @every_language
    def test_every_delimiter_is_whole(self, language: str) -> None:
        repaired = judge_prompts(REPAIRED, language)
        english = judge_prompts(PUBLISHED, "en")
        assert_delimiters_whole(repaired.values(), [english[name.removesuffix(BOTH_BAD)] for name in repaired])

    def test_english_needed_no_repair(self) -> None:
        assert judge_prompts(REPAIRED, "en") == judge_prompts(PUBLISHED, "en")

    @pytest.mark.parametrize("language", TRANSLATED)
    def test_repairs_change_the_hash_of_the_set(self, language: str) -> None:
        assert prompt_set_hash(REPAIRED, language) != prompt_set_hash(PUBLISHED, language)

    @every_language
    def test_each_line_is_repaired_in_its_place(self, language: str) -> None:
        for name, prompt in judge_prompts(PUBLISHED, language).items():
            repaired = judge_prompts(REPAIRED, language)[name]
            pairs = zip(prompt.prompt_template.split("\n"), repaired.prompt_template.split("\n"), strict=True)
            touched = [(before, after) for before, after in pairs if before != after]
            assert all(
                DELIMITER.fullmatch(after) or ("[[5]]" in before and "[[5]]" in after) for before, after in touched
            )

    def test_a_new_wording_touches_no_delimiter_and_a_delimiter_no_wording(self) -> None:
        for edit in jsonl.read(EDITS):
            assert (re.search(r"[\[\]<>|{}]", edit["old"] + edit["new"]) is None) == (edit.get("kind") == "wording")

    @every_language
    def test_no_sentence_stands_twice(self, language: str) -> None:
        for prompt in judge_prompts(REPAIRED, language).values():
            sentences = re.split(r"(?<=\.)\s", prompt.system_prompt)
            assert len(sentences) == len(set(sentences))
            tasks = re.findall(
                r"Votre tâche|vostro compito|[ST]u (?:tarea|trabajo)|Ihre Aufgabe|Your (?:job|task)",
                prompt.system_prompt,
            )
            assert len(tasks) <= 1

    @pytest.mark.parametrize(("language", "words"), FAULTS.items())
    def test_one_word_and_one_form_of_address(self, language: str, words: str) -> None:
        for prompt in judge_prompts(REPAIRED, language).values():
            assert re.findall(rf"\b(?:{words})\b", prompt.system_prompt + prompt.prompt_template) == []
        published = " ".join(prompt.system_prompt for prompt in judge_prompts(PUBLISHED, language).values())
        assert re.search(rf"\b(?:{words})\b", published)


@every_language
class TestNative:
    def test_twelve_prompts(self, language: str) -> None:
        assert set(judge_prompts(NATIVE, language)) == NAMES | WITH_FOURTH_VOTE
        assert len(NAMES | WITH_FOURTH_VOTE) == 12

    def test_every_delimiter_is_whole(self, language: str) -> None:
        assert_delimiters_whole(judge_prompts(NATIVE, language).values(), judge_prompts(NATIVE, "en").values())

    def test_what_is_opened_is_closed(self, language: str) -> None:
        for prompt in judge_prompts(NATIVE, language).values():
            assert len(delimiters(prompt)) % 2 == 0

    def test_the_placeholders_are_those_of_english(self, language: str) -> None:
        for name, prompt in judge_prompts(NATIVE, language).items():
            assert placeholders(prompt) == placeholders(judge_prompts(NATIVE, "en")[name])

    def test_every_prompt_renders(self, language: str) -> None:
        for prompt in judge_prompts(NATIVE, language).values():
            text = prompt.prompt_template.format(**{name: f"<{name}>" for name in placeholders(prompt)})
            assert all(f"<{name}>" in text for name in placeholders(prompt))

    def test_it_asks_whether_the_question_is_kept_to_and_whether_the_language_is_right(self, language: str) -> None:
        rule, spoken = RULES[language]
        for prompt in judge_prompts(NATIVE, language).values():
            assert (prompt.system_prompt.count(rule), prompt.system_prompt.count(spoken)) == (1, 1)

    def test_tie_and_both_bad_mean_what_people_are_told(self, language: str) -> None:
        of_use, of_none = VOTES[language]
        people = " ".join(texts(language)["criteria"])
        for prompt in judge_prompts(NATIVE, language).values():
            fourth = prompt.name.endswith(BOTH_BAD)
            assert [said in prompt.system_prompt for said in (of_use, of_none)] == [fourth, fourth]
        assert [said in people for said in (of_use, of_none)] == [True, True]

    def test_place_length_and_earlier_turns_count_as_little_for_people(self, language: str) -> None:
        no_part, context = NO_PART[language]
        people = " ".join(texts(language)["criteria"])
        assert [said in people for said in (no_part, context)] == [True, True]
        for prompt in judge_prompts(NATIVE, language).values():
            assert (no_part in prompt.system_prompt) == (prompt.type == "pairwise")
            assert (context in prompt.system_prompt) == ("-multi-turn" in prompt.name)

    def test_correctness_comes_first_for_people_too(self, language: str) -> None:
        judge, people = CORRECT_FIRST[language]
        assert people in " ".join(texts(language)["criteria"])
        for prompt in judge_prompts(NATIVE, language).values():
            assert (judge in prompt.system_prompt) == ("-math-" in prompt.name)

    def test_the_length_note_has_a_place_for_each_count(self, language: str) -> None:
        for prompt in judge_prompts(NATIVE, language).values():
            counts = {field for _, field, _, _ in Formatter().parse(prompt.length_note) if field}
            ends = ("_a", "_b") if prompt.type == "pairwise" else ("",)
            assert counts == {f"{what}{end}" for what in ("words", "sentences") for end in ends}

    def test_what_was_native_before_is_kept_byte_for_byte_and_known_by_its_hash(self, language: str) -> None:
        sha256 = prompt_set_hash(NATIVE_V1, language)
        assert sha256.startswith(V1_HASHES[language])
        assert prompt_set_hash(NATIVE, language) != sha256
        assert name_by_hash(NATIVE, language, sha256) == NATIVE_V1
        assert name_by_hash(NATIVE, language, prompt_set_hash(NATIVE, language)) == NATIVE
        assert name_by_hash(NATIVE, "pt", sha256) == NATIVE


V1_HASHES = {
    "en": "3cbe25c9f22e", "de": "2d9b2bd846a2", "fr": "825cc3543337", "it": "367f779a5413", "es": "026ab4fc3f03",
}  # fmt: skip
"""As results of release 0.4 tell them."""
RULES = {
    "en": ("a clear breach is a serious fault", "An answer in the wrong language is a serious fault."),
    "de": ("ein deutlicher Verstoß ist ein schwerer Mangel", "in der falschen Sprache ist ein schwerer Mangel."),
    "fr": ("un manquement manifeste constitue un défaut grave", "pas dans la langue voulue constitue un défaut grave."),
    "it": ("una violazione evidente è un difetto grave", "nella lingua sbagliata è un difetto grave."),
    "es": ("un incumplimiento claro es un defecto grave", "en el idioma equivocado es un defecto grave."),
}
VOTES = {
    "en": ("are about equally good and of some use", "of any use, even if one is a little less bad"),
    "de": ("etwa gleich gut und brauchbar", "brauchbar ist, auch wenn eine etwas weniger schlecht ist"),
    "fr": ("se valent à peu près et sont utilisables", "n’est utilisable, même si l’une est un peu moins mauvaise"),
    "it": ("più o meno ugualmente buone e utilizzabili", "è utilizzabile, anche se una è un po’ meno scadente"),
    "es": ("más o menos igual de buenas y sirven para algo", "sirve, aunque una sea algo menos mala"),
}
NO_PART = {
    "en": ("must play no part in your v", "merely context"),
    "de": ("Ihr Urteil keine Rolle spielen", "dienen lediglich als Kontext"),
    "fr": ("jouer aucun rôle dans votre v", "seulement de contexte"),
    "it": ("influire in alcun modo sul Suo v", "solo da contesto"),
    "es": ("influir en absoluto en su v", "solo de contexto"),
}
"""Of where an answer stands and how long it is, and of the turns before."""
CORRECT_FIRST = {
    "en": ("Correctness counts most;", "reference answer, correctness counts most."),
    "de": ("Am wichtigsten ist die Richtigkeit;", "Musterantwort gibt, ist die Richtigkeit am wichtigsten."),
    "fr": ("L’exactitude prime\u00a0;", "réponse de référence, l’exactitude prime."),
    "it": ("La correttezza è il criterio", "risposta di riferimento, la correttezza è il criterio più importante."),
    "es": ("La corrección es lo más", "respuesta de referencia, la corrección es lo más importante."),
}
"""Where there is a reference: what judges are told, and what people are."""


@pytest.mark.sources
@needs_sources
@every_language
@pytest.mark.parametrize("prompt_set", PROMPT_SETS)
def test_every_prompt_asks_for_its_verdict(prompt_set: str, language: str) -> None:
    for prompt in judge_prompts(prompt_set, language).values():
        text = prompt.system_prompt + prompt.prompt_template
        asked = set(re.findall(r"\[\[([A-D]|\d+)\]\]", text))
        votes = set("ABCD" if prompt.name.endswith(BOTH_BAD) else "ABC")
        assert asked == (votes if prompt.type == "pairwise" else {"5"})


@pytest.fixture
def edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Put one edit of the Spanish prompts in place of ours; `repair` applies it."""
    path = "data/mt_bench_ES/judge_prompts.jsonl"
    pinned = sources.source("mtbench_x").files[path]
    monkeypatch.setattr(module, "HERE", tmp_path)
    return [{"file": path, "sha256": pinned, "old": "[Instrucción]", "new": "[Orden]", "count": 2, "why": "test"}]


def repair(edits: list[dict[str, object]]) -> dict[str, JudgePrompt]:
    jsonl.write(module.HERE / "edits" / "judge_prompts.jsonl", edits)
    return dict(module._packaged.__wrapped__(REPAIRED, "es"))


@pytest.mark.sources
@needs_sources
class TestEdits:
    def test_an_edit_is_applied(self, edits: list[dict[str, object]]) -> None:
        assert repair(edits)["single-v1"].prompt_template.startswith("[Orden]\n")

    def test_a_stale_edit_is_refused(self, edits: list[dict[str, object]]) -> None:
        edits[0]["sha256"] = "0" * 64
        with pytest.raises(UserError, match=r"stale: data/mt_bench_ES/judge_prompts\.jsonl is now 4a413b8f09d0"):
            repair(edits)

    def test_an_edit_that_does_not_match_is_refused(self, edits: list[dict[str, object]]) -> None:
        edits[0]["old"] = "[Orden]"
        with pytest.raises(UserError, match=r"'\[Orden\]' occurs 0 times in .*, not 2"):
            repair(edits)

    def test_an_edit_that_matches_elsewhere_too_is_refused(self, edits: list[dict[str, object]]) -> None:
        edits[0]["count"] = 1
        with pytest.raises(UserError, match=r"occurs 2 times in .*, not 1"):
            repair(edits)

    def test_an_edit_that_breaks_the_json_is_refused(self, edits: list[dict[str, object]]) -> None:
        edits[0]["new"] = '"'
        with pytest.raises(UserError, match=r"\(repaired\), line \d: not JSON"):
            repair(edits)


def test_an_unknown_set_names_the_choices() -> None:
    with pytest.raises(
        UserError, match=r"no prompt set 'mine'; choose one of mtbench_x, mtbench_x_v1_1, native, native_v1"
    ):
        judge_prompts("mine", "en")


@pytest.mark.parametrize("prompt_set", PROMPT_SETS)
def test_an_unknown_language_names_the_way_out(prompt_set: str) -> None:
    with pytest.raises(UserError, match="'pt'; set prompt_language to 'en'"):
        judge_prompts(prompt_set, "pt")
