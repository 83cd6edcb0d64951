"""A card's numbers, recomputed from the records beside it by the functions that wrote them."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from hf_datasets.benchmark.judge_prompts import OURS, prompt_set_hash
from hf_datasets.hub.dataset import front_matter
from hf_datasets.hub.download import REPO_ID, download_folder
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.jsonl import text_of
from hf_datasets.shared.yaml_text import load_yaml
from model_cards.evaluations import FOLDER, PREFIX, Result
from model_cards.metadata import eval_results, model_index
from model_cards.publish import README
from model_cards.records import INDEX, PLACE, CardRecords, read_card_records, results_text, ungrouped
from model_cards.recount import SPOKEN, counts_of, metrics_of
from mtbenchx_tasks.formats.differences import MISSING, Difference, in_lines, in_values
from mtbenchx_tasks.formats.excerpt import RECORDS, Verification, answers_changed, ratings_misread
from mtbenchx_tasks.report.verify import verify_report

PAGE = "index.html"
"""By which a report's folder is known."""
NO_SAMPLES = "has no answers and judgments in its records; evaluate with --log_samples"


def verify_place(place: str) -> Verification:
    """Recompute the numbers of a card or a report.

    Args:
        place: Its folder, or the Hub id of a published model.

    Raises:
        UserError: It is neither, it can't be had, or it has no records.
    """
    folder = Path(place)
    if folder.is_dir():
        return verify_report(folder) if (folder / PAGE).is_file() else verify_card(folder)
    if folder.exists() or not REPO_ID.fullmatch(place):
        raise UserError(f"{place} is neither a folder of a card or a report nor NAMESPACE/NAME of a model on the Hub.")
    return verify_card(download_folder(place, None, (README, RECORDS, f"{FOLDER}/*.yaml"), kind="model"))


def verify_card(folder: Path) -> Verification:
    """Recompute every number of a card: of its records, of README.md, its front matter, and `.eval_results`.

    Args:
        folder: Where README.md and its records lie.

    Raises:
        UserError: There are no records, or a file can't be read.
    """
    records = read_card_records(folder)
    results = ungrouped(records.groups)
    found = [*_in_records(records), *_in_readme(folder, records), *_in_eval_results(folder, records)]
    ratings = sum(len(result.ratings) for result in results)
    return Verification(
        differences=tuple(found),
        numbers=f"{ratings:,} ratings, {sum(len(one.metrics) for one in results):,} metrics of {len(results)} results",
        release=records.release,
        unproven=tuple(_unproven(records)),
    )


def _unproven(records: CardRecords) -> Iterator[str]:
    for result in ungrouped(records.groups):
        if not result.ratings:
            yield f"{result.task} {NO_SAMPLES}"


def _in_records(records: CardRecords) -> Iterator[Difference]:
    for row, result in zip(records.rows, ungrouped(records.groups), strict=True):
        yield from answers_changed(row, RECORDS)
        yield from ratings_misread(result.ratings, RECORDS)
        yield from _of_result(result)


def _of_result(result: Result) -> Iterator[Difference]:
    """Yield what a result tells otherwise than its ratings."""
    place = f"{result.task}"
    if result.ratings:
        metrics = {name: value for name, value in metrics_of(result.ratings).items() if name in result.metrics}
        told = {name: value for name, value in result.metrics.items() if name in metrics or _is_of_ratings(name)}
        yield from in_values(RECORDS, told, metrics, f"{place}.metrics", summed=True)
        counts = counts_of(result.ratings)
        yield from in_values(RECORDS, dict(result.counts), counts, f"{place}.counts")
        yield from in_values(RECORDS, result.answers, sum(total for _, total in counts.values()), f"{place}.answers")
    prompts, language = result.setup["judge"].get("prompt_set"), _prompt_language(result)
    if prompts in OURS and "prompt_set" in result.hashes:
        yield from in_values(
            RECORDS, result.hashes["prompt_set"], prompt_set_hash(str(prompts), language), f"{place}.hashes.prompt_set"
        )


def _is_of_ratings(name: str) -> bool:
    """Tell whether a metric is of ratings alone: lm_eval adds errors of its own, and languages are no ratings."""
    return name != SPOKEN and not name.endswith("_stderr")


def _prompt_language(result: Result) -> str:
    told = result.setup["judge"].get("prompt_language")
    return result.language if told in (None, "", "same") else str(told)


def _in_readme(folder: Path, records: CardRecords) -> Iterator[Difference]:
    if not (folder / README).is_file():
        yield Difference(README, "the file", MISSING, "a card")
        return
    text = text_of(folder / README)
    metadata = {**records.metadata, INDEX: model_index(records)}
    recomputed = {name: value for name, value in metadata.items() if value is not None}
    yield from in_values(README, front_matter(text), recomputed)
    body = text.partition("\n---\n")[2]
    results = results_text(records, (folder / RECORDS).read_bytes())
    before = text.removesuffix(body).count("\n")
    whole = "\n" * before + records.text.replace(PLACE, results, 1)
    yield from in_lines(README, "\n" * before + body, whole)


def _in_eval_results(folder: Path, records: CardRecords) -> Iterator[Difference]:
    recomputed = eval_results(records)
    there = {f"{FOLDER}/{file.name}" for file in (folder / FOLDER).glob(f"{PREFIX}*.yaml")}
    for path in sorted({*recomputed, *there}):
        told = load_yaml(text_of(folder / path), str(folder / path)) if path in there else MISSING
        found = yaml.safe_load(recomputed[path]) if path in recomputed else MISSING
        yield from in_values(path, told, found)
