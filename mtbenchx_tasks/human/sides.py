"""People's votes and judges' verdicts, each from its files, and what a user should know of those files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from hf_datasets.errors import UserError
from mtbenchx_tasks.judge.outcome import INCONSISTENT
from mtbenchx_tasks.votes import PEOPLE, Vote, read_votes, with_skips

JUDGES = ("gpt", "chatgpt", "claude-", "gemini-", "judge")
"""How names begin that are no person's; nor is anyone's who says `tie (inconsistent)`, which takes two games."""
Read = tuple[list[Vote], list[str]]
"""Votes, and a sentence for each file that held others, too."""


def read_people(files: Iterable[Path], language: str | None) -> Read:
    """Read people's votes and skips; verdicts of judges in the same files are left out.

    Raises:
        UserError: As `read_votes`, or a file holds verdicts of judges only.
    """
    found: list[Vote] = []
    notes: list[str] = []
    for file in with_skips(files):
        votes = read_votes(file, kind="human", language=language)
        judges = {vote.annotator for vote in votes if _is_judge(vote)}
        kept = [vote for vote in votes if vote.annotator not in judges]
        if not kept:
            raise UserError(f"{file} holds no person's votes but verdicts of {_names(judges)}; name it by --judgments.")
        if judges:
            said = f"{len(votes) - len(kept)} verdicts of {_names(judges)} in {file} are no person's votes"
            notes.append(f"{said} and were left out; --judgments {file} takes them as a judge's.")
        found += kept
    return found, notes


def read_judges(files: Iterable[Path], language: str | None) -> Read:
    """Read judges' verdicts; people's votes in the same files are left out, but people alone are taken as judges.

    Raises:
        UserError: As `read_votes`.
    """
    found: list[Vote] = []
    notes: list[str] = []
    for file in files:
        verdicts = read_votes(file, kind="judge", language=language)
        kept = [vote for vote in verdicts if not vote.annotator.lower().startswith(PEOPLE)]
        if kept and len(kept) < len(verdicts):
            notes.append(f"{len(verdicts) - len(kept)} votes of people in {file} are no judge's and were left out.")
        found += kept or verdicts
    return found, notes


def unmatched(people: Sequence[Vote], verdicts: Sequence[Vote]) -> str | None:
    """Tell which models or languages only people or only judges know, since one may be spelled in two ways."""
    told = []
    for what, names in (("models", _models), ("languages", _languages)):
        voted, judged = names(people), names(verdicts)
        if verdicts and (lacking := voted - judged):
            others = f" (only the verdicts have {_names(judged - voted)})" if judged - voted else ""
            told.append(f"{what} {_names(lacking)}{others}")
    return f"No verdict is on the votes' {' and '.join(told)}; those votes are in no judge's numbers." if told else None


def _is_judge(vote: Vote) -> bool:
    name = vote.annotator.lower()
    return not name.startswith(PEOPLE) and (vote.winner == INCONSISTENT or name.startswith(JUDGES))


def _models(votes: Iterable[Vote]) -> set[str]:
    return {name for vote in votes for name in (vote.model_1, vote.model_2)}


def _languages(votes: Iterable[Vote]) -> set[str]:
    return {vote.language for vote in votes if vote.language}


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
