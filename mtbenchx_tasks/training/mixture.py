"""Data mixed by the trainer itself: the `datasets:` list of a recipe, which goes before `dataset_name`."""

from collections.abc import Mapping
from typing import Any

from hf_datasets.shared.errors import UserError

FIELDS = ("datasets", "streaming", "test_split_size")
"""What a recipe says of a mixture; none of it is a flag."""


def load_mixture(recipe: Mapping[str, Any]) -> Any:
    """Return the splits that TRL makes of a recipe's `datasets:` list; None if it has none.

    Args:
        recipe: The fields of the YAML.

    Raises:
        UserError: A part is missing, or TRL knows a field of it not.
    """
    if not recipe.get("datasets"):
        return None
    from trl import get_dataset
    from trl.scripts.utils import DatasetMixtureConfig

    try:
        return get_dataset(DatasetMixtureConfig(**{name: recipe[name] for name in FIELDS if name in recipe}))
    except Exception as error:  # datasets, the Hub and the file system raise all sorts
        raise UserError(f"`datasets:` of the recipe can't be mixed: {' '.join(str(error).split())[:300]}") from error
