"""The facts of a card: from the run, its evaluation, the cards of base and data, and what the user says."""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_datasets.hub.dataset import front_matter
from hf_datasets.hub.errors import faults
from hf_datasets.shared.language_codes import STUDY
from model_cards import licences
from model_cards.card import Card
from model_cards.evaluations import Group
from model_cards.groups import read_groups
from model_cards.ledgers import exams_of_ledgers
from model_cards.predicted import predicted_section
from model_cards.run_dir import Training, read_run
from model_cards.training_commands import TrainedOn
from mtbenchx_tasks.meta_evaluation.exam.table import verdict_line

if TYPE_CHECKING:
    from huggingface_hub import HfApi

HUB_ID = re.compile(r"\w[\w.-]*/[\w.-]+")
MADE = re.compile(r"^Made by `(mtbenchx recipes prepare \S[^`\n]* --out [^`\n]+)`", re.MULTILINE)
"""How a base's folder tells the command that made it."""
Lookup = Callable[[str, str], Mapping[str, Any]]
"""(Hub id, kind) -> front matter of its card; empty if there is none."""


def nowhere(repo_id: str, kind: str) -> Mapping[str, Any]:  # noqa: ARG001
    """Look nothing up."""
    return {}


def on_hub(api: "HfApi") -> Lookup:
    """Return a look-up of cards on the Hub; one that can't be had is as good as none."""

    def look(repo_id: str, kind: str) -> Mapping[str, Any]:
        try:
            data = getattr(api.repo_info(repo_id, repo_type=kind), "card_data", None)
        except faults():
            return {}
        return {} if data is None else dict(data.to_dict())

    return look


@dataclass(frozen=True)
class UserFacts:
    """What the user says besides the files."""

    name: str | None = None
    """The model's name; None: the repository's, or the folder's."""
    base: str | None = None
    """The base model's Hub id."""
    dataset: str | None = None
    """The training data's Hub id, or its folder."""
    data_license: str | None = None
    """Licence of the data."""
    base_license: str | None = None
    """Licence of the base model."""
    benchmark: str | None = None
    """The published benchmark's Hub id."""


@dataclass(frozen=True)
class _Source:
    """A base model or a data set: what it is called and what its card says."""

    shown: str | None
    """Its Hub id, or its folder's name."""
    hub_id: str | None
    """Its Hub id; None if it is only a folder."""
    card: Mapping[str, Any]
    """Front matter of its card; empty if none was found."""


def make_card(
    run_dir: Path,
    results: Sequence[Path],
    *,
    recipe: Path | None = None,
    overrides: Sequence[str] = (),
    repo_id: str | None = None,
    told: UserFacts | None = None,
    partial: bool = False,
    scale: Path | None = None,
    assume_english: bool = False,
    records: bool = True,
    lookup: Lookup = nowhere,
) -> Card:
    """Collect the facts of a card.

    Args:
        run_dir: The training's output folder.
        results: lm_eval's results files, and ledgers.
        recipe: The training's YAML.
        overrides: `KEY=VALUE`, what its command line gave besides.
        repo_id: Where the model is to be published.
        told: What the user says.
        partial: Whether results of a part of the questions go into the metadata.
        scale: An equating, to show what an old judge would have given.
        assume_english: Whether English's scale is taken for languages without anchors.
        records: Whether answers and judgments lie beside the card, for `mtbenchx verify`.
        lookup: Finds the cards of base model and data that aren't folders here.

    Raises:
        UserError: A file is missing, damaged, or of another model.
    """
    said = told or UserFacts()
    training = read_run(run_dir, recipe, overrides)
    places = [Path(), *([recipe.parent] if recipe else []), run_dir.resolve().parent]
    training, base, trained_on = _with_base(training, said.base, places, lookup)
    data = _source(said.dataset or _one(training.source("dataset_name", "datasets")), "dataset", places, lookup)
    known = licences.KNOWN.get(last_part(data.shown).lower())
    namespace = f"{repo_id.split('/', maxsplit=1)[0]}/" if repo_id else ""
    names = [name for name in dict.fromkeys((said.name, repo_id, training.name)) if name]
    groups = tuple(read_groups(results, names))
    return Card(
        name=said.name or last_part(repo_id) or training.name,
        training=training,
        groups=groups,
        base=base.shown,
        base_id=base.hub_id,
        trained_on=trained_on,
        dataset=data.shown,
        dataset_id=data.hub_id,
        data_languages=_languages(data.card) or (STUDY if known else ()),
        data_terms=licences.terms(said.data_license, data.card) or known,
        base_terms=licences.terms(said.base_license, base.card),
        repo_id=repo_id,
        benchmark_id=said.benchmark or f"{namespace}mtbench-x",
        examined=_examined(results, groups),
        partial=partial,
        records=records,
        predicted=predicted_section(scale, results, names, assume_english=assume_english) if scale else "",
    )


