"""One translation as a user asks for it: documents in, documents out, with overlays applied and everything counted."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_datasets.ledger.store import Ledger
from hf_datasets.shared import jsonl
from hf_datasets.shared.errors import UserError
from hf_datasets.shared.files import write_file
from hf_datasets.translate.documents import Document, Field, Place, translated_rows
from hf_datasets.translate.engines.engine import LanguagePair, TranslationEngine
from hf_datasets.translate.review import marks as review
from hf_datasets.translate.review.edits import match_edits, read_edits
from hf_datasets.translate.review.fingerprints import fingerprint
from hf_datasets.translate.review.flags import FLAGS, Flag, flags
from hf_datasets.translate.translator import Translation, TranslationPlan, Translator

REPORT, REVIEW = ".report.json", ".review.jsonl"
"""Ends of the names of what is written beside a translation: its counts, and every text for people to read."""


@dataclass(frozen=True)
class Job:
    """What is to be translated, by whom, and what people said of it."""

    documents: tuple[Document, ...]
    """What is to be translated."""
    engine: TranslationEngine
    """The engine that translates."""
    pair: LanguagePair
    """Source and target language, and the tone."""
    strings: bool = False
    """Also translate string literals in code."""
    edits: Path | None = None
    """Post-edits to apply."""
    marks: Path | None = None
    """Review marks, which get their outcomes."""

    @property
    def fields(self) -> list[tuple[int, Field]]:
        """Every text, with the number of its document."""
        return [
            (number, text_field) for number, document in enumerate(self.documents) for text_field in document.fields
        ]


@dataclass
class JobResult:
    """What a job came to."""

    files: list[Path] = field(default_factory=list)
    """Files that were written."""
    report: dict[str, Any] = field(default_factory=dict)
    """The counts, as written beside the translation."""
    failed: list[str] = field(default_factory=list)
    """Texts without a translation, and why; their rows are left out."""
    stopped: str = ""
    """Why nothing was written yet; empty if something was."""


def planned(job: Job, ledger: Ledger | None) -> TranslationPlan:
    """Return what a job would take; nothing is sent, no key is needed."""
    return Translator(job.engine, job.pair, ledger, strings=job.strings).plan([field.item for _, field in job.fields])


def run(
    job: Job, ledger: Ledger, targets: Sequence[Path], progress: Callable[[int, int], None] = lambda *_: None
) -> JobResult:
    """Translate, apply the overlays, and write everything; a run that was stopped writes nothing but keeps its results.

    Args:
        job: What to do.
        ledger: Where results are kept.
        targets: A file for each document.
        progress: Called with (fragments done since the last call, fragments in all).

    Raises:
        UserError: An overlay is wrong (before anything is sent), nothing could be translated, or a file can't be
            written.
    """
    _check_targets(job, targets)
    fields = job.fields
    corrected = (
        match_edits(read_edits(job.edits, job.pair.language), [text_field for _, text_field in fields])
        if job.edits
        else {}
    )
    marks = review.read_marks(job.marks, job.documents) if job.marks else []
    items = [text_field.item for _, text_field in fields]
    translator = Translator(job.engine, job.pair, ledger, strings=job.strings)
    plan = translator.plan(items)
    done = translator.translate(items, plan, lambda count: progress(count, len(plan.missing)))
    if done.stopped is not None:
        return _stopped(done.stopped, done, bool(plan.known or done.sent), ledger)
    return _Written(job, done, plan, corrected, marks).result(targets)


def _stopped(reason: Exception, done: Translation, anything: bool, ledger: Ledger) -> JobResult:
    """Say what is kept and what is missing; nothing done at all is the error itself."""
    if not anything:
        raise reason
    kept, total = sum(text is not None for text in done.texts), len(done.texts)
    sentence = str(reason).rstrip(".")
    return JobResult(
        stopped=f"{sentence}; {kept} of {total} texts are translated and kept in {ledger.path}, and the same command "
        f"goes on with the other {total - kept}."
    )


class _Written:
    """What is made of a finished translation."""

    def __init__(
        self,
        job: Job,
        done: Translation,
        plan: TranslationPlan,
        corrected: Mapping[int, str],
        marks: Sequence[review.Mark],
    ) -> None:
        self.job, self.done, self.plan = job, done, plan
        self.fields = job.fields
        self.corrected = {number: text for number, text in corrected.items() if text != done.texts[number]}
        self.marks = marks
        self.final = [self.corrected.get(number, text) for number, text in enumerate(done.texts)]
        self.seen: dict[int, tuple[Flag, ...]] = {
            number: flags(text_field.item.text, text, job.pair.source, job.pair.language)
            for number, ((_, text_field), text) in enumerate(zip(self.fields, self.final, strict=True))
            if text is not None
        }

    def result(self, targets: Sequence[Path]) -> JobResult:
        """Write everything, a file for each document, and say what was written."""
        job, files = self.job, list(targets)
        failed = [
            f"{named(self.fields[number][1])}: {reason}"
            for number, reason in self.done.failed.items()
            if number not in self.corrected
        ]
        marks = review.judge_outcomes(self.marks, self._faults(), job.pair.language)
        report = self._report(failed, marks, targets)
        for number, (document, target) in enumerate(zip(job.documents, targets, strict=True)):
            rows = translated_rows(document, self._texts(number, self.final), self._texts(number, self._machine()),
                                   job.pair.language)  # fmt: skip
            jsonl.write(target, rows)
            review_file = beside(target, REVIEW)
            jsonl.write(review_file, self._review(number))
            files.append(review_file)
        files.append(beside(targets[0], REPORT))
        write_file(files[-1], json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        if job.marks:
            review.write_marks(job.marks, marks)
            files.append(job.marks)
        return JobResult(files, report, failed)

    def _machine(self) -> list[str | None]:
        """What the engine said; where it failed and a person translated, what the person wrote."""
        return [text if text is not None else self.final[number] for number, text in enumerate(self.done.texts)]

    def _texts(self, document: int, texts: Sequence[str | None]) -> dict[tuple[int, Place], str]:
        return {
            (text_field.row, text_field.place): text
            for (owner, text_field), text in zip(self.fields, texts, strict=True)
            if owner == document and text is not None
        }

    def _faults(self) -> dict[str, list[str]]:
        """What is wrong with each row's translation."""
        found: dict[str, list[str]] = {text_field.id: [] for _, text_field in self.fields}
        for number, (_, text_field) in enumerate(self.fields):
            found[text_field.id] += [
                f"{text_field.name} {flag.name}: {flag.detail}" for flag in self.seen.get(number, ())
            ]
            if number in self.done.failed and number not in self.corrected:
                found[text_field.id].append(f"{text_field.name} has no translation: {self.done.failed[number]}")
        return found

    def _review(self, document: int) -> list[dict[str, Any]]:
        return [
            {
                "id": text_field.id,
                "field": text_field.name,
                "language": self.job.pair.language,
                "source_sha256": fingerprint(text_field.item.text),
                "source": text_field.item.text,
                "text": self.final[number],
                "edited": number in self.corrected,
                "flags": {flag.name: flag.detail for flag in self.seen.get(number, ())},
            }
            for number, (owner, text_field) in enumerate(self.fields)
            if owner == document
        ]

    def _report(self, failed: Sequence[str], marks: Sequence[review.Mark], targets: Sequence[Path]) -> dict[str, Any]:
        job, plan = self.job, self.plan
        rows = {
            (owner, text_field.row)
            for (owner, text_field), text in zip(self.fields, self.final, strict=True)
            if text is None
        }
        return {
            "engine": job.engine.name,
            "source": job.pair.source,
            "target": job.pair.target,
            "language": job.pair.language,
            "formality": job.pair.formality,
            "strings": job.strings,
            "documents": {
                target.name: {"source": document.name, "kind": document.kind, "rows": len(document.rows),
                              "rows_left_out": sum(owner == number for owner, _ in rows)}
                for number, (document, target) in enumerate(zip(job.documents, targets, strict=True))
            },
            "texts": len(self.fields),
            "fragments": {"all": len(plan.requests), "from_ledger": len(plan.known), "sent": self.done.sent,
                          "sent_again_without_placeholders": self.done.retried},
            "characters_billed": self.done.billed,
            "edited": len(self.corrected),
            "failed": list(failed),
            "flags": {name: sum(name in {flag.name for flag in seen} for seen in self.seen.values()) for name in FLAGS},
            "marks": review.counts(marks, job.pair.language),
        }  # fmt: skip


def beside(target: Path, end: str) -> Path:
    """`out/mini_pt.jsonl` -> `out/mini_pt.report.json`."""
    return target.with_name(target.name.removesuffix(".jsonl") + end)


def named(text_field: Field) -> str:
    """Return what a user calls a text: its row and its place there."""
    return f"{text_field.id} {text_field.name}"


def _check_targets(job: Job, targets: Sequence[Path]) -> None:
    resolved = [target.expanduser().resolve() for target in targets]
    for target in resolved:
        if resolved.count(target) > 1:
            raise UserError(f"Two documents would be written to {target}; translate them into different folders.")
        if target.is_dir():
            raise UserError(f"{target} is a folder; name a file that ends in .jsonl.")
    sources = [Path(document.path).resolve() for document in job.documents if document.path]
    for source in sources:
        if source in resolved:
            raise UserError(f"The translation would replace its source {source}; name another file by --out.")
