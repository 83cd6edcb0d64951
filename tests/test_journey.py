"""The way of one rating, from the row of the benchmark to the cell of the report: every form that it takes, once.

    row -> Question -> messages -> ChatRequest -> Completion -> Verdict -> Rating -> Cell

Read it from top to bottom to learn how the rooms hang together. Each step names the room that takes it; nothing is
replaced but the endpoint, which answers as a judge would.
"""

from pathlib import Path

import pytest

from hf_datasets.benchmark.questions import questions
from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import open_ledger
from hf_datasets.records import Completion, Question
from mtbenchx_tasks.formats.study import read_study
from mtbenchx_tasks.judge.engines.live import LiveEngine
from mtbenchx_tasks.judge.judge import judge_for
from mtbenchx_tasks.judge.messages import SinglePrompts
from mtbenchx_tasks.judge.settings import JudgeSettings
from mtbenchx_tasks.judge.verdict import verdict
from mtbenchx_tasks.rating.scoring import prepare
from mtbenchx_tasks.records import Item, Model
from mtbenchx_tasks.report.groups import grouped
from mtbenchx_tasks.report.sections import sections
from mtbenchx_tasks.report.tables.scores import category_table
from mtbenchx_tasks.tables import Cell

ANSWERS = ("Aushang: Das Repair-Café öffnet am 14. Juni.", "Was ist kaputt und will tanzen? Dein Kreisel!")
TEXTS = ("Freundlich, aber zu kurz. Bewertung: [[6]]", "Ein hübsches Rätsel. Bewertung: [[9]]")


class Endpoint:
    """A chat endpoint that judges: 6 for the answer to turn 1, 9 for that to turn 2."""

    def complete(self, request: ChatRequest) -> Completion:
        is_second = ANSWERS[1] in request.messages[-1]["content"]
        return Completion("answered", TEXTS[is_second], details={"snapshot": "our-judge-2026-01"})


@pytest.fixture
def settings(tmp_path: Path) -> JudgeSettings:
    """What `--judge` resolves to."""
    judge = {"model": "our-judge", "base_url": "http://127.0.0.1:9/v1", "ledger": str(tmp_path / "ledger.sqlite")}
    return JudgeSettings.parse(judge)


def test_a_rating_from_the_row_of_the_benchmark_to_the_cell_of_the_report(settings: JudgeSettings) -> None:
    # 1. hf_datasets/benchmark: a row, as `load_dataset` and lm_eval's documents have it.
    row = questions("mini", "de")[0].to_row()
    assert (row["question_id"], row["language"], row["category"]) == (1, "de", "writing")
    assert row["turns"][0].startswith("Schreiben Sie für das Schwarze Brett")

    # 2. hf_datasets/records: the question, which is the same in every language.
    question = Question.from_row(row)
    assert question.to_row() == row

    # 3. judge/messages: what the judge reads of the answer to turn 1.
    messages = SinglePrompts("native", "de").messages(question, ANSWERS[:1])
    assert [message["role"] for message in messages] == ["system", "user"]
    assert question.turns[0] in messages[1]["content"]
    assert ANSWERS[0] in messages[1]["content"]

    # 4. judge/judge: the request, whose hash is the judgment's key in the ledger.
    ledger = open_ledger(Path(str(settings.ledger)))
    engine = LiveEngine(Endpoint(), settings.model, ledger, settings.concurrency)
    request = judge_for(settings, "mini", "de", engine).request(question, ANSWERS[:1])
    assert (request.model, request.messages, request.run) == ("our-judge", messages, 0)
    assert len(request.key) == 64

    # 5. hf_datasets/endpoints: what came back, or why nothing did. The ledger keeps it.
    completion = Endpoint().complete(request)
    assert (completion.state, completion.text) == ("answered", TEXTS[0])

    # 6. judge/verdict: the number in the judge's words, or the reason why there is none.
    read = verdict(completion, settings.parser, settings.rating, request.key)
    assert (read.rating, read.reason, read.snapshot) == (6, "", "our-judge-2026-01")

    # All of that for both turns, as `mtbenchx judge` and the task do it, and where each judgment counts.
    scored = prepare([{1: ANSWERS}], "de", settings, "mini", "our-model", engine=engine).submit().scored()
    assert (scored.metrics["turn_1"], scored.metrics["turn_2"], scored.metrics["score"]) == (6, 9, 7.5)

    # 7. formats/ledger: the rating, one record whatever file it is read from.
    study = read_study([ledger.path])
    first, second = sorted(study.ratings, key=lambda rating: rating.item.turn or 0)
    assert first.item == Item("mini", "de", 1, 1)
    assert (first.model, first.rater.kind, first.rater.snapshot) == (Model("our-model"), "judge", "our-judge-2026-01")
    assert (first.value, second.value) == (6, 9)
    assert (first.answer, first.evidence.text, first.evidence.key) == (ANSWERS[0], TEXTS[0], request.key)

    # 8. report/tables: the cell. Ratings under the same conditions stand in one table.
    (section,) = sections(study.ratings)
    table = category_table(section, grouped(section.models), "de")
    (name, writing, *_, average) = table.rows[0]
    assert (name, table.columns[1], table.columns[-1]) == ("our-model", "Writing", "Avg.")
    assert isinstance(writing, Cell)
    assert isinstance(average, Cell)
    assert (writing.text, average.text, average.strong) == ("7.50", "7.50", True)
    assert writing.n.startswith("2/2")
