"""What readers return: everything that a file, a folder or a ledger holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hf_datasets.records import QuestionId
from mtbenchx_tasks.records import Preference, Rating


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


@dataclass(frozen=True)
class Study:
    """Everything that was read."""

    ratings: tuple[Rating, ...] = ()
    preferences: tuple[Preference, ...] = ()
    costs: tuple[Cost, ...] = ()
    questions: Mapping[tuple[str, str, QuestionId], tuple[str, ...]] = field(default_factory=dict)
    """(benchmark, language, question id) -> what the user says, turn by turn, where a file tells it."""
    answers: Mapping[tuple[str, str, str, QuestionId], tuple[str, ...]] = field(default_factory=dict)
    """(benchmark, language, model, question id) -> answers turn by turn, from files that hold nothing else."""
    agreement: Mapping[str, object] | None = None
    """What `mtbenchx agreement --out` wrote."""
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What the reader must know: files passed over, duplicates, models told apart."""
    exams: tuple[str, ...] = ()
    """Ledgers in which a judge sat the exam."""

    def joined(self, other: "Study") -> "Study":
        """Return both together."""
        return Study(
            self.ratings + other.ratings,
            self.preferences + other.preferences,
            self.costs + other.costs,
            {**self.questions, **other.questions},
            {**self.answers, **other.answers},
            self.agreement or other.agreement,
            self.sources + other.sources,
            self.notes + other.notes,
            self.exams + other.exams,
        )
