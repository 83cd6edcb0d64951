"""What a report is made from: one record of everything that was read, of which all tables and figures are functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from statistics import fmean

from hf_datasets.records import CATEGORIES
from mtbenchx_tasks.judge.outcome import Outcome

PEOPLE = "people"
"""What tables call human annotators together."""


@dataclass(frozen=True, order=True)
class Conditions:
    """What two ratings must share to stand in one table; "" where a file doesn't tell it."""

    judge: str
    """The judge's slug."""
    benchmark: str = ""
    """`mtbench_x` or `mini`."""
    revision: str = ""
    """The benchmark's content."""
    task_version: str = ""
    """The harness task's version."""
    prompt_set: str = ""
    """The judge's prompts."""
    prompt_sha256: str = ""
    """Their hash; of one language (see `Judged`), so it isn't compared across languages."""
    prompt_language: str = ""
    """`same` or a language code."""
    reference_set: str = ""
    """The reference answers the judge saw."""
    parser: str = ""
    """How a verdict is read."""
    rating: str = ""
    """`text` or `expected`."""
    votes: str = ""
    """3 or 4 in pairwise judging."""

    def describe(self, among: Iterable["Conditions"] = ()) -> str:
        """Return the judge and what else tells these conditions from others of the same judge, in words."""
        others = [other for other in among if other.judge == self.judge]
        names = [item.name for item in fields(self) if item.name != "judge"]
        telling = [name for name in names if len({getattr(other, name) for other in [self, *others]}) > 1]
        parts = [f"{name.replace('_', ' ')} {getattr(self, name)[:12] or 'not told'}" for name in telling]
        return ", ".join([f"judge {self.judge}", *parts])


@dataclass(frozen=True)
class Judged:
    """One rating of one answer, or the reason why there is none."""

    conditions: Conditions
    """Under which it was given."""
    model: str
    """Who answered, as tables call it."""
    identity: str
    """What tells two models of one name apart; "" if unknown."""
    language: str
    """Language of the question."""
    question_id: int
    """Id of the question."""
    category: str
    """Its category."""
    turn: int
    """1 or 2."""
    repeat: int
    """0-based number of the generated answer."""
    run: int
    """0-based number of the judge run."""
    rating: float | None
    """1 to 10; None: not a number, and in no mean."""
    reason: str = ""
    """Why there is no rating."""
    answer: str | None = None
    """The judged answer; None if the file doesn't hold it."""
    judgment: str = ""
    """The judge's text."""
    prompt: str = field(default="", compare=False)
    """What the judge read, where the file holds it instead of the answer."""
    snapshot: str = ""
    """The judge's version, as the endpoint reported it."""
    key: str | None = field(default=None, compare=False)
    """The judgment's key in a ledger, if known."""
    source: str = field(default="", compare=False)
    """The file it was read from."""


@dataclass(frozen=True)
class Compared:
    """One outcome of two answers, by a judge or a person."""

    conditions: Conditions
    """Under which; a person's judge is PEOPLE."""
    outcome: Outcome
    """What was decided; a person's two games are the same vote."""
    source: str = field(default="", compare=False)
    """The file it was read from."""


@dataclass(frozen=True)
class Cost:
    """What a ledger's judgments cost."""

    judge: str
    """Model at its endpoint."""
    endpoint: str
    """Its address, or `local`."""
    judgments: int
    """Paid ones."""
    states: Mapping[str, int]
    """How many are in each state."""
    read: int
    """Prompt tokens."""
    written: int
    """Completion tokens."""
    dollars: float | None
    """By the price list; None if the price isn't known."""
    source: str
    """The ledger."""