def _examined(results: Sequence[Path], groups: Iterable[Group]) -> tuple[str, ...]:
    """Return the verdicts on the exams that ledgers hold of the judges that these results name."""
    judges = {result.judge for group in groups for result in group.results}
    return tuple(verdict_line(exam) for exam in exams_of_ledgers(results) if exam.judge in judges)


def _with_base(
    training: Training, told: str | None, places: Sequence[Path], lookup: Lookup
) -> tuple[Training, _Source, TrainedOn]:
    """Return the training with its base model as the user tells it, what that is called, and how to have it again."""
    given = _one(training.source("model_name_or_path", "base_model"))
    base = _source(told or given, "model", places, lookup)
    trained_on = _trained_on(given, told, base.hub_id, places)
    if told:
        training = replace(training, given={**training.given, "model_name_or_path": told})
    return training, base, trained_on


def _languages(card: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(code) for code in _list(card.get("language")))


def _source(name: str | None, kind: str, places: Iterable[Path], lookup: Lookup) -> _Source:
    """Find out what a name is: a folder (whose card may tell the Hub id that it was made from), or a Hub id."""
    folder = next((place / name for place in places if name and (place / name).is_dir()), None)
    if folder is None:
        found = name if name and HUB_ID.fullmatch(name) else None
        return _Source(found or (last_part(name) or None), found, lookup(found, kind) if found else {})
    card = _card_in(folder)
    origin = _one(card.get("base_model")) if kind == "model" else None
    if origin is None or not HUB_ID.fullmatch(origin):
        return _Source(last_part(name), None, card)
    return _Source(origin, origin, card if licences.terms(None, card) else lookup(origin, kind))


def _trained_on(given: str | None, told: str | None, hub_id: str | None, places: Iterable[Path]) -> TrainedOn:
    """Find out how to have the base again that a training was given: a folder is made, a Hub id is there."""
    folder = next((place / given for place in places if given and (place / given).is_dir()), None)
    if folder is None and (given is None or HUB_ID.fullmatch(given)):
        given = told or given
        if given is None or HUB_ID.fullmatch(given):
            return TrainedOn(given, hub_id=given)
    name = last_part(given)
    return TrainedOn(name, True, hub_id, _command(_text(folder / "README.md"), name) if folder else None)


def _command(card: str, out: str) -> str | None:
    """Return the command that made a base, as its card tells, to write it to `out`."""
    made = MADE.search(card)
    try:
        parts = shlex.split(made[1]) if made else []
        parts[parts.index("--out") + 1] = out
    except ValueError:  # none, or quotes that someone edited
        return None
    return shlex.join(parts)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _card_in(folder: Path) -> Mapping[str, Any]:
    return front_matter(_text(folder / "README.md"))


def _one(value: Any) -> str | None:
    found = _list(value)
    return str(found[0]) if len(found) == 1 else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def last_part(name: str | None) -> str:
    """Return the last part of a path or Hub id; empty if there is none."""
    return re.split(r"[\\/]", (name or "").rstrip("\\/"))[-1]
