"""A judge's exam as tables and in words: for the terminal, the report and cards ("judge card")."""

from collections.abc import Sequence

from hf_datasets.shared.files import slug
from mtbenchx_tasks.meta_evaluation.exam.findings import ExamFinding, fault, in_language
from mtbenchx_tasks.meta_evaluation.exam.outcome import ALL
from mtbenchx_tasks.meta_evaluation.exam.score import Exam, NullPairs, Rate
from mtbenchx_tasks.meta_evaluation.exam.two_sides import TwoSides
from mtbenchx_tasks.tables import (
    Cell,
    Row,
    Table,
    interval_text,
    number,
    p_text,
    p_words,
    percent,
    quantity,
    with_error,
)

MOST_FINDINGS = 3
"""How many biases the one line names."""
MOST_RATES = 8
RARE = 0.25
"""Share of wrong ones in one language from which a rate is named in words."""
HOW = {"single": "ratings", "pairwise": "comparisons"}


def verdict_line(exam: Exam) -> str:
    """Return the verdict on a judge in one line, e.g. `Exam of gpt-6-luna: 97.1 % right of 160 pairs ...`."""
    parts = []
    for mode, way in HOW.items():
        rate = exam.rate(mode)
        if rate is not None:
            parts.append(f"{percent(rate.right)} % right of {rate.n} pairs by {way}")
    pairs = max((one.n for one in exam.null_pairs if one.lure == ALL), default=sum(one.n for one in exam.null_pairs))
    if not parts and pairs:
        parts.append(f"{pairs} null pairs")
    prompts = f"prompts {exam.prompt_set}" + ("" if exam.prompt_language == "same" else f" in {exam.prompt_language}")
    of = f"Exam of {exam.judge} ({', '.join(exam.languages)}; {prompts})"
    return f"{of}: {', '.join(parts)}; {_verdict(exam)}." if parts else f"{of}: nothing scored, nothing known."


def _verdict(exam: Exam) -> str:
    found = biases(exam)
    if not found:
        return "no bias found (what an exam of this size can find: --plan)"
    more = f"; and {len(found) - MOST_FINDINGS} more" if len(found) > MOST_FINDINGS else ""
    return "; ".join(one.words for one in found[:MOST_FINDINGS]) + more


def biases(exam: Exam) -> list[ExamFinding]:
    """Return the biases that were found, surest first."""
    return [one for one in exam.findings if one.found]


def sentences(exam: Exam) -> list[str]:
    """Return everything to say in words: biases found, then the worst rates, which are no verdicts."""
    lines = [f"{one.words} (corrected {p_words(one.p_adjusted)})." for one in biases(exam)]
    told = {(one.mode, one.kind, one.language) for one in biases(exam)}
    worst = sorted(
        (
            one
            for one in exam.rates
            if one.dose == one.lure == one.form == ALL and ALL not in (one.kind, one.language)
            if not {(one.mode, one.kind, one.language), (one.mode, one.kind, ALL)} & told
        ),
        key=lambda one: one.right,
    )
    rates = [_missed(one) for one in worst if 1 - one.right >= RARE]
    if rates:
        lines.append("Rates, not verdicts: " + "; ".join(rates[:MOST_RATES]) + ".")
    for mode, over in exam.over_runs.items():
        if over["sd"] is not None:
            mean = with_error(over["mean"], over["sd"], percent)
            lines.append(f"Over {over['runs']:g} runs {mean} % right by {HOW[mode]} (standard deviation).")
    total = sum(exam.unscored.values())
    if total:
        (reason, most), *_ = exam.unscored.items()
        lines.append(f"{total} pairs without a result, in no number; {most} of them: {reason}.")
    if exam.other_releases:
        lines.append(f"{exam.other_releases} judgments of another release's exam are left out: ask this one's.")
    return [*lines, _cost(exam)]


def _missed(rate: Rate) -> str:
    wrong = rate.n * (1 - rate.right)
    return f"misses {fault(rate.kind)} {in_language(rate.language)} by {HOW[rate.mode]}: {wrong:g} of {rate.n}"


def _cost(exam: Exam) -> str:
    price = "price unknown" if exam.dollars is None else f"${exam.dollars:,.2f}"
    runs = quantity(exam.runs, "run")
    return f"{exam.judgments:,} judgments, {exam.read:,} tokens read, {exam.written:,} written: {price}; {runs}."


def exam_tables(exam: Exam) -> list[Table]:
    """Return every table of an exam; those that have nothing to show are left out."""
    name = f"exam-{slug(exam.judge)}"
    tables = [_kinds(exam, mode, name) for mode in HOW if exam.rate(mode) is not None]
    tables += [table for make in (_doses, _lures, _null, _two_sides) if (table := make(exam, name)) is not None]
    return tables


