"""Translating texts: cut, asked for once, put together again, and never silently wrong."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hf_datasets.ledger.store import Ledger
from hf_datasets.ledger.translations import stored
from hf_datasets.translate.engines.engine import Fragment, FragmentRequest, LanguagePair, TranslationEngine
from hf_datasets.translate.protect.placeholders import (
    TEXT,
    DamagedError,
    Kept,
    Piece,
    Prose,
    Protection,
    TooLongError,
    context_of,
    escaped,
    protect,
    restore,
    segments,
)
from hf_datasets.translate.sending import FragmentSender

CONTEXT = 1000
"""Characters of what stands before a text that the engine is shown."""
ROOM = 14 * 1024
"""Bytes of a call that are kept for its context and its frame."""


@dataclass(frozen=True)
class SourceText:
    """One text to translate."""

    text: str
    context: str = ""
    """What stands before it, e.g. the turn it answers."""
    delimiters: bool = False
    """It is a judge prompt (see protect.Protection)."""


@dataclass(frozen=True, eq=False)
class ProsePart:
    """One fragment of one text."""

    prose: Prose
    """The piece of prose that is sent."""
    request: FragmentRequest
    """What identifies its translation."""


@dataclass(frozen=True)
class TranslationPlan:
    """What would be asked for some texts."""

    pieces: tuple[tuple[Kept | ProsePart, ...], ...]
    """Per text; empty where it can't be sent."""
    refused: Mapping[int, str]
    """Number of a text -> why it can't be sent."""
    known: Mapping[str, str]
    """Key -> translation: what the ledger holds."""

    @property
    def requests(self) -> dict[str, FragmentRequest]:
        """Every request by key, each once, in order."""
        return {part.request.key: part.request for cut in self.pieces for part in cut if isinstance(part, ProsePart)}

    @property
    def missing(self) -> list[FragmentRequest]:
        """The requests that the ledger doesn't hold."""
        return [request for key, request in self.requests.items() if key not in self.known]

    @property
    def characters(self) -> int:
        """Characters that would be billed."""
        return sum(request.fragment.characters for request in self.missing)


@dataclass
class Translation:
    """What came of it."""

    texts: list[str | None]
    """Per text; None where it failed or wasn't reached."""
    failed: dict[int, str] = field(default_factory=dict)
    """Number of a text -> why it has no translation."""
    stopped: Exception | None = None
    """What ended the run early."""
    sent: int = 0
    """Fragments that were translated now."""
    billed: int = 0
    """Characters that were billed now."""
    retried: int = 0
    """Fragments whose translation lost a placeholder and that were sent again without any."""


class Translator:
    """Translates with one engine into one language.

    Args:
        engine: Who translates.
        pair: From what into what.
        ledger: Where results are kept; None: only to plan.
        strings: Also translate string literals in code.
    """

    def __init__(
        self, engine: TranslationEngine, pair: LanguagePair, ledger: Ledger | None, *, strings: bool = False
    ) -> None:
        self._engine, self._pair, self._ledger, self._strings = engine, pair, ledger, strings

    def plan(self, items: Sequence[SourceText]) -> TranslationPlan:
        """Return what these texts would take; nothing is sent, no key is needed."""
        cuts: list[tuple[Kept | ProsePart, ...]] = []
        refused = {}
        for number, item in enumerate(items):
            how = Protection(self._strings, item.delimiters, self._engine.most_bytes - ROOM)
            try:
                cuts.append(tuple(self._parts(protect(item.text, how), escaped(item.context))))
            except TooLongError as error:
                cuts.append(())
                refused[number] = str(error)
        keys = [part.request.key for cut in cuts for part in cut if isinstance(part, ProsePart)]
        return TranslationPlan(tuple(cuts), refused, stored(self._ledger, keys) if self._ledger else {})

    def translate(
        self,
        items: Sequence[SourceText],
        plan: TranslationPlan | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Translation:
        """Translate texts; whatever the engine does, what it answered is kept and returned.

        Args:
            items: The texts.
            plan: What `plan` returned for them; None: it is made here.
            progress: Called with the number of fragments that were done since the last call.

        Raises:
            LedgerError: Results can't be kept.
        """
        if self._ledger is None:
            raise ValueError("a translation needs a ledger")
        plan = plan or self.plan(items)
        sender = FragmentSender(self._engine, self._pair, self._ledger, progress)
        known = {**plan.known, **sender.fetch(plan.missing)}
        cut = {
            part: tuple(self._parts(segments(part.prose), part.request.fragment.context))
            for part in _parts_of(plan.pieces)
            if part.prose.spans and _fault(part, known)
        }
        again = {part.request.key: part.request for part in _parts_of(cut.values()) if part.request.key not in known}
        known |= stored(self._ledger, again)
        if sender.stopped is None:
            known |= sender.fetch([request for key, request in again.items() if key not in known])
        done = Translation(
            [None] * len(items), dict(plan.refused), sender.stopped, sender.sent, sender.billed, len(cut)
        )
        for number, pieces in enumerate(plan.pieces):
            if number not in plan.refused:
                whole = [
                    piece
                    for part in pieces
                    for piece in (cut.get(part) if isinstance(part, ProsePart) else None) or (part,)
                ]
                _settle(done, number, whole, known, sender.failures)
        return done

    def _parts(self, pieces: Sequence[Piece], context: str) -> Iterator[Kept | ProsePart]:
        """Ask for each piece of prose; what follows on a break for code sees what stood before it."""
        before = context
        for piece in pieces:
            if isinstance(piece, Kept):
                yield piece
                continue
            shown = before[-CONTEXT:] if piece.kind == TEXT else ""
            yield ProsePart(piece, self._engine.request(Fragment(piece.markup, shown), self._pair))
            if piece.kind == TEXT:
                before = context_of(piece)


def _parts_of(cuts: Iterable[Iterable[Kept | ProsePart]]) -> Iterator[ProsePart]:
    return (piece for pieces in cuts for piece in pieces if isinstance(piece, ProsePart))


def _fault(part: ProsePart, known: Mapping[str, str]) -> str:
    """Return why a translation can't be used; empty if it can, or isn't there."""
    answer = known.get(part.request.key)
    if answer is None:
        return ""
    try:
        restore(part.prose, answer)
    except DamagedError as error:
        return str(error)
    return ""


def _settle(
    done: Translation,
    number: int,
    pieces: Sequence[Kept | ProsePart],
    known: Mapping[str, str],
    failures: Mapping[str, str],
) -> None:
    """Put one text together, or say why it can't be; a text that wasn't reached stays None without a reason."""
    texts = []
    for piece in pieces:
        if isinstance(piece, Kept):
            texts.append(piece.text)
            continue
        if fault := _fault(piece, known) or failures.get(piece.request.key, ""):
            done.failed[number] = fault
        if fault or piece.request.key not in known:
            return
        texts.append(restore(piece.prose, known[piece.request.key]))
    done.texts[number] = "".join(texts)
