"""Review marks: rows that a translation engine is likely to spoil, proposed by rules and decided by people.

One line a row and mark, in a JSONL file beside the data:

    {"id": "17", "mark": "code", "state": "proposed", "why": "...", "source_sha256": "...", "outcomes": {}}

People set `state` to `confirmed` or `rejected` and add lines of their own. After a translation each mark that isn't
rejected gets an outcome for its language, `{"pt": {"outcome": "erroneous", "reason": "...", "state": "proposed"}}`;
an outcome whose state a person set to `confirmed` is never written over (paper, section 3: marked rows and outcomes).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.language_id import detect_language
from hf_datasets.shared.rows import Filled, one_of, read_records
from hf_datasets.translate.documents import Document
from hf_datasets.translate.protect.code_lines import split_blocks
from hf_datasets.translate.review.fingerprints import fingerprint, is_hash_of
from hf_datasets.translate.review.flags import anatomy

MIXED_LANGUAGE, CODE, NON_ENGLISH, CULTURE_BOUND = "mixed_language", "code", "non_english", "culture_bound"
MARKS = (MIXED_LANGUAGE, CODE, NON_ENGLISH, CULTURE_BOUND)
PROPOSED, CONFIRMED, REJECTED = "proposed", "confirmed", "rejected"
STATES = (PROPOSED, CONFIRMED, REJECTED)
OK, ERRONEOUS = "ok", "erroneous"
OUTCOMES = (OK, ERRONEOUS)
PARAGRAPH = 60
"""Characters of prose below which a paragraph doesn't tell its language."""
_INLINE_CODE = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True)
class Mark:
    """One mark of one row."""

    id: Filled
    """Id of the row (see documents.row_id)."""
    mark: Annotated[str, one_of(*MARKS)]
    """One of MARKS."""
    source_sha256: Filled
    """Of the row's texts, joined by blank lines."""
    state: Annotated[str, one_of(*STATES)] = PROPOSED
    """`proposed` by a rule; `confirmed` or `rejected` by a person."""
    why: str = ""
    """What the rule saw, or what the person says."""
    outcomes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Target language -> outcome (OUTCOMES), reason, state."""
    place: str = ""
    """File and line."""


def propose(document: Document, language: str) -> list[Mark]:
    """Return what the rules see in a document, row by row.

    Args:
        document: What is to be translated.
        language: Code of its language.
    """
    return [
        Mark(identifier, mark, digest, why=why)
        for identifier, (texts, digest) in _rows(document).items()
        for mark, why in _seen(texts, language)
    ]


def read_marks(file: Path, document: Document | Sequence[Document]) -> list[Mark]:
    """Read a file of marks and check each line against the data.

    Raises:
        UserError: A line is no mark, of no row there, stale, or there twice; file and line are named.
    """
    documents = [document] if isinstance(document, Document) else document
    rows = {identifier: digest for document in documents for identifier, (_, digest) in _rows(document).items()}
    marks: dict[tuple[str, str], Mark] = {}
    for mark in read_records(file, Mark, "a review mark"):
        if not all(outcome.get("outcome") in OUTCOMES for outcome in mark.outcomes.values()):
            raise UserError(f"{mark.place}: 'outcomes' must map a language to an outcome, {' or '.join(OUTCOMES)}.")
        if mark.id not in rows:
            raise UserError(f"{mark.place}: there is no row {mark.id!r} in the data.")
        if not is_hash_of(mark.source_sha256, rows[mark.id]):
            raise UserError(
                f"{mark.place}: this mark is stale: row {mark.id!r} has the sha256 {rows[mark.id][:12]}... now; "
                f"look at it again and renew the hash."
            )
        if (mark.id, mark.mark) in marks:
            raise UserError(f"{mark.place}: {marks[mark.id, mark.mark].place} marks {mark.id!r} as {mark.mark} too.")
        marks[mark.id, mark.mark] = mark
    return list(marks.values())


def merge(known: Sequence[Mark], proposed: Sequence[Mark]) -> list[Mark]:
    """Add new proposals to marks that are there; what people decided or added stays."""
    there = {(mark.id, mark.mark) for mark in known}
    return [*known, *(mark for mark in proposed if (mark.id, mark.mark) not in there)]


def judge_outcomes(marks: Sequence[Mark], faults: Mapping[str, Sequence[str]], language: str) -> list[Mark]:
    """Give each mark that isn't rejected its outcome in a language, unless a person has.

    Args:
        marks: The marks.
        faults: Row id -> what is wrong with its translation, in words; empty where nothing was seen.
        language: Code of the target language.
    """
    return [_judged(mark, faults.get(mark.id), language) for mark in marks]


def counts(marks: Sequence[Mark], language: str | None = None) -> dict[str, Any]:
    """Count marks by state and outcomes by mark, for a card or a report.

    Args:
        marks: The marks.
        language: Count the outcomes in this target language; None: none.
    """
    found = {mark: dict(Counter(entry.state for entry in marks if entry.mark == mark)) for mark in MARKS}
    result: dict[str, Any] = {
        "rows": len({mark.id for mark in marks if mark.state != REJECTED}),
        "by_mark": {mark: states for mark, states in found.items() if states},
    }
    if language is not None:
        outcomes: dict[str, Counter[str]] = {}
        for mark in marks:
            if mark.state != REJECTED and language in mark.outcomes:
                outcomes.setdefault(mark.mark, Counter())[mark.outcomes[language]["outcome"]] += 1
        result["outcomes"] = {mark: dict(counter) for mark, counter in outcomes.items()}
    return result


def write_marks(file: Path, marks: Sequence[Mark]) -> None:
    """Write a file of marks; raises UserError where it can't be written."""
    rows = [{key: value for key, value in vars(mark).items() if key != "place"} for mark in marks]
    jsonl.write(file, rows)


