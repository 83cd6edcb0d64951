"""People's votes and judges' verdicts, each from its files, and what a user should know of those files."""

from collections.abc import Iterable
from pathlib import Path

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.formats.benchmark import NOTHING, Told
from mtbenchx_tasks.formats.vote_rows import PEOPLE_PREFIXES
from mtbenchx_tasks.formats.votes import read_votes, with_skips
from mtbenchx_tasks.meta_evaluation.agreement.study import Contest, VotesAndVerdicts
from mtbenchx_tasks.records import Decision, Preference

JUDGES = ("gpt", "chatgpt", "claude-", "gemini-", "judge")
"""How names begin that are no person's; nor is anyone's who says `tie (inconsistent)`, which takes two games."""
Read = tuple[list[Preference], list[str]]
"""Votes, and a sentence for each file that held others, too."""


def read_people(files: Iterable[Path], told: Told = NOTHING) -> Read:
    """Read people's votes and skips; verdicts of judges in the same files are left out.

    Raises:
        UserError: As `read_votes`, or a file holds verdicts of judges only.
    """
    found: list[Preference] = []
    notes: list[str] = []
    for file in with_skips(files):
        votes = read_votes(file, kind="human", language=told.language, benchmark=told.benchmark)
        judges = {vote.rater.name for vote in votes if _is_judge(vote)}
        kept = [vote for vote in votes if vote.rater.name not in judges]
        if not kept:
            raise UserError(f"{file} holds no person's votes but verdicts of {_names(judges)}; name it by --judgments.")
        if judges:
            said = f"{len(votes) - len(kept)} verdicts of {_names(judges)} in {file} are no person's votes"
            notes.append(f"{said} and were left out; --judgments {file} takes them as a judge's.")
        found += kept
    return found, notes


def read_judges(files: Iterable[Path], told: Told = NOTHING) -> Read:
    """Read judges' verdicts; people's votes in the same files are left out, but people alone are taken as judges.

    Raises:
        UserError: As `read_votes`.
    """
    found: list[Preference] = []
    notes: list[str] = []
    for file in files:
        verdicts = read_votes(file, kind="judge", language=told.language, benchmark=told.benchmark)
        kept = [vote for vote in verdicts if not vote.rater.name.lower().startswith(PEOPLE_PREFIXES)]
        if kept and len(kept) < len(verdicts):
            notes.append(f"{len(verdicts) - len(kept)} votes of people in {file} are no judge's and were left out.")
        found += kept or verdicts
    return found, notes


def unmet_judges(study: VotesAndVerdicts) -> str | None:
    """Tell which judges gave no verdict on any pair that people voted on, so that nothing is known of them."""
    met = {judge for contest in study.contests if contest.people for judge in contest.verdicts}
    unmet = [judge for judge in study.judges if judge not in met]
    return (
        f"No verdict of {_names(unmet)} is on what people voted on; there is no agreement to show." if unmet else None
    )


def unmatched(study: VotesAndVerdicts) -> str | None:
    """Tell which models or languages only people or only judges know, since one may be spelled in two ways."""
    voted = [contest for contest in study.contests if contest.people]
    judged = [contest for contest in study.contests if contest.verdicts]
    unmet = []
    for what, names in (("models", _models), ("languages", _languages)):
        only = names(voted) - names(judged)
        if judged and only:
            others = names(judged) - names(voted)
            unmet.append(f"{what} {_names(only)}" + (f" (only the verdicts have {_names(others)})" if others else ""))
    return (
        f"No verdict is on the votes' {' and '.join(unmet)}; those votes are in no judge's numbers." if unmet else None
    )


def _is_judge(vote: Preference) -> bool:
    name = vote.rater.name.lower()
    return not name.startswith(PEOPLE_PREFIXES) and (vote.decision is Decision.INCONSISTENT or name.startswith(JUDGES))


def _models(contests: Iterable[Contest]) -> set[str]:
    return {model.name for contest in contests for model in contest.models}


def _languages(contests: Iterable[Contest]) -> set[str]:
    return {contest.item.language or "unknown" for contest in contests}


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
