"""Reading whatever a user names: folders and files, each recognised by what is in it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hf_datasets.records import QuestionId
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.rows import mapping
from mtbenchx_tasks.formats.benchmark import NOTHING, Told, notes_on
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.formats.distinct import distinct, distinct_preferences, file_of
from mtbenchx_tasks.formats.fastchat.study import (
    read_answers_only,
    read_fastchat_pairs,
    read_people,
    read_questions,
    read_singles,
)
from mtbenchx_tasks.formats.generations import holds
from mtbenchx_tasks.formats.ledger.study import holds_judgments, is_ledger, read_ledger
from mtbenchx_tasks.formats.lm_eval import SAMPLES, load_json, read_samples
from mtbenchx_tasks.formats.namesakes import tell_apart
from mtbenchx_tasks.records import Preference, Rating

SKIPPED = (".git", ".venv", "node_modules", "__pycache__", ".cache")
ENDINGS = (".jsonl", ".json", ".sqlite", ".db", ".parquet")


READERS = (
    ({"g1_winner", "g2_winner"}, read_fastchat_pairs),
    ({"question_id", "model", "judge", "score", "turn"}, read_singles),
    ({"winner"}, read_people),
    ({"model_a_name", "chosen_model_name"}, read_people),
    ({"question_id", "choices"}, read_answers_only),
    ({"question_id", "turns"}, read_questions),
)
"""What tells a JSON Lines layout, and who reads it."""


def read_study(paths: Sequence[Path], told: Told = NOTHING) -> Study:
    """Read results folders, ledgers, judgment files, votes and an agreement file into one record.

    Args:
        paths: Files, or folders that are searched.
        told: Language and benchmark of files that don't tell them.

    Raises:
        UserError: A path isn't there; a named file is of no known layout or half-written; or nothing was found.
    """
    study = Study(notes=tuple(notes_on(told)))
    for path in paths:
        if not path.exists():
            raise UserError(f"There is no {path}; name results folders, ledgers or judgment files.")
        for file in dict.fromkeys(_files(path)):
            found = _read(file, told, named=path.is_file())
            if found.agreement is not None and study.agreement not in (None, found.agreement):
                raise UserError(f"{file} is a second agreement.json; name one.")
            study = study.joined(found)
    study = filled(_once(study))
    if not study.ratings and not study.preferences and study.agreement is None and not study.exams:
        noted = f" ({' '.join(study.notes)})" if study.notes else ""
        if ledgers := [path for path in paths if path.is_file() and is_ledger(path)]:
            raise UserError(
                f"No judgment in {', '.join(map(str, ledgers))} says what it is of{noted}. If it was imported, name "
                f"the imported file itself, or have the answers counted from it: `mtbenchx judge model_answer/*.jsonl`."
            )
        raise UserError(
            f"No judgments in {', '.join(map(str, paths))}{noted}; name a results folder of `lm_eval --log_samples`, "
            f"a ledger, or FastChat's model_judgment files."
        )
    return study


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        if file.is_file() and file.suffix in ENDINGS and not any(part in SKIPPED for part in parts):
            yield file


def _read(file: Path, told: Told, *, named: bool) -> Study:
    """Read one file; one of no known layout is an error if the user named it, else a note."""
    if is_ledger(file):
        return read_ledger(file) if named or holds_judgments(file) else _unknown(file, named=False)
    if file.suffix == ".parquet":
        return read_people(file, told) if named or _holds_votes(file) else _unknown(file, named=False)
    if file.suffix == ".json":
        return _read_json(file, told, named=named)
    return _read_lines(file, told, named=named) if file.suffix == ".jsonl" else _unknown(file, named=named)


def _holds_votes(file: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return "winner" in pq.read_schema(file).names
    except (OSError, pa.ArrowInvalid):
        return False


def _read_lines(file: Path, told: Told, *, named: bool) -> Study:
    first = _first_row(file)
    if {"doc", "resps"} <= first.keys() or SAMPLES.fullmatch(file.name):
        return read_samples(file, told) if named or _is_ours(first) else Study()  # a folder holds other tasks as well
    for keys, reader in READERS:
        if first.keys() >= keys:
            return reader(file, told)
    return _unknown(file, named=named)


def _is_ours(sample: dict[str, object]) -> bool:
    doc = sample.get("doc")
    return isinstance(doc, dict) and {"question_id", "language", "turns", "category"} <= doc.keys()


def _read_json(file: Path, told: Told, *, named: bool) -> Study:
    start = jsonl.text_of(file).lstrip()[:1]
    if not start:
        raise UserError(f"{file} is empty.")
    if start == "[":
        return read_people(file, told) if named else _unknown(file, named=False)
    loaded = load_json(file)
    if "statistics" in loaded and "people" in loaded:
        return Study(agreement=loaded, sources=(str(file),))
    if "results" in loaded and "configs" in loaded:
        beside = any(file.parent.glob(f"samples_*_{file.stem.removeprefix('results_')}.jsonl"))
        about = (mapping(mapping(config).get("metadata")) for config in mapping(loaded["configs"]).values())
        ours = any(isinstance(said.get("benchmark"), Mapping) for said in about)
        if ours and not beside:
            return Study(notes=(f"{file}: no samples beside it; run lm_eval with --log_samples.",))
        return Study()  # the samples' reader takes it
    if {"judge", "rates", "findings"} <= loaded.keys() and not named:
        return Study()  # a judge's exam, which is read from the ledger
    return _unknown(file, named=named)


def _unknown(file: Path, *, named: bool) -> Study:
    if named:
        raise UserError(
            f"{file} is of no layout that a report knows: lm_eval samples, a ledger, FastChat's model_judgment, votes, "
            f"or agreement.json."
        )
    return Study(notes=(f"{file}: of no known layout, passed over.",))


def _first_row(file: Path) -> dict[str, object]:
    with file.open("rb") as stream:
        first = next(jsonl.numbered_rows(stream, str(file)), None)
    if first is None:
        raise UserError(f"{file} is empty; leave it out.")
    return first[1]


# the same thing twice -----------------------------------------------------------------------------------------------


def _once(study: Study) -> Study:
    """Keep of equal ratings one, tell models of one name apart, and refuse two answers to one question."""
    kept, same, twice = distinct(study.ratings)
    known = [replace(rating, model=same[rating.model]) if rating.model in same else rating for rating in kept]
    named, notes = tell_apart(known)
    ratings = tuple(_as_runs(named))
    preferences = distinct_preferences(study.preferences)
    if twice:
        notes.append(f"{twice} ratings were read twice (the same run, or its ledger) and count once.")
    if len(preferences) < len(study.preferences):
        notes.append(f"{len(study.preferences) - len(preferences)} comparisons were read twice and count once.")
    own = tuple(_own_runs(preferences))
    return replace(study, ratings=ratings, preferences=own, notes=study.notes + tuple(notes))


def _as_runs(ratings: Iterable[Rating]) -> Iterator[Rating]:
    """Number judgments of one answer under the same conditions as runs; refuse two answers to one question."""
    seen: dict[tuple[object, ...], dict[int, Rating]] = {}
    for rating in ratings:
        runs = seen.setdefault((rating.conditions, rating.model, rating.item, rating.repeat), {})
        first = runs.get(rating.run)
        if first is not None and (rating.answer is None or rating.answer != first.answer):
            item = rating.item
            raise UserError(
                f"{rating.model.name!r} has two different results for question {item.question_id}, turn {item.turn} in "
                f"{item.language!r}: in {file_of(first)} and in {file_of(rating)}; name one of the two files."
            )
        run = rating.run if first is None else max(runs) + 1
        runs[run] = rating
        yield rating if run == rating.run else replace(rating, run=run)


def _own_runs(preferences: Iterable[Preference]) -> Iterator[Preference]:
    """Comparisons of one pair by one rater from several files are further runs."""
    taken: set[tuple[object, ...]] = set()
    for preference in preferences:
        place = preference.conditions, preference.item, preference.models, preference.rater
        run = preference.run
        while (*place, run) in taken:
            run += 1
        taken.add((*place, run))
        yield replace(preference, run=run)


def filled(study: Study) -> Study:
    """Return the study with answers where a model_answer file tells them."""
    if not study.answers:
        return study
    return replace(
        study,
        ratings=tuple(_with_answer(rating, study) for rating in study.ratings),
        preferences=tuple(_with_answers(preference, study) for preference in study.preferences),
    )


def with_answers(preferences: Sequence[Preference], files: Sequence[Path], told: Told) -> list[Preference]:
    """Return comparisons with the answers that model_answer files or lm_eval's samples hold.

    Raises:
        UserError: A file can't be read, or none holds an answer that was compared.
    """
    study = Study(preferences=tuple(preferences))
    for file in files:
        study = study.joined(read_answers_only(file, told))
    found = filled(study).preferences
    if files and not any(preference.answers for preference in found):
        models = ", ".join(sorted({model.name for preference in preferences for model in preference.models}))
        raise UserError(
            f"No file of --answers holds answers of two of {models} to the compared questions; name theirs."
        )
    return list(found)


def _text(study: Study, place: tuple[str, str, str, QuestionId], turn: int) -> str | None:
    texts = study.answers.get(place, ())
    return texts[turn - 1] if len(texts) >= turn else None


def _with_answer(rating: Rating, study: Study) -> Rating:
    if rating.answer is not None or rating.repeat:
        return rating
    item, prompt = rating.item, rating.evidence.prompt
    text = _text(study, (item.benchmark, item.language, rating.model.name, rating.item.question_id), item.turn or 1)
    is_judged = text is not None and (not prompt or holds(prompt, text))
    return replace(rating, answer=text) if is_judged else rating


def _with_answers(preference: Preference, study: Study) -> Preference:
    item = preference.item
    if preference.answers or item.turn is None:
        return preference
    texts = {
        model.name: _text(study, (item.benchmark, item.language, model.name, item.question_id), item.turn)
        for model in preference.models
    }
    told = {name: text for name, text in texts.items() if text is not None}
    return replace(preference, answers=told) if len(told) == len(texts) else preference
