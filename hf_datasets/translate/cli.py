"""`mtbenchx data translate`, `marks` and `compare-translations`. Every import of weight is inside its command."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hf_datasets.shared.errors import Exit, UserError

if TYPE_CHECKING:
    from hf_datasets.ledger.store import Ledger
    from hf_datasets.translate.engines.engine import LanguagePair, TranslationEngine
    from hf_datasets.translate.job import Job

EUROS_PER_MILLION = 20.0
"""DeepL API Pro's list price for a million characters, besides the monthly fee; checked 2026-11-25."""
TOKENS_PER_CHARACTER = 0.3
"""About, for a chat model; its tokenizer decides."""

Sources = Annotated[
    list[str],
    typer.Argument(metavar="FILE_OR_CONFIG...", help="Files, folders, or configs such as en, mini_en, native_en."),
]
To = Annotated[str, typer.Option("--to", help="Target language, e.g. pt, pt-BR, nl.")]
From = Annotated[str, typer.Option("--from", help="Language of the source.")]
EngineName = Annotated[str, typer.Option("--engine", help="deepl, or openai:MODEL for any OpenAI-compatible endpoint.")]
BaseUrl = Annotated[str | None, typer.Option(help="The chat model's endpoint; default: OPENAI_BASE_URL or OpenAI's.")]
KeyEnv = Annotated[str, typer.Option("--api-key-env", help="The variable that holds the chat model's key.")]
Formality = Annotated[str, typer.Option(help="default, more, less, prefer_more or prefer_less.")]
GlossaryName = Annotated[
    str | None,
    typer.Option("--glossary", help="Terms with a fixed translation: a file (term, tab, translation), or DeepL's id."),
]
Style = Annotated[str, typer.Option("--style", help="Id of a style rule of your DeepL account.")]
LedgerFile = Annotated[Path | None, typer.Option("--ledger", help="Where results are kept; default: the user's cache.")]


def translate(
    sources: Sources,
    *,
    to: To,
    from_: From = "en",
    engine: EngineName = "deepl",
    out: Annotated[Path | None, typer.Option(help="The .jsonl file or folder to write; default: this folder.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what it takes and costs, and stop.")] = False,
    formality: Formality = "prefer_more",
    glossary: GlossaryName = None,
    style: Style = "",
    strings: Annotated[
        bool, typer.Option("--strings", help="In code, translate strings too, not only comments.")
    ] = False,
    edits: Annotated[Path | None, typer.Option(help="Post-edits to apply (JSONL).")] = None,
    marks: Annotated[Path | None, typer.Option(help="Review marks (JSONL); they get their outcomes.")] = None,
    ledger: LedgerFile = None,
    price: Annotated[
        str | None, typer.Option(help="Of a million characters; for chat models IN,OUT of a million tokens.")
    ] = None,
    base_url: BaseUrl = None,
    api_key_env: KeyEnv = "OPENAI_API_KEY",
) -> None:
    """Translate questions, reference answers, judge prompts or instruction data; code and formulas stay as they are."""
    from hf_datasets.instruct.card import told_flags
    from hf_datasets.ledger.store import open_ledger
    from hf_datasets.translate.documents import read_document
    from hf_datasets.translate.job import Job, run
    from hf_datasets.translate.targets import target_files

    documents = tuple(read_document(source, from_.lower(), to) for source in sources)
    who = make_engine(engine, base_url, api_key_env, glossary, style)
    pair = _pair(who, from_, to, formality)
    job = Job(documents, who, pair, strings, edits, marks)
    if dry_run:
        _print_estimate(job, ledger, price)
        return
    who.prepare(pair)
    with _progress(f"{who.name} -> {pair.target}") as progress:
        result = run(job, open_ledger(ledger), target_files(documents, pair, out), progress)
    for line in result.failed:
        print(f"not translated: {line}", file=sys.stderr)
    for path in result.files:
        print(path)
    if result.stopped:
        print(f"mtbenchx: {result.stopped}", file=sys.stderr)
    if flagged := told_flags(result.report):
        print(f"to look at (flags in the review file): {flagged}", file=sys.stderr)
    if result.stopped or result.failed or flagged:
        raise typer.Exit(Exit.PARTLY_DONE)