def _rows(document: Document) -> dict[str, tuple[list[str], str]]:
    texts: dict[str, list[str]] = {}
    for text_field in document.fields:
        texts.setdefault(text_field.id, []).append(text_field.item.text)
    return {identifier: (found, fingerprint(found)) for identifier, found in texts.items()}


def _judged(mark: Mark, faults: Sequence[str] | None, language: str) -> Mark:
    decided = mark.outcomes.get(language, {}).get("state") == CONFIRMED
    if mark.state == REJECTED or decided or faults is None:
        return mark
    outcome = {"outcome": ERRONEOUS if faults else OK, "reason": "; ".join(faults), "state": PROPOSED}
    return replace(mark, outcomes={**mark.outcomes, language: outcome})


def _seen(texts: Sequence[str], language: str) -> Iterator[tuple[str, str]]:
    whole = "\n\n".join(texts)
    code = next((block for block in split_blocks(whole) if block.code and block.text.strip(" \t\n`~")), None)
    inline = _INLINE_CODE.search(whole)
    if code or inline:
        yield CODE, (code.text.strip().split("\n")[0] if code else inline[0] if inline else "")[:80]
    paragraphs = [anatomy(text).prose for text in re.split(r"\n\s*\n", whole)]
    spoken = Counter(
        found for text in paragraphs if len(text.strip()) >= PARAGRAPH and (found := detect_language(text)) is not None
    )
    if len(spoken) > 1:
        yield MIXED_LANGUAGE, ", ".join(f"{code} {count}" for code, count in spoken.most_common())
    main = detect_language(anatomy(whole).prose)
    if main not in (None, language):
        yield NON_ENGLISH, f"reads as {main}"
    if bound := _culture_words().search(whole):
        yield CULTURE_BOUND, bound[0].lower()


@cache
def _culture_words() -> re.Pattern[str]:
    lines = (Path(__file__).parent / "culture_bound.txt").read_text(encoding="utf-8").splitlines()
    words = [re.escape(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
