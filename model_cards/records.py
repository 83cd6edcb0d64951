"""What a card keeps beside it, so that anyone can recompute its numbers: answers, judgments, and what was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_datasets.hub.dataset import front_matter
from model_cards import tables
from model_cards.card import Card
from model_cards.evaluations import Group, Result, file_names
from model_cards.metadata import Evaluated
from mtbenchx_tasks import __version__
from mtbenchx_tasks.formats.excerpt import (
    PROOF,
    RECORDS,
    Row,
    digest,
    packed_ratings,
    plain,
    ratings_of,
    read_records,
    restored,
    write_records,
)
from mtbenchx_tasks.judge.sent import CONFIGURED
from mtbenchx_tasks.records import Conditions, Evidence, Model, Rating

PLACE = "<!-- results -->"
"""Where a card's results stand in the text that its records hold."""
KIND = "card"
INDEX = "model-index"
JUDGE = (
    *("model", "backend", "prompt_set", "prompt_language", "question_set", "reference_set", "parser", "rating"),
    *("runs", "snapshots", *CONFIGURED),
)
"""The judge's settings that a card shows; no other goes into its records."""


@dataclass(frozen=True)
class CardRecords:
    """All that a card's numbers come from; an Evaluated."""

    name: str
    benchmark_id: str
    partial: bool
    groups: tuple[Group, ...]
    metadata: Mapping[str, Any]
    """The front matter without `model-index`."""
    text: str
    """README.md below its front matter, with PLACE in place of the results."""
    release: str
    """Of this package, that wrote it."""
    rows: tuple[Row, ...] = ()
    """Per result its ratings as the file has them."""


def results_text(card: Evaluated, records: bytes | None) -> str:
    """Return the results as Markdown, and where the records lie that they come from.

    Args:
        card: The results.
        records: The content of the records' file; None without one.
    """
    parts = [tables.group(*one) for one in zip(card.groups, file_names(card.groups, card.partial), strict=True)]
    if records is not None:
        parts.append(
            f"Answers and judgments lie in [`{RECORDS}`]({RECORDS}) (sha256 `{digest(records)}`); `mtbenchx verify` "
            f"recomputes these numbers from them. {PROOF}"
        )
    return "\n\n".join(parts)


def records_of(card: Card, front: str, text: str) -> bytes:
    """Return the records' file.

    Args:
        card: The facts.
        front: Its front matter's YAML.
        text: README.md below it, with PLACE in place of the results.
    """
    metadata = front_matter(f"---\n{front}\n---\n")
    metadata.pop(INDEX, None)
    content = {
        "name": card.name,
        "benchmark_id": card.benchmark_id,
        "partial": card.partial,
        "metadata": metadata,
        "text": text,
        "groups": [[_packed(result) for result in group.results] for group in card.groups],
    }
    return write_records(KIND, __version__, content)


def _packed(result: Result) -> Row:
    """Return a result and its ratings, without what is the evaluating machine's own."""
    judge = {name: value for name, value in result.setup["judge"].items() if name in JUDGE}
    told = replace(
        result,
        file="",
        setup={**result.setup, "judge": judge},
        run={"lm_eval": result.run.get("lm_eval")},
        ratings=(),
    )
    return {**plain(Result, told), **packed_ratings([_without_places(one, told) for one in result.ratings])}


def _without_places(rating: Rating, result: Result) -> Rating:
    """Return a rating without files, addresses and the model's path."""
    conditions = Conditions(result.judge, {"benchmark": rating.item.benchmark}, rule=rating.conditions.rule)
    evidence = Evidence(rating.evidence.text, rating.evidence.key, suspicious=rating.evidence.suspicious)
    return replace(rating, conditions=conditions, evidence=evidence, model=Model(result.model))


def read_card_records(folder: Path) -> CardRecords:
    """Read the records beside a card.

    Raises:
        UserError: They aren't there, or not as this package wrote them; the place is named.
    """
    place = str(folder / RECORDS)
    content = read_records(folder, KIND)
    rows = restored(tuple[tuple[Row, ...], ...], content.get("groups"), f"{place}, groups")
    head = {name: content.get(name) for name in ("name", "benchmark_id", "partial", "metadata", "text", "release")}
    return restored(  # type: ignore[no-any-return]
        CardRecords,
        {
            **head,
            "groups": tuple(Group(tuple(_result(row, place) for row in group)) for group in rows),
            "rows": tuple(row for group in rows for row in group),
        },
        place,
    )


def _result(row: Row, place: str) -> Result:
    facts: Result = restored(Result, {**row, "ratings": ()}, f"{place}, groups")
    return replace(facts, ratings=ratings_of(row, f"{place}, {facts.task}"))


def ungrouped(groups: Sequence[Group]) -> list[Result]:
    """Return all results, group by group."""
    return [result for group in groups for result in group.results]
