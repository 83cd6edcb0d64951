"""FastChat's judgment files, anyone's, and human votes, as the report reads them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import FIRST_ID, category_of
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.answers import read_answers
from mtbenchx_tasks.formats.fastchat.pairs import read_pairs
from mtbenchx_tasks.formats.lm_eval import valid_rating
from mtbenchx_tasks.formats.votes import Vote, read_votes
from mtbenchx_tasks.judge.expected import HIGHEST, LOWEST, UNPARSABLE
from mtbenchx_tasks.judge.settings import slug
from mtbenchx_tasks.judge.verdict import OUT_OF_RANGE
from mtbenchx_tasks.records import PEOPLE, Compared, Conditions, Game, Item, Judged, Outcome, Study

UNREACHED = "$ERROR$"
"""What FastChat writes where the judge was never reached."""
Place = tuple[str, int, int, str]


def language_of(file: Path, rows: Sequence[dict[str, Any]], asked: str | None) -> str:
    """Return the language that the ids (`81_DE`) or the folder (`mt_bench_de`) tell, else the one asked for.

    Raises:
        UserError: Nothing tells it, or ids tell several.
    """
    told = {str(row.get("question_id", "")).partition("_")[2].lower() for row in rows} - {""}
    if len(told) > 1:
        raise UserError(f"{file}: questions in {', '.join(sorted(told))} in one file; give one language a file.")
    folders = [part.rpartition("_")[2].lower() for part in file.absolute().parts if _is_bench(part)]
    found = asked if asked and not told else next(iter([*told, *folders[-1:]]), "en" if asked is None else asked)
    return found.lower()


def _is_bench(part: str) -> bool:
    name, _, language = part.lower().rpartition("_")
    return name in ("mt_bench", "mini", "mtbench_x", "mtbench_x_mini") and language.isalpha() and len(language) == 2  # noqa: PLR2004


def read_singles(file: Path, language: str | None = None) -> Study:
    """Read single judgments. Rows of one answer that was judged again are runs; the same row twice is one.

    Args:
        file: The file.
        language: Of the questions, where neither ids nor folder tell it.

    Raises:
        UserError: A row is of another layout; file and line are named.
    """
    rows = jsonl.read(file)
    found = language_of(file, rows, language)
    told = language is not None or found != "en" or any("_" in str(row.get("question_id")) for row in rows)
    notes = [] if told or _names_english(file) else [f"{file}: no language is told, English is taken (--language)."]
    seen: set[tuple[Any, ...]] = set()
    judged, twice = [], 0
    prompts: dict[Place, dict[str, Counter[None]]] = {}
    for number, row in enumerate(rows, start=1):
        try:
            whole = tuple(
                str(row.get(name)) for name in ("question_id", "model", "turn", "judgment", "score", "tstamp")
            )
            twice += whole in seen
            if whole not in seen:
                seen.add(whole)
                judged.append(_judged(row, found, prompts, str(file)))
        except (KeyError, IndexError, TypeError, ValueError, UserError) as error:
            reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            raise UserError(f"{file}, row {number}: not a row of single judgments ({reason}).") from error
    if twice:
        notes.append(f"{file}: {twice} rows stand in it twice and count once.")
    return Study(tuple(judged), sources=(str(file),), notes=tuple(notes))


def _names_english(file: Path) -> bool:
    return any(_is_bench(part) for part in file.absolute().parts)


def _judged(row: dict[str, Any], language: str, prompts: dict[Place, dict[str, Counter[None]]], source: str) -> Judged:
    identifier = int(str(row["question_id"]).partition("_")[0])
    benchmark = "mini" if identifier < FIRST_ID else "mtbench_x"
    if row["turn"] not in (1, 2):
        raise UserError(f"turn is {row['turn']!r}; it must be 1 or 2")
    judge = row["judge"] if isinstance(row["judge"], str) else row["judge"][0]
    place = str(judge), identifier, int(row["turn"]), str(row["model"])
    known = prompts.setdefault(place, {})
    runs = known.setdefault(str(row.get("user_prompt", "")), Counter())  # another prompt: another answer
    text, score = str(row.get("judgment") or ""), valid_rating(row["score"])
    rating = score if score is not None and LOWEST <= score <= HIGHEST else None
    judged = Judged(
        Conditions(judge=slug(str(judge)), benchmark=benchmark),
        str(row["model"]),
        "",
        language=language,
        question_id=identifier,
        category=category_of(benchmark, identifier),
        turn=int(row["turn"]),
        repeat=list(known).index(str(row.get("user_prompt", ""))),
        run=runs[None],
        rating=rating,
        reason="" if rating is not None else OUT_OF_RANGE if score is not None else _why_not(text),
        answer=None,
        judgment=text,
        prompt=str(row.get("user_prompt") or ""),
        source=source,
    )
    runs[None] += 1
    return judged


def _why_not(text: str) -> str:
    return "the judge was not reached" if text.strip() in ("", UNREACHED) else UNPARSABLE


def read_answers_only(file: Path, language: str | None = None) -> Study:
    """Read FastChat's model_answer: what judgments are of, where their own file doesn't hold it."""
    given = read_answers(file)
    found = given.language or language_of(file, jsonl.read(file), language)
    answers = {(given.benchmark, found, given.model, question): texts for question, texts in given.texts.items()}
    return Study(answers=answers, sources=(str(file),))


def read_questions(file: Path, language: str | None = None) -> Study:
    """Read FastChat's question.jsonl: what was asked."""
    rows = jsonl.read(file)
    found, questions = language_of(file, rows, language), {}
    for row in rows:
        identifier = str(row["question_id"]).partition("_")[0]
        if identifier.isdecimal() and isinstance(row["turns"], list):
            benchmark = "mini" if int(identifier) < FIRST_ID else "mtbench_x"
            questions[benchmark, found, int(identifier)] = tuple(map(str, row["turns"]))
    return Study(questions=questions, sources=(str(file),))


