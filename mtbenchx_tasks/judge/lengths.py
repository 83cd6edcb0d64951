"""How long an answer is, in words and sentences: models can't count, so a judge is told where a question limits it."""

import re
from collections.abc import Mapping

from hf_datasets.records import JudgePrompt, Question
from hf_datasets.shared.scripts import words_in

WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my", "bo"})
"""Languages that write no spaces between words: there nothing is told, since what is counted is signs."""
WITHOUT_ORDINALS = frozenset({"en", "fr", "it", "es", "pt"})
"""Languages in which a number and a full stop are no ordinal, as `14. Juni` is."""
_END = re.compile(r"[.!?…؟۔।॥]+[\"'”’»“)\]*_]*(?=\s|$)|[。！？…]*[。！？][」』”’）)\]*_]*")
"""What ends a sentence; behind the marks of Chinese and Japanese there is no space."""
_MARKER = re.compile(r"^\s*(?:\d+[.)]|[-*•#>]+)\s+")
"""What begins an item of a list or a heading."""
_SHORT = re.compile(r"mrs?|ms|dr|prof|st|nr|hr|sra?|sig|mme|mlle|vs|ca|bzw|[^\W\d_](?:\.[^\W\d_])*")
"""Abbreviations after which a sentence goes on, in the package's languages, and single letters, as in `z. B.`."""


def length_note(prompt: JudgePrompt, question: Question, turn: int, answers: Mapping[str, str]) -> str:
    """Return what ends the judge's message: how long the answers are, if the question limits the length; else nothing.

    Args:
        prompt: Its own words for it; a set without them tells nothing.
        question: What was asked.
        turn: From 1.
        answers: What is judged, by the end of its placeholders: "", or `_a` and `_b`.
    """
    if turn not in question.limited_turns or not prompt.length_note or question.language in WITHOUT_SPACES:
        return ""
    counted = {f"words{end}": words(text) for end, text in answers.items()}
    counted |= {f"sentences{end}": sentences(text, question.language) for end, text in answers.items()}
    return "\n\n" + prompt.length_note.format(**counted)


def words(text: str) -> int:
    """Return the number of words: what stands between spaces and holds a letter or a digit; signs without spaces."""
    return sum(map(words_in, text.split()))


def sentences(text: str, language: str) -> int:
    """Return the number of sentences by their punctuation; what ends a line without any counts as one.

    Args:
        text: What is counted.
        language: Its code; it tells whether a number with a full stop may be an ordinal.
    """
    return sum(_in_line(_MARKER.sub("", line, count=1), language) for line in text.splitlines())


def _in_line(line: str, language: str) -> int:
    ends = [end for end in _END.finditer(line) if not (end[0] == "." and _is_short(line[: end.start()], language))]
    rest = line[ends[-1].end() :] if ends else line
    return len(ends) + (words(rest) > 0)


def _is_short(before: str, language: str) -> bool:
    """Tell whether a full stop is of an abbreviation or an ordinal: `M. Moreira`, `z. B.`, `14. Juni`."""
    last = re.split(r"[\s(«“„\"'’]", before)[-1].casefold()
    is_ordinal = language not in WITHOUT_ORDINALS and re.fullmatch(r"\d{1,2}", last)
    return bool(is_ordinal or _SHORT.fullmatch(last))
