"""Mixtures as someone else published them: which row of which language stands in their file, found by its text."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from hf_datasets.instruct.collect import Collected, read_aside
from hf_datasets.instruct.reading.folders import DataFile
from hf_datasets.instruct.reading.layouts import placed_samples
from hf_datasets.records import Message
from hf_datasets.shared.errors import UserError

Text = tuple[Message, ...]


def selection(file: DataFile, collected: Iterable[Collected]) -> dict[str, frozenset[str]]:
    """Return language -> ids of the rows that stand in a published mixture.

    Rows without text in any language but their own can't be told apart from their twins; they count for the first
    language that has one left.

    Args:
        file: The published mixture.
        collected: The rows of its languages, in its split.

    Raises:
        UserError: A row of it is a row of none of these languages.
    """
    known = _by_text(collected)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for placed in placed_samples([file]):
        places = known.get(placed.sample.messages)
        if not places:
            raise UserError(
                f"{placed.row.place} stands in no language's own file, or there less often; build without "
                "--published-mixtures to share the rows out anew."
            )
        language, identifier = places.pop(0)
        found[language].add(identifier)
    return {language: frozenset(ids) for language, ids in found.items()}


def _by_text(collected: Iterable[Collected]) -> Mapping[Text, list[tuple[str, str]]]:
    found: defaultdict[Text, list[tuple[str, str]]] = defaultdict(list)
    for one in collected:
        for sample in read_aside(one.file):
            found[sample.messages].append((sample.language, sample.id))
    return found
