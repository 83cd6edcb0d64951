"""Lint of a built dataset, or of any file: what parallel training data and a benchmark must promise."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from hf_datasets.audit.facts import Facts, facts_of
from hf_datasets.audit.leaks import leaks
from hf_datasets.audit.parts import SplitFiles, parts, question_sample, samples
from hf_datasets.benchmark.questions import BENCHMARKS, LANGUAGES, questions
from hf_datasets.instruct.reading.folders import DataFile
from hf_datasets.records import Sample
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.processes import ordered_map

KINDS = {
    "id twice": "an id stands twice in one language of a split",
    "id missing": "a language lacks an id that another has in the same split",
    "turns": "a dialogue has another number of turns than in the reference language",
    "roles": "user and assistant don't take turns",
    "empty": "a message is blank",
    "language": "a text is in another language than the data say",
    "placeholders": "fields to fill, verdict formats or addresses differ from the reference language",
    "code": "code differs from the reference language outside its comments and words",
    "duplicate": "two ids of a split have the same dialogue",
    "mixture differs": "a mixture's row isn't the row of its language",
    "leak": "a prompt is a near-duplicate of one in another split",
    "benchmark leak": "a prompt is a near-duplicate of a question of the benchmark",
}
"""Kind of finding -> what it means."""
REFERENCE = "en"
"""Translations are compared with this language, or with the first if it isn't there."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: str
    """One of KINDS."""
    config: str
    """Config, or the file's name where there are none."""
    split: str
    language: str
    id: str
    reason: str
    """What is wrong with this sample, in words."""


@dataclass(frozen=True)
class Checked:
    """What a check saw and found."""

    samples: int
    """Rows read, those of mixtures included."""
    findings: list[Finding]
    """Everything wrong, by file and row, then across languages, then leaks."""
    skipped: list[str]
    """What couldn't be checked, and why."""

    @property
    def counts(self) -> dict[str, int]:
        """Return kind -> number of findings, in the order of KINDS, those that occur."""
        counted = Counter(finding.kind for finding in self.findings)
        return {kind: counted[kind] for kind in KINDS if counted[kind]}


Facts_ = Sequence[Facts]
Groups = dict[tuple[str, str, str], tuple[str, Facts_]]
"""(family, split, language) -> (config, facts)."""


def check(
    path: Path, benchmarks: Mapping[str, Mapping[str, Sequence[Sample]]], threshold: float, processes: int = 1
) -> Checked:
    """Look at every file of a dataset once.

    Args:
        path: File, folder or built folder.
        benchmarks: Benchmark -> language -> its questions, which must not be in the data.
        threshold: Jaccard index of three-word shingles from which two prompts are near-duplicates.
        processes: Their number never changes the result.

    Raises:
        UserError: There is nothing to read, or a layout isn't known.
    """
    found = parts(path)
    languages, mixtures = _read(found, processes)
    findings = [finding for group, (config, facts) in languages.items() for finding in _alone(group, config, facts)]
    findings += _across(languages)
    for part, facts in mixtures:
        findings += _mixture(part, facts, languages)
    findings += [Finding(*leak) for leak in leaks(languages, benchmarks, threshold)]
    count = sum(len(facts) for _, facts in languages.values()) + sum(len(facts) for _, facts in mixtures)
    return Checked(count, findings, [])


def _read(found: list[SplitFiles], processes: int) -> tuple[Groups, list[tuple[SplitFiles, Facts_]]]:
    """Read every file once: those of one language, and mixtures."""
    first: dict[Path, tuple[DataFile, SplitFiles]] = {}
    for part in sorted(found, key=lambda part: len(part.files)):  # a config of one file names it; joined ones list it
        for file in part.files:
            first.setdefault(file.path, (file, part))
    groups: Groups = {}
    mixtures: list[tuple[SplitFiles, Facts_]] = []
    with tqdm(desc="Checking", unit=" samples", leave=False) as bar:
        for file, part in sorted(first.values(), key=lambda item: found.index(item[1])):
            facts = []
            for sample in ordered_map(facts_of, samples(file), processes):
                facts.append(sample)
                bar.update()
            named = part if part.config else replace(part, config=file.path.name)
            languages = dict.fromkeys(sample.language for sample in facts)
            if len(languages) > 1 and part.config:
                mixtures.append((named, facts))
                continue
            for language in languages:
                mine = [sample for sample in facts if sample.language == language]
                config, before = groups.get(key := (_family(part.config), part.split, language), (named.config, []))
                groups[key] = (config, [*before, *mine])
    return groups, mixtures


def _family(config: str) -> str:
    """Configs with a common front are one family: `mini_en`, `mini_de`; and so are `EN` and `DE`."""
    return config.rpartition("_")[0]