def read_fastchat_pairs(file: Path, language: str | None = None) -> Study:
    """Read pairwise judgments (see fastchat_pairs.read_pairs, whose errors are raised)."""
    found = language_of(file, jsonl.read(file), language)
    outcomes = read_pairs(file, found)
    return Study(
        compared=tuple(
            Compared(Conditions(judge=outcome.item.judge, benchmark=outcome.item.benchmark), outcome, str(file))
            for outcome in outcomes
        ),
        sources=(str(file),),
    )


def read_people(file: Path, language: str | None = None) -> Study:
    """Read votes of people (and of judges, if the file holds some) on pairs of answers.

    Raises:
        UserError: The file holds no votes, or a row isn't one (see votes.read_votes).
    """
    votes = read_votes(file, language=language)
    counted = [vote for vote in votes if vote.category is not None and isinstance(vote.question_id, int)]
    notes = []
    if any(vote.language is None for vote in votes):
        notes.append(f"{file}: no language is told, English is taken (--language).")
    if len(counted) < len(votes):
        notes.append(f"{file}: {len(votes) - len(counted)} votes on questions of no known category are left out.")
    return Study(compared=tuple(_votes(counted, str(file))), sources=(str(file),), notes=tuple(notes))


def _votes(votes: Sequence[Vote], source: str) -> Iterator[Compared]:
    """People are one judge together; their places are told apart by the run, so that votes on an item are kept."""
    order: Counter[Item] = Counter()
    for vote in votes:
        person = vote.kind == "human"
        judge = PEOPLE if person else slug(vote.annotator)
        benchmark = "mini" if isinstance(vote.question_id, int) and vote.question_id < FIRST_ID else "mtbench_x"
        item = Item(
            benchmark=benchmark,
            language=(vote.language or "en").lower(),
            question_id=int(vote.question_id),
            category=str(vote.category),
            turn=vote.turn,
            run=0,
            judge=judge,
            model_1=vote.model_1,
            model_2=vote.model_2,
        )
        place = replace(item, run=order[item])
        order[item] += 1
        first, second = _games(vote.winner)
        yield Compared(Conditions(judge=judge, benchmark=benchmark), Outcome(place, first, second), source)


def _games(winner: str) -> tuple[Game, Game]:
    """A vote fills both games; of an inconsistent one the file doesn't tell which way."""
    if winner == "inconsistent":
        return Game("model_1"), Game("model_2")
    if winner in ("skip", "failed"):
        return Game(None, reason=winner), Game(None, reason=winner)
    return Game(winner), Game(winner)