@dataclass(frozen=True)
class Study:
    """Everything that was read."""

    judged: tuple[Judged, ...] = ()
    """Ratings."""
    compared: tuple[Compared, ...] = ()
    """Outcomes of pairs."""
    costs: tuple[Cost, ...] = ()
    """Of the ledgers."""
    questions: Mapping[tuple[str, str, int], tuple[str, ...]] = field(default_factory=dict)
    """(benchmark, language, question id) -> what the user says, turn by turn, where a file tells it."""
    answers: Mapping[tuple[str, str, str, int], tuple[str, ...]] = field(default_factory=dict)
    """(benchmark, language, model, question id) -> answers turn by turn, from files that hold nothing else."""
    agreement: Mapping[str, object] | None = None
    """What `mtbenchx agreement --out` wrote."""
    sources: tuple[str, ...] = ()
    """The files that were read."""
    notes: tuple[str, ...] = ()
    """What the reader must know: files passed over, duplicates, models told apart."""

    def joined(self, other: "Study") -> "Study":
        """Return both together."""
        return Study(
            self.judged + other.judged,
            self.compared + other.compared,
            self.costs + other.costs,
            {**self.questions, **other.questions},
            {**self.answers, **other.answers},
            self.agreement or other.agreement,
            self.sources + other.sources,
            self.notes + other.notes,
        )


@dataclass(frozen=True)
class Answer:
    """One answer with all its ratings."""

    model: str
    """Who answered."""
    language: str
    """Language of the question."""
    question_id: int
    """Id of the question."""
    category: str
    """Its category."""
    turn: int
    """1 or 2."""
    judged: tuple[Judged, ...]
    """Per repeat and run."""

    @cached_property
    def rating(self) -> float | None:
        """Mean of the valid runs, then of the repeats; None without one."""
        repeats: dict[int, list[float]] = {}
        for item in self.judged:
            if item.rating is not None:
                repeats.setdefault(item.repeat, []).append(item.rating)
        return fmean(fmean(values) for values in repeats.values()) if repeats else None

    def of_run(self, run: int) -> float | None:
        """Return the rating of one run; None without one."""
        values = [item.rating for item in self.judged if item.run == run and item.rating is not None]
        return fmean(values) if values else None


@dataclass(frozen=True)
class Section:
    """What may be put in one table: ratings under the same conditions."""

    name: str
    """In words: the judge and what else tells it from other sections."""
    conditions: Conditions
    """What all have in common."""
    answers: tuple[Answer, ...]
    """Every answer, with all ratings."""

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models, in order of appearance."""
        return tuple(dict.fromkeys(answer.model for answer in self.answers))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages: the benchmark's order, then others by name."""
        return ordered_languages(answer.language for answer in self.answers)

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """The categories present, in MT-Bench's order; others behind."""
        present = dict.fromkeys(answer.category for answer in self.answers)
        return (*(name for name in CATEGORIES if name in present), *(n for n in present if n not in CATEGORIES))

    @cached_property
    def runs(self) -> int:
        """How many judge runs there are at most."""
        return 1 + max((item.run for answer in self.answers for item in answer.judged), default=0)

    @cached_property
    def by_cell(self) -> dict[tuple[str, str], tuple[Answer, ...]]:
        """(model, language) -> its answers."""
        cells: dict[tuple[str, str], list[Answer]] = {}
        for answer in self.answers:
            cells.setdefault((answer.model, answer.language), []).append(answer)
        return {key: tuple(found) for key, found in cells.items()}

    def cell(self, model: str, language: str, turn: int | None = None, category: str | None = None) -> list[Answer]:
        """Return one model's answers in one language, of one turn and category or all."""
        return [
            answer
            for answer in self.by_cell.get((model, language), ())
            if turn in (None, answer.turn) and category in (None, answer.category)
        ]


LANGUAGE_ORDER = ("en", "de", "fr", "it", "es")


def ordered_languages(languages: Iterable[str]) -> tuple[str, ...]:
    """Return distinct languages: the paper's in its order, then others by name."""
    present = set(languages)
    known = [language for language in LANGUAGE_ORDER if language in present]
    return (*known, *sorted(present - set(known)))
