"""YAML of others: plain data, or one sentence that says what is wrong with it."""

from typing import Any

from hf_datasets.shared.errors import UserError

DEEPEST = 200
"""Brackets that may be open at once: PyYAML takes seconds to find that thousands are too many."""


def load_yaml(text: str, place: str, loader: Any = None) -> Any:
    """Return what a YAML text holds; no object is ever made of a tag.

    Args:
        text: The YAML.
        place: What an error calls it, e.g. its file.
        loader: Another subclass of PyYAML's SafeLoader.

    Raises:
        UserError: It isn't YAML, or holds what plain data doesn't: tags, endless nesting, dates that don't exist.
    """
    import yaml

    try:
        return yaml.load(text, _bounded(loader or yaml.SafeLoader))
    except RecursionError as error:
        raise UserError(f"{place}: no usable YAML (nested too deeply); correct it.") from error
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, KeyError) as error:  # of its constructors
        raise UserError(f"{place}: not YAML ({' '.join(str(error).split())[:200]}); correct it.") from error


def _bounded(loader: Any) -> Any:
    class Bounded(loader):  # type: ignore[misc]
        def fetch_flow_collection_start(self, token: Any) -> None:
            if self.flow_level >= DEEPEST:
                raise RecursionError
            super().fetch_flow_collection_start(token)

    return Bounded