def marks(
    source: Annotated[str, typer.Argument(metavar="FILE_OR_CONFIG", help="What is going to be translated.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="The file of marks to write or update; default: NAME.marks.jsonl.")
    ] = None,
    from_: From = "en",
) -> None:
    """Propose review marks (mixed language, code, non-English, culture-bound) for people to confirm or reject."""
    from hf_datasets.translate.documents import read_document
    from hf_datasets.translate.review import marks as review

    document = read_document(source, from_.lower())
    file = out or Path(f"{Path(document.name).name.removesuffix('.jsonl')}.marks.jsonl")
    known = review.read_marks(file, document) if file.exists() else []
    found = review.merge(known, review.propose(document, from_.lower()))
    review.write_marks(file, found)
    counted = review.counts(found)
    print(f"{file}: {counted['rows']} of {len(document.rows)} rows are marked, {len(found) - len(known)} marks are new")
    for mark, states in counted["by_mark"].items():
        print(f"  {mark}: {', '.join(f'{number} {state}' for state, number in states.items())}")


def compare_translations(
    a: Annotated[
        str, typer.Argument(metavar="A", help="A file of translations, or engine:deepl, engine:openai:MODEL.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    *,
    source: Annotated[str | None, typer.Option(help="What was translated (file or config); needed for flags.")] = None,
    edited: Annotated[Path | None, typer.Option(help="The human-edited translation, for chrF.")] = None,
    labels: Annotated[Path | None, typer.Option(help="Problem labels by hand (JSONL: id, field, side, label).")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Target language; default: what the files tell.")] = None,
    from_: From = "en",
    out: Annotated[Path | None, typer.Option(help="Write every pair to this .jsonl or .csv file.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Print at most this many pairs that differ.")] = 20,
    formality: Formality = "prefer_more",
    ledger: LedgerFile = None,
    base_url: BaseUrl = None,
    api_key_env: KeyEnv = "OPENAI_API_KEY",
) -> None:
    """Show two translations side by side, with chrF against human edits, flags and problem labels."""
    from hf_datasets.ledger.store import open_ledger
    from hf_datasets.translate.documents import read_document
    from hf_datasets.translate.review import comparison as review
    from hf_datasets.translate.review.terminal import print_comparison
    from hf_datasets.translate.translator import Translator

    document = read_document(source, from_.lower()) if source else None
    language = review.target_language((a, b), to)

    def texts(side: str) -> review.Texts:
        if not side.startswith(review.ENGINE):
            return review.texts_of(read_document(side, language))
        if document is None or not to:
            raise UserError(f"{side} needs what it translates and into what: --source FILE --to LANGUAGE.")
        who = make_engine(side.removeprefix(review.ENGINE), base_url, api_key_env)
        translator = Translator(who, _pair(who, from_, to, formality), open_ledger(ledger))
        return review.translated_texts(document, translator)

    by_people = texts(str(edited)) if edited else {}
    comparison = review.compare(texts(a), texts(b), document, by_people, (from_.lower(), language))
    if labels is not None:
        comparison = review.label_pairs(comparison, review.read_labels(labels, comparison))
    print_comparison(comparison, (a, b), limit)
    if out is not None:
        review.save(comparison, out)
        print(out)


def make_engine(
    name: str,
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    glossary: str | None = None,
    style: str = "",
) -> "TranslationEngine":
    """Return an engine by the name that users give it.

    Args:
        name: `deepl` or `openai:MODEL`.
        base_url: A chat model's endpoint; None: OPENAI_BASE_URL or OpenAI's own.
        api_key_env: The variable that holds its key.
        glossary: A file of terms, or the id of one of DeepL's; None: none.
        style: Id of a style rule of DeepL's; "": none.

    Raises:
        UserError: There is none of that name, or the glossary or style isn't for it.
    """
    from hf_datasets.translate.engines.chat import ChatEngine
    from hf_datasets.translate.engines.deepl import DeepL
    from hf_datasets.translate.glossary import read_glossary

    terms = read_glossary(glossary) if glossary else None
    if name == "deepl":
        return DeepL(terms, style)
    if style:
        raise UserError("--style names a style rule of a DeepL account; a chat model has none: leave it out.")
    if name.startswith("openai:") and name.removeprefix("openai:"):
        return ChatEngine(name.removeprefix("openai:"), base_url, api_key_env, terms)
    raise UserError(f"There is no engine {name!r}; there are deepl and openai:MODEL.")


def _pair(engine: "TranslationEngine", source: str, target: str, formality: str) -> "LanguagePair":
    from hf_datasets.translate.engines.engine import FORMALITIES

    if formality not in FORMALITIES:
        raise UserError(f"--formality must be one of {', '.join(FORMALITIES)}, not {formality!r}.")
    pair = engine.pair(source, target, formality)
    if pair.language == pair.source:
        raise UserError(f"The texts are in {source!r} already; name another target by --to.")
    if pair.target != target.upper():
        print(f"{engine.name} has variants of {target!r} and translates into {pair.target}; name another by --to.",
              file=sys.stderr)  # fmt: skip
    return pair


def _print_estimate(job: "Job", ledger: Path | None, price: str | None) -> None:
    from hf_datasets.ledger.store import default_path, open_ledger
    from hf_datasets.translate.job import named, planned
    from hf_datasets.translate.sending import calls

    path = ledger or default_path()
    opened: Ledger | None = open_ledger(path) if path.is_file() else None
    plan = planned(job, opened)
    for document in job.documents:
        print(f"{document.name}: {document.kind}, {len(document.rows)} rows, {len(document.fields)} texts")
    there = len(plan.requests) - len(plan.missing)
    print(f"{len(job.fields)} texts, cut into {len(plan.requests)} fragments; the ledger {path} holds {there} of them")
    requests = len(calls(plan.missing, job.engine))
    print(f"to translate: {len(plan.missing)} fragments, {plan.characters:,} characters, {requests} requests")
    print(_price(job, plan.characters, price))
    for number, reason in plan.refused.items():
        print(f"can't be sent: {named(job.fields[number][1])}: {reason}")
    quota = getattr(job.engine, "quota", None)
    if quota is not None and job.engine.has_key:  # type: ignore[attr-defined]
        print(_quota(quota(), plan.characters))


def _price(job: "Job", characters: int, price: str | None) -> str:
    try:
        numbers = [float(part) for part in price.split(",")] if price else []
    except ValueError as error:
        raise UserError(f"--price must be a number, or two with a comma between them, not {price!r}.") from error
    if job.engine.name == "deepl":
        each = numbers[0] if numbers else EUROS_PER_MILLION
        return f"price: about {characters * each / 1e6:.2f} EUR at {each:.2f} EUR per million characters" + (
            "" if numbers else " (DeepL API Pro, 2026-11; another by --price; API Free: 500,000 a month for nothing)"
        )
    tokens = int(characters * TOKENS_PER_CHARACTER)
    if len(numbers) != 2:  # noqa: PLR2004  (in and out)
        return (
            f"price: about {tokens:,} tokens each way besides the instructions; give --price IN,OUT per million tokens"
        )
    return f"price: about {tokens * sum(numbers) / 1e6:.2f} for {tokens:,} tokens each way, besides the instructions"


def _quota(quota: tuple[int, int] | None, characters: int) -> str:
    if quota is None:
        return "quota: DeepL names no limit for this key"
    used, allowed = quota
    enough = "enough" if characters <= allowed - used else f"{characters - (allowed - used):,} too few"
    return f"quota: {allowed - used:,} of {allowed:,} characters are left in this period: {enough}"


@contextmanager
def _progress(what: str) -> "Iterator[Callable[[int, int], None]]":
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda count, total: bar.update(task, advance=count, total=total)
