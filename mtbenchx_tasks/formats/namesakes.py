"""Models of one name: what tells them apart in tables."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hf_datasets.records import content_hash
from mtbenchx_tasks.formats.distinct import file_of
from mtbenchx_tasks.records import Conditions, Model, Rating


def tell_apart(ratings: Sequence[Rating]) -> tuple[Sequence[Rating], list[str]]:
    """Give models of one name that are two models names of their own: with their organisation, or with a hash."""
    places = dict.fromkeys((rating.conditions, rating.model, file_of(rating)) for rating in ratings)
    found: dict[tuple[Conditions, str], dict[Model, str]] = {}
    for conditions, model, file in places:
        found.setdefault((conditions.of_all_languages, model.name), {}).setdefault(model, file)
    several = {place: models for place, models in found.items() if len(models) > 1}
    if not several:
        return ratings, []
    names = {place: own_names(models) for place, models in several.items()}
    notes = [
        f"{len(models)} models are named {place[1]}; told apart by weights or origin: "
        + "; ".join(f"{names[place][model]}: {file}" for model, file in models.items())
        + "."
        for place, models in several.items()
    ]
    own = [names.get((rating.conditions.of_all_languages, rating.model.name), {}) for rating in ratings]
    renamed = [
        replace(rating, model=replace(rating.model, name=mine.get(rating.model, rating.model.name)))
        for rating, mine in zip(ratings, own, strict=True)
    ]
    return renamed, list(dict.fromkeys(notes))


def own_names(models: Iterable[Model]) -> dict[Model, str]:
    """Return a name of its own for each of several models of one name.

    It is `organisation/name` where the model's origin tells that, and with the beginning of the identity's hash where
    two would still be called alike.
    """
    whole = {model: _with_organisation(model) for model in models}
    counts = Counter(whole.values())
    return {
        model: name if counts[name] == 1 and name != model.name else label(model, name) for model, name in whole.items()
    }


def _with_organisation(model: Model) -> str:
    """Return `organisation/name` where the origin holds it: `hf ORG/m 3fa4b2`, `https://api.example/v1 ORG/m`."""
    words = (word for word in model.identity.split() if word.rpartition("/")[2] == model.name)
    return next((word for word in words if re.fullmatch(r"[\w.-]+/[\w.-]+", word)), model.name)


def label(model: Model, name: str = "") -> str:
    """Return a model's name with the beginning of its identity's hash.

    Args:
        model: The model.
        name: What it is to be called instead of its own name; "": that.
    """
    return f"{name or model.name} ({content_hash(model.identity)[:6] if model.identity else 'identity unknown'})"
