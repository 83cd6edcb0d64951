"""One pair through the filters: Markdown, phrases, length, language. Pure, so that processes can share the work."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hf_datasets.curate.markdown import TooDeepError, to_markdown
from hf_datasets.curate.pairs import AnsweredQuestion, Rejection
from hf_datasets.curate.sites import short_name
from hf_datasets.records import ASSISTANT, USER, Message, Sample
from hf_datasets.shared import jsonl
from hf_datasets.shared.code_fences import without_code
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_id import detect_language
from hf_datasets.shared.scripts import n_words

WORDS, CHARS = "words", "chars"
ANSWER, PAIR = "answer", "pair"
_INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


@dataclass(frozen=True)
class Rules:
    """What a pair must be like."""

    phrases: tuple[str, ...]
    """Phrases that reject; see phrases.txt."""
    phrase_scope: str = ANSWER
    """Where they are looked for: `answer`, or `pair` for the question too. Never in code."""
    unit: str = CHARS
    """What length counts: `words` (between white space) or `chars` of the Markdown text."""
    scope: str = ANSWER
    """Whose length: the `answer`'s, or the `pair`'s (both texts)."""
    shortest: int = 1200
    longest: int = 4096
    language: str = ""
    """The language both texts must be in; empty: any, but the same."""

    @cached_property
    def patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        """Of every phrase its first word, which is quickly looked for, and its pattern; both for lower-case text."""
        phrases = [phrase.lower() for phrase in self.phrases]
        return [(phrase.removesuffix("*").split()[0], re.compile(_phrase_pattern(phrase))) for phrase in phrases]


@dataclass(frozen=True)
class CuratedPair:
    """A pair that passed."""

    sample: Sample
    """As it would be published."""
    score: int
    """The answer's score."""


def bundled_phrases() -> tuple[str, ...]:
    """Return the paper's phrases."""
    return read_phrases(Path(__file__).parent / "phrases.txt")


def read_phrases(file: Path) -> tuple[str, ...]:
    """Read phrases, one a line; blank lines and lines that begin with # don't count.

    Raises:
        UserError: The file can't be read, or a line has no word.
    """
    lines = jsonl.text_of(file).splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#") and not re.search(r"\w", line):
            raise UserError(f"{file}, line {number}: {line.strip()!r} has no word; write one phrase a line.")
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _phrase_pattern(phrase: str) -> str:
    words = r"\s+".join(map(re.escape, phrase.removesuffix("*").split()))
    before = r"(?<!\w)" if phrase[0].isalnum() else ""
    return before + words + (r"\w*" if phrase.endswith("*") else r"(?!\w)")


def examine(pair: AnsweredQuestion, rules: Rules) -> CuratedPair | Rejection:
    """Put a pair through the filters, the cheapest first; the first that fails is the reason."""
    try:
        answer = to_markdown(pair.answer.body)
        if rules.scope == ANSWER and (rejection := _answer_alone(pair, answer, rules)):
            return rejection
        question = "\n\n".join(filter(None, (" ".join(pair.question.title.split()), to_markdown(pair.question.body))))
    except TooDeepError as error:
        return Rejection(pair.id, "unreadable markup", str(error))
    for check in (_empty, _phrase, _length):
        if found := check(question, answer, rules):
            return Rejection(pair.id, *found)
    asked, answered = detect_language(question), detect_language(answer)
    if fault := _languages(asked, answered, rules):
        return Rejection(pair.id, *fault)
    return CuratedPair(_sample(pair, question, answer, answered or ""), pair.answer.score)


def _answer_alone(pair: AnsweredQuestion, answer: str, rules: Rules) -> Rejection | None:
    """Most pairs fail by their answer; their questions needn't be converted."""
    if answer:
        for check in (_phrase, _length):
            if found := check("", answer, rules):
                return Rejection(pair.id, *found)
    return None


Fault = tuple[str, str] | None


def _empty(question: str, answer: str, _rules: Rules) -> Fault:
    return None if question and answer else ("empty", "the answer" if question else "the question")


def _phrase(question: str, answer: str, rules: Rules) -> Fault:
    texts = (question, answer) if rules.phrase_scope == PAIR else (answer,)
    for text in texts:
        prose = _INLINE_CODE.sub(" ", without_code(text.lower()))
        for first, pattern in rules.patterns:
            if first in prose and (found := pattern.search(prose)):
                return "phrase", " ".join(found[0].split())
    return None


def length(text: str, unit: str) -> int:
    """Count a text's words or characters."""
    return n_words(text) if unit == WORDS else len(text)


def _length(question: str, answer: str, rules: Rules) -> Fault:
    texts = (question, answer) if rules.scope == PAIR else (answer,)
    found = sum(length(text, rules.unit) for text in texts)
    if found < rules.shortest:
        return "too short", f"{found} < {rules.shortest} {rules.unit}"
    return ("too long", f"{found} > {rules.longest} {rules.unit}") if found > rules.longest else None


def _languages(asked: str | None, answered: str | None, rules: Rules) -> Fault:
    if asked is None or answered is None:
        return "language can't be told", "of the question" if asked is None else "of the answer"
    if asked != answered:
        return "different languages", f"{asked} and {answered}"
    return ("other language", asked) if rules.language not in ("", asked) else None


def _sample(pair: AnsweredQuestion, question: str, answer: str, language: str) -> Sample:
    return Sample(
        id=pair.id,
        language=language,
        source=f"stackexchange-{short_name(pair.question.host)}",
        license=" AND ".join(sorted({pair.question.license, pair.answer.license})),
        attribution=attribution(pair),
        messages=(Message(USER, question), Message(ASSISTANT, answer)),
    )


def attribution(pair: AnsweredQuestion) -> str:
    """Return what CC BY-SA asks for: site, ids, authors, addresses, licences, and that the text was changed."""
    host = pair.question.host
    asked, answered = pair.question, pair.answer
    return (
        f"{host}: question {asked.id} by {_author(asked.author, host)}, https://{host}/q/{asked.id} ({asked.license}); "
        f"answer {answered.id} by {_author(answered.author, host)}, https://{host}/a/{answered.id} "
        f"({answered.license}); changed: HTML to Markdown, links and images removed"
    )


def _author(author: str, host: str) -> str:
    if author.startswith("user "):
        return f"https://{host}/users/{author.removeprefix('user ')}"
    return author or "an unnamed user"
