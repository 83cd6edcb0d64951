"""The licence of a fine-tuned model: what its data and its base model leave."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PERMISSIVE = frozenset({"apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "unlicense", "isc", "odc-by"})
_ATTRIBUTION = re.compile(r"cc-by-\d\.\d")
_NON_COMMERCIAL = re.compile(r"cc-by-nc(-|$)|non-?commercial", re.IGNORECASE)
_NO_DERIVATIVES = re.compile(r"-nd(-|$)|no-?derivatives", re.IGNORECASE)
_SHARE_ALIKE = re.compile(r"-sa(-|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Terms:
    """The licence of one thing."""

    id: str
    """The Hub's licence identifier, lower-case; `other` if it has none."""
    name: str | None = None
    """Name of an `other` licence."""
    link: str | None = None
    """Where an `other` licence can be read."""

    @property
    def shown(self) -> str:
        """As a reader of the card should see it."""
        name = self.name or self.id
        return f"[{name}]({self.link})" if self.link else f"`{name}`"

    @property
    def permissive(self) -> bool:
        """It asks for no more than attribution."""
        return self.id in PERMISSIVE or bool(_ATTRIBUTION.fullmatch(self.id))

    def says(self, what: re.Pattern[str]) -> bool:
        """Tell whether identifier or name say a thing."""
        return bool(what.search(self.id) or what.search(self.name or ""))


LIMA_X = Terms("other", "as-lima-cc-by-nc-sa-or-stricter", "https://huggingface.co/datasets/GAIR/lima")
BACTRIAN_X = Terms("cc-by-nc-4.0")
KNOWN = {"lima-x": LIMA_X, "lima": LIMA_X, "bactrian-x": BACTRIAN_X}
"""Data sets whose terms are known by their name on the Hub, whoever publishes them."""


def terms(license_id: str | None, metadata: Mapping[str, Any] | None = None) -> Terms | None:
    """Return the terms of a licence identifier, or of a card's front matter; None if neither tells."""
    if license_id:
        return Terms(license_id.lower())
    found = (metadata or {}).get("license")
    if isinstance(found, list):
        found = found[0] if len(found) == 1 else None
    if not isinstance(found, str) or found in ("license", "unknown"):
        return None
    return Terms(found.lower(), (metadata or {}).get("license_name"), (metadata or {}).get("license_link"))


def metadata(data: Terms | None, base: Terms | None) -> dict[str, str]:
    """Return the card's `license` keys: the data's terms where they are the narrower ones, both where both bind.

    Args:
        data: Terms of the training data; None if not recorded: then nothing can be said of the model.
        base: Terms of the base model; None if not recorded.
    """
    if data is None:
        return {}
    if base is None or base.permissive or base == data:
        return _keys(base if base is not None and data.permissive else data)
    if data.permissive:
        return _keys(base)
    return {"license": "other", "license_name": "terms-of-base-model-and-training-data"}


def _keys(of: Terms) -> dict[str, str]:
    named = {"license_name": of.name, "license_link": of.link}
    return {"license": of.id, **{key: value for key, value in named.items() if value and of.id == "other"}}


def sentences(data: Terms | None, base: Terms | None) -> list[str]:
    """Return what the card says about the licence."""
    if data is None:
        said = ["The licence of the training data is not recorded, so that this card can't name one for the model."]
    else:
        said = [f"The model inherits the terms of its training data, {data.shown}."]
    if base is None:
        said.append("The licence of the base model is not recorded; its terms apply as well.")
    else:
        said.append(f"The base model's terms apply as well: {base.shown}.")
    for of, whose in ((data, "training data"), (base, "base model")):
        if of is None:
            continue
        if of == LIMA_X or of.says(_NON_COMMERCIAL):
            said.append(f"**Non-commercial use only**: the {whose} say so." if whose == "training data" else
                        "**Non-commercial use only**: the base model's licence says so.")  # fmt: skip
        if of.says(_NO_DERIVATIVES):
            said.append(
                f"**The licence of the {whose} ({of.name or of.id}) forbids to share derivatives; this model is one.**"
            )
        if of.says(_SHARE_ALIKE):
            said.append(f"What is derived from the {whose} must be shared under the same licence, {of.shown}.")
    return said
