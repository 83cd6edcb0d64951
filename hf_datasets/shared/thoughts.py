"""The thoughts that reasoning models write before they answer, told from the answer by the marks of each family.

The marks are those of SGLang's and vLLM's reasoning parsers, read on 2026-11-28. A mark in quotes or backticks is
spoken of, not used. The time is linear in the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Family(NamedTuple):
    """How one family of models marks a thought; regular expressions."""

    opens: str
    ends: str
    ends_alone: bool = True
    """The template may have opened the thought, so that a text may hold only its end."""
    anywhere: bool = True
    """A thought may also stand amid the text."""


_TAGS = ("thought", "reasoning", "reflection", "analysis")
_FINAL = r"(?:<\|start\|>assistant)?<\|channel\|>final(?: ?<\|constrain\|>\w{1,20})?<\|message\|>"
FAMILIES = (
    *(Family(f"(?i:<{tag}>)", f"(?i:</{tag}>)") for tag in ("think(?:ing)?", "mm:think", "seed:think")),
    *(Family(f"(?i:<{tag}>)", f"(?i:</{tag}>)", ends_alone=False) for tag in _TAGS),
    Family(r"(?i:\[THINK\])", r"(?i:\[/THINK\])"),  # Mistral
    Family("◁think▷", "◁/think▷"),  # Kimi, old
    Family(r"<\|open\|>think<\|sep\|>", r"<\|close\|>think<\|sep\|>"),  # Kimi K3
    Family(r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Cohere
    Family(r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    Family(r"<\|channel>thought\b", r"<channel\|>"),  # Gemma 4
    Family(r"<\|content_thinking\|>", r"<\|end_message\|>", ends_alone=False),  # Inkling
    Family(  # gpt-oss
        r"(?:<\|start\|>assistant)?<\|channel\|>(?:analysis|commentary)[^\n]{0,80}?<\|message\|>",
        rf"<\|end\|>|<\|call\|>|{_FINAL}",
        ends_alone=False,
    ),
    # gpt-oss, its special tokens left out
    Family("analysis(?=[A-Z])", "assistantfinal", ends_alone=False, anywhere=False),
    Family(  # Granite 3.2
        r"Here(?:'|’| i)s my thought process:", r"Here(?:'|’| i)s my response:", ends_alone=False, anywhere=False
    ),
)
_MARKS = re.compile("|".join(f"(?P<o{i}>{item.opens})|(?P<c{i}>{item.ends})" for i, item in enumerate(FAMILIES)))
_MAY_BEGIN = re.compile(r"<(?=[/|acmrst])|\[(?=[/T])|<(?=[AMRST])|\[(?=t)|◁|Here|analysis|assistantfinal")
"""Where a mark may begin: looked for first, since it is a hundred times as fast."""
_WRAPPERS = re.compile(
    r"(?i:</?answer>)|<\|(?:START|END)_(?:RESPONSE|TEXT)\|>|<\|(?:open|close)\|>response<\|sep\|>"
    rf"|<\|content_text\|>|{_FINAL}|<\|start\|>assistant|<\|(?:return|end|end_message)\|>"
)
"""What some families put around the answer."""
_LONGEST_MARK = 120
_INK = re.compile(r"\S")
_QUOTES = frozenset("`\"'“”„«»‘’")


@dataclass(frozen=True)
class Thoughts:
    """Where the thoughts of a text stand."""

    text: str
    spans: tuple[tuple[int, int], ...]
    """Begin and end of each thought, its marks included, in order."""
    is_cut_off: bool = False
    """The last thought has no end, so there is no answer."""

    @property
    def blanked(self) -> str:
        """The text with a space for each character of a thought, so that places in it stay as they are."""
        return blank(self.text, self.spans)

    @property
    def answer(self) -> str:
        """What is said after the thoughts that the text begins with; a thought quoted later stays."""
        at = 0
        for begin, end in self.spans:
            if _first_ink(self.text, at) < begin:
                break
            at = end
        return _WRAPPERS.sub("", self.text[at:]).strip() if at else self.text


def blank(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    """Return a text of the same length with spaces in the given places, which are in order and apart."""
    pieces, at = [], 0
    for begin, end in spans:
        pieces += [text[at:begin], " " * (end - begin)]
        at = end
    return "".join([*pieces, text[at:]])


class _Mark(NamedTuple):
    begin: int
    end: int
    family: int
    opens: bool


def thoughts(text: str) -> Thoughts:
    """Find the thoughts of a text.

    A thought runs from its mark to the next end of the same family. An end without a beginning ends a thought that the
    whole text before it is. A beginning without an end is a thought that was cut off if the text (or what follows a
    thought) begins with it, else a word of the text.
    """
    marks = list(_marks(text))
    last_end = {mark.family: mark.begin for mark in marks if not mark.opens}
    spans: list[tuple[int, int]] = []
    open_mark: _Mark | None = None
    ink = _first_ink(text, 0)
    for mark in marks:
        family = FAMILIES[mark.family]
        if open_mark is not None and (mark.opens or mark.family != open_mark.family):
            continue
        if open_mark is not None:
            spans.append((open_mark.begin, mark.end))
            open_mark, ink = None, _first_ink(text, mark.end)
        elif not mark.opens:
            if family.ends_alone and not spans:
                spans, ink = [(0, mark.end)], _first_ink(text, mark.end)
        elif last_end.get(mark.family, -1) > mark.begin and (family.anywhere or ink >= mark.begin):
            open_mark = mark
        elif ink >= mark.begin:
            return Thoughts(text, (*spans, (mark.begin, len(text))), is_cut_off=True)
    return Thoughts(text, tuple(spans))


def opened_thought(prompt: str) -> str:
    """Return the mark of a thought that a prompt ends with, as some chat templates do; "" if there is none."""
    end = prompt.rstrip()[-_LONGEST_MARK:]
    last = max(_marks(end), default=None)
    return end[last.begin :] if last and last.opens and last.end == len(end) else ""


def _marks(text: str) -> Iterator[_Mark]:
    at = 0
    while begin := _MAY_BEGIN.search(text, at):
        match = _MARKS.match(text, begin.start())
        at = (match or begin).end()
        if match and match.lastgroup:
            mark = _Mark(match.start(), match.end(), int(match.lastgroup[1:]), match.lastgroup[0] == "o")
            if not _is_quoted(text, mark):
                yield mark


def _is_quoted(text: str, mark: _Mark) -> bool:
    return mark.begin > 0 and text[mark.begin - 1] in _QUOTES and text[mark.end : mark.end + 1] in _QUOTES


def _first_ink(text: str, at: int) -> int:
    match = _INK.search(text, at)
    return match.start() if match else len(text)
