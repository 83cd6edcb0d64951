"""Which models belong together: dataset family and language mixture, from a YAML or from the models' names."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_datasets.shared.errors import UserError
from hf_datasets.shared.jsonl import text_of
from hf_datasets.shared.yaml_text import load_yaml

CODES = ("EN", "DE", "FR", "IT", "ES", "PT", "NL", "PL", "CS", "SV", "DA", "FI", "EL", "HU", "RO", "BG", "SK", "SL")
"""Language codes that names of mixtures are made of."""
SAMPLED = "sampled"
KEYS = ("label", "family", "mixture", "language", "languages")
_CODE = "|".join(CODES)
_MIXTURE = re.compile(rf"(?:{_CODE})+", re.IGNORECASE)


@dataclass(frozen=True)
class ShownModel:
    """What a table needs to know of a model."""

    name: str
    """As the results have it."""
    label: str
    """As tables show it."""
    family: str = ""
    """The dataset it was tuned on; "" if not known."""
    mixture: str = ""
    """Its language mixture, e.g. `DE`, `ENDEFRITES`, `sampled`; "" if not known."""
    languages: tuple[str, ...] = ()
    """The mixture's languages, lower case; empty if not known."""

    @property
    def short(self) -> str:
        """Its label under a heading that names the family: the mixture, unless the user chose a label."""
        return self.mixture if self.family and self.mixture and self.label == self.name else self.label

    @property
    def is_mixed(self) -> bool:
        """Whether it was tuned on several languages."""
        return bool(self.mixture) and len(self.languages) != 1

    @property
    def is_monolingual(self) -> bool:
        """Whether it was tuned on one language."""
        return len(self.languages) == 1


def read_groups(file: Path | None) -> dict[str, Any]:
    """Read a groups file: `models: {name: {label, family, mixture, language}}` and `order: [name, ...]`.

    Raises:
        UserError: It can't be read, or holds an unknown key, which is named.
    """
    if file is None:
        return {}
    loaded = load_yaml(text_of(file), str(file))
    if not isinstance(loaded, dict):
        raise UserError(f"{file} must hold `models:` and, if you like, `order:`.")
    _check_keys(file, loaded, ("models", "order"))
    models, order = loaded.get("models") or {}, loaded.get("order") or []
    if not isinstance(models, dict) or not all(isinstance(given, dict) for given in models.values()):
        raise UserError(f"{file}: `models` must map each model's name to {', '.join(KEYS[:4])}.")
    if not isinstance(order, list):
        raise UserError(f"{file}: `order` must be a list of models' names.")
    for given in models.values():
        _check_keys(file, given, KEYS)
    return loaded


def _check_keys(file: Path, given: Mapping[Any, Any], known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise UserError(
                f"{file}: unknown key {key!r}; "
                + (f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}.")
            )


def grouped(names: Iterable[str], groups: Mapping[str, Any] | None = None) -> list[ShownModel]:
    """Return the models in the order of tables: as given by the groups, else by family and mixture.

    Names tell a family only if two models or more share it: `gemma-2b-it` alone is not Italian.

    Args:
        names: The models of the results.
        groups: What `read_groups` returned.

    Raises:
        UserError: The groups name a model that the results don't have.
    """
    names = list(dict.fromkeys(names))
    given = (groups or {}).get("models") or {}
    order = [str(name) for name in (groups or {}).get("order") or []]
    for name in [*given, *order]:
        if str(name) not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names[:20])}."
            raise UserError(f"The groups name a model {str(name)!r} that the results don't have; {hint}")
    guessed = _guessed([name for name in names if name not in given])
    models = {name: _given(name, given[name]) if name in given else guessed[name] for name in names}
    rank = {name: place for place, name in enumerate(order or list(given))}
    return sorted(models.values(), key=lambda model: (rank.get(model.name, len(rank)), _usual_rank(model, names)))


def _given(name: str, about: Mapping[str, Any]) -> ShownModel:
    mixture = str(about.get("mixture") or "")
    told = about.get("languages") or about.get("language") or []
    languages = [told] if isinstance(told, str) else [str(language) for language in told]
    languages = [language.lower() for language in languages] or _languages(mixture)
    return ShownModel(name, str(about.get("label") or name), str(about.get("family") or ""), mixture, tuple(languages))


def _guessed(names: Sequence[str]) -> dict[str, ShownModel]:
    split = {name: _split(name) for name in names}
    families = [family.lower() for family, mixture, _ in split.values() if mixture]
    return {
        name: ShownModel(name, name, family, mixture, tuple(languages))
        if mixture and families.count(family.lower()) > 1
        else ShownModel(name, name)
        for name, (family, mixture, languages) in split.items()
    }


def _split(name: str) -> tuple[str, str, list[str]]:
    """Return family, mixture and the mixture's languages of a name, e.g. `lima-x-ENDEFRITES`, `bactrian-x-sampled`."""
    tokens = re.split(r"[-_. /]+", name)
    end = len(tokens)
    while end > 1 and (tokens[end - 1].lower() == SAMPLED or _MIXTURE.fullmatch(tokens[end - 1])):
        end -= 1
    rest = tokens[end:]
    codes = [token for token in rest if token.lower() != SAMPLED]
    if not rest or len(codes) > 1:
        return name, "", []
    mixture = " ".join([*(token.upper() for token in codes), *([SAMPLED] if len(rest) > len(codes) else [])])
    return "-".join(tokens[:end]), mixture, _languages(codes[0]) if codes else []


def _languages(mixture: str) -> list[str]:
    code = mixture.partition(" ")[0]
    return [found.lower() for found in re.findall(_CODE, code.upper())] if _MIXTURE.fullmatch(code) else []


def _usual_rank(model: ShownModel, names: Sequence[str]) -> tuple[object, ...]:
    """Models of no family first (the base among them), then families, single languages before mixtures."""
    single = CODES.index(model.languages[0].upper()) if _is_listed(model) else len(CODES)
    return (model.family.lower(), model.is_mixed, single, SAMPLED in model.mixture, names.index(model.name))


def _is_listed(model: ShownModel) -> bool:
    return model.is_monolingual and model.languages[0].upper() in CODES