def _alone(group: tuple[str, str, str], config: str, facts: Facts_) -> Iterator[Finding]:
    """What one language of one split tells by itself."""
    _, split, language = group
    ids: set[str] = set()
    dialogues: dict[bytes, str] = {}
    for sample in facts:
        place = (config, split, language, sample.id)
        if sample.id in ids:
            yield Finding("id twice", *place, "the id stands here before")
        elif (other := dialogues.setdefault(sample.digest, sample.id)) != sample.id:
            yield Finding("duplicate", *place, f"the same dialogue as {other}")
        ids.add(sample.id)
        if sample.disorder:
            yield Finding("roles", *place, sample.disorder)
        for message in sample.empty:
            yield Finding("empty", *place, message)
        for message, other in sample.foreign:
            yield Finding("language", *place, f"{message} reads as {other}")


def _across(groups: Groups) -> Iterator[Finding]:
    """What the languages of one split must share."""
    for family, split in dict.fromkeys((family, split) for family, split, _ in groups):
        mine = {key[2]: value for key, value in groups.items() if key[:2] == (family, split)}
        by_id = {language: {sample.id: sample for sample in facts} for language, (_, facts) in mine.items()}
        everything = dict.fromkeys(identifier for facts in by_id.values() for identifier in facts)
        reference = REFERENCE if REFERENCE in mine else next(iter(mine))
        for language, (config, _) in mine.items():
            for identifier in everything:
                place = (config, split, language, identifier)
                if identifier not in by_id[language]:
                    yield Finding("id missing", *place, f"{_some_with(by_id, identifier)} has it")
                elif language != reference and identifier in by_id[reference]:
                    yield from _compared(place, by_id[language][identifier], by_id[reference][identifier], reference)


def _some_with(by_id: Mapping[str, Mapping[str, Facts]], identifier: str) -> str:
    return next(language for language, facts in by_id.items() if identifier in facts)


def _compared(place: tuple[str, str, str, str], sample: Facts, other: Facts, reference: str) -> Iterator[Finding]:
    """A dialogue beside its original."""
    if sample.roles != other.roles:
        yield Finding("turns", *place, f"{len(sample.roles)} messages, {len(other.roles)} in {reference}")
    if sample.placeholders != other.placeholders:
        mine, theirs = Counter(sample.placeholders), Counter(other.placeholders)
        both = (("lost", theirs - mine), ("added", mine - theirs))
        said = [f"{what} {', '.join(sorted(names))}" for what, names in both if names]
        yield Finding("placeholders", *place, f"{' and '.join(said)} (against {reference})")
    if sample.code != other.code:
        changed = _changed_blocks(sample.code, other.code)
        yield Finding("code", *place, f"{changed} (against {reference})")


def _changed_blocks(blocks: tuple[str, ...], other: tuple[str, ...]) -> str:
    if len(blocks) != len(other):
        return f"{len(blocks)} code blocks, not {len(other)}"
    differing = [str(number) for number, (a, b) in enumerate(zip(blocks, other, strict=True), start=1) if a != b]
    return f"code block {', '.join(differing)} differs"


def _mixture(part: SplitFiles, facts: Facts_, groups: Groups) -> Iterator[Finding]:
    """Every row of a mixture stands, the same, among the rows of its language."""
    rows = {
        (language, sample.id): sample.digest
        for (family, split, language), (_, found) in groups.items()
        if (family, split) == (_family(part.config), part.split)
        for sample in found
    }
    seen: set[tuple[str, str]] = set()
    for sample in facts:
        key = (sample.language, sample.id)
        place = (part.config, part.split, sample.language, sample.id)
        if key in seen:
            yield Finding("id twice", *place, "the id stands here before in this language")
        seen.add(key)
        if rows.get(key, sample.digest) != sample.digest:
            yield Finding("mixture differs", *place, "the row of the language's own config is another one")


def check_dataset(path: Path, threshold: float, processes: int = 1) -> Checked:
    """Check a dataset, and its prompts against the benchmarks that can be had here.

    Args:
        path: File, folder or built folder; the benchmark itself isn't compared with itself.
        threshold: Jaccard index of three-word shingles from which two prompts are near-duplicates.
        processes: Their number never changes the result.

    Raises:
        UserError: As `check`.
    """
    benchmarks, skipped = _benchmarks()
    checked = check(path, benchmarks, threshold, processes)
    return replace(checked, skipped=skipped)


def _benchmarks() -> tuple[dict[str, dict[str, list[Sample]]], list[str]]:
    """Benchmark -> language -> questions, and what can't be had and why."""
    found: dict[str, dict[str, list[Sample]]] = {}
    skipped = []
    for name in BENCHMARKS:
        try:
            found[name] = {
                language: [question_sample(question) for question in questions(name, language)]
                for language in LANGUAGES
            }
        except UserError as error:
            skipped.append(f"leakage against {name} ({error})")
    return found, skipped