def _kinds(exam: Exam, mode: str, name: str) -> Table:
    """Accuracy by kind and language."""
    kinds = [kind for kind in exam.kinds if exam.rate(mode, kind) is not None]
    missed = {(one.kind, one.language): one for one in exam.findings if one.found and one.mode == mode}
    rows: list[Row] = []
    for kind in (*kinds, ALL):
        cells = [_share(exam.rate(mode, kind, language), missed.get((kind, language))) for language in exam.languages]
        rows.append((kind, *cells, _share(exam.rate(mode, kind), missed.get((kind, ALL))), *_more(exam, mode, kind)))
    last = ("flips", "unscored") if mode == "pairwise" else ("ties", "tens", "unscored")
    way = "better answer preferred in both orders" if mode == "pairwise" else "better answer rated higher, ties half"
    return Table(
        f"{name}-{mode}",
        f"Exam of {exam.judge} by {HOW[mode]}: {way}, in %",
        ("kind", *exam.languages, ALL, "95 %", *last),
        tuple(rows),
        caption="⚠: a bias that is found; all such verdicts of one exam together are false in at most 5 % of cases.",
        records=tuple(vars(one) for one in exam.rates if one.mode == mode),
    )


def _share(rate: Rate | None, finding: ExamFinding | None) -> Cell:
    if rate is None:
        return Cell("")
    return Cell(percent(rate.right), n=f"/{rate.n}", flag=finding.words if finding else "")


def _more(exam: Exam, mode: str, kind: str) -> Sequence[str]:
    rate = exam.rate(mode, kind)
    if rate is None:
        return ("",) * (3 if mode == "pairwise" else 4)
    ends = interval_text(rate, percent)
    own = (percent(rate.flips),) if mode == "pairwise" else (percent(rate.ties), percent(rate.tens))
    return ends, *own, str(rate.unscored)


def _doses(exam: Exam, name: str) -> Table | None:
    """Accuracy by dose, and the dose that is still found three times of four."""
    doses = sorted({one.dose for one in exam.rates} - {ALL})
    rows: list[Row] = [
        (
            one.kind,
            HOW[one.mode],
            *(_share(exam.rate(one.mode, one.kind, dose=dose), None) for dose in doses),
            number(one.dose) or one.words,
            "" if one.low is None or one.high is None else f"{one.low:.2f} to {one.high:.2f}",
        )
        for one in exam.thresholds
    ]
    if not rows:
        return None
    columns = ("kind", "by", *(f"dose {dose}" for dose in doses), "75 % at dose", "95 %")
    title = f"Exam of {exam.judge}: by dose (1 glaring, upwards to subtle), in %"
    return Table(f"{name}-doses", title, columns, tuple(rows), records=tuple(vars(one) for one in exam.thresholds))


def _lures(exam: Exam, name: str) -> Table | None:
    """Accuracy where the faulty answer looks better, and where it doesn't."""
    rates = [one for one in exam.rates if one.lure != ALL and one.kind == ALL]
    lures = sorted({one.lure for one in rates}, key=lambda lure: (lure != "none", lure))
    rows: list[Row] = []
    for mode in dict.fromkeys(one.mode for one in rates):
        found = {one.lure: one for one in rates if one.mode == mode}
        rows.append((HOW[mode], *(_share(found.get(lure), None) for lure in lures)))
    title = f"Exam of {exam.judge}: by what makes the faulty answer look better, in %"
    return Table(f"{name}-lures", title, ("by", *lures), tuple(rows)) if len(lures) > 1 else None


def _null(exam: Exam, name: str) -> Table | None:
    """What decides between two answers that are equally good."""
    named = {ALL: "shown first", "": "(identical)", "longer": "longer", "formatted": "formatted"}
    rows = [
        (named.get(one.lure, one.lure), HOW[one.mode], str(one.n), percent(one.ties), _preferred(one))
        for one in exam.null_pairs
    ]
    title = f"Exam of {exam.judge}: equally good answers, where a tie is right, in %"
    columns = ("preferred", "by", "pairs", "ties", "share of decided")
    return Table(f"{name}-null", title, columns, tuple(rows)) if rows else None


def _preferred(one: NullPairs) -> Cell:
    return Cell("") if one.share is None or one.lure == "" else Cell(percent(one.share), n=f"/{one.decided}")


def _two_sides(exam: Exam, name: str) -> Table | None:
    """Languages, forms and prompts against each other, over all kinds; single kinds are in the file."""
    rows = [_pair(one) for one in exam.paired if one.kind == ALL]
    columns = ("", "by", "items", "right on the first only", "on the other only", "difference", "p", "p (Holm)")
    title = f"Exam of {exam.judge}: two sides on the same items, exact McNemar tests"
    records = tuple(vars(one) for one in exam.paired)
    return Table(f"{name}-pairs", title, columns, tuple(rows), records=records) if rows else None


def _pair(one: TwoSides) -> Row:
    names = {"languages": "", "forms": " form", "prompts": " prompts"}[one.what]
    return (
        f"{one.one}{names} - {one.other}{names}",
        HOW[one.mode],
        str(one.n),
        str(one.only_one),
        str(one.only_other),
        percent(one.difference, sign=True),
        p_text(one.p, 3),
        p_text(one.p_holm, 3),
    )
