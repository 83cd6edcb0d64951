"""`mtbenchx agreement`: people and judges on the same answers; `mtbenchx judges exam`: may this judge be believed."""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mtbenchx_tasks.judge.options import (
    Batch,
    Benchmark,
    Data,
    Language,
    MaxCost,
    OneJudge,
    Plan,
    Prices,
    PromptLanguage,
    Runs,
    end_command,
    engine_factory,
    know_languages,
    names_of,
    one_judge,
    plain_code,
    refuse_idle,
)

if TYPE_CHECKING:
    from mtbenchx_tasks.meta_evaluation.exam.ask import ExamPart

Votes = Annotated[
    list[Path],
    typer.Option(help="People's votes: `mtbenchx annotate export`, or any file in lmsys' schema; repeatable."),
]
Judgments = Annotated[
    list[Path],
    typer.Option(help="Judges' verdicts: FastChat's *_pair.jsonl, or lmsys' schema; repeatable, also for a jury."),
]
TieMode = Annotated[
    Literal["four", "merge_bad", "decisive"],
    typer.Option(help="Votes as they are; 'both bad' as a tie; or votes for a winner only. Files hold all three."),
]
Inconsistent = Annotated[
    Literal["missing", "tie"], typer.Option(help="What a verdict is whose two games disagree; FastChat: tie.")
]
Limit = Annotated[
    Literal["plurality", "strict", "drop", "majority", "loo"],
    typer.Option(help="The upper limit that is printed. Files hold all five."),
]
Repeated = Annotated[
    Literal["first", "all"], typer.Option(help="Which votes count if a person voted twice; FastChat: all.")
]


def agreement(
    votes: Votes,
    *,
    judgments: Judgments = [],  # noqa: B006  (typer reads it)
    language: Language = None,
    benchmark: Benchmark = None,
    data: Data = None,
    annotators: Annotated[str, typer.Option(help="Only these people, e.g. 'expert*'.")] = "*",
    tie_mode: TieMode = "four",
    inconsistent: Inconsistent = "missing",
    limit: Limit = "plurality",
    repeated: Repeated = "first",
    min_votes: Annotated[int, typer.Option(min=1, help="Votes an item needs for the upper limit.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Also write JSON, CSV, LaTeX and text to this folder.")] = None,
) -> None:
    """Show how often people agree with each other and with the judge, the limit of that, and whom each prefers."""
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.formats.benchmark import Told, notes_on
    from mtbenchx_tasks.meta_evaluation.agreement.results import results
    from mtbenchx_tasks.meta_evaluation.agreement.study import gather
    from mtbenchx_tasks.meta_evaluation.agreement.tables import items_table, tables
    from mtbenchx_tasks.meta_evaluation.agreement.voters import read_judges, read_people, unmatched, unmet_judges
    from mtbenchx_tasks.meta_evaluation.agreement.write import write_results
    from mtbenchx_tasks.stats.upper_limits import LIMITS, TIE_CLASSES
    from mtbenchx_tasks.tables import print_tables

    know_languages(data)
    check_writable(out)
    told = Told(language, benchmark)
    (people, said), (verdicts, judged) = read_people(votes, told), read_judges(judgments, told)
    study = gather(people, verdicts, inconsistent=inconsistent, annotators=annotators, repeated=repeated)
    for note in filter(None, (*said, *judged, *notes_on(told), unmatched(study), unmet_judges(study))):
        typer.echo(f"mtbenchx: {note}", err=True)
    settings = {
        "votes": [file.name for file in votes],
        "judgments": [file.name for file in judgments],
        "language": language,
        "benchmark": study.benchmark,
        "annotators": annotators,
        "inconsistent": inconsistent,
        "repeated": repeated,
        "min_votes": min_votes,
    }
    modes, limits = (tuple(TIE_CLASSES), LIMITS) if out is not None else ((tie_mode,), (limit,))
    found = results(study, settings, min_votes, modes=modes, limits=limits, turn_rates=out is not None)
    chosen = [*([items_table(study, tie_mode)] if study.judges else []), *tables(found, tie_mode, limit)]
    written = write_results(out, found, chosen) if out is not None else []  # before a reader such as `head` hangs up
    people_said = found.people
    print(
        f"{people_said['annotators']} people, {people_said['votes']} votes, {people_said['skipped']} skips, "
        f"{people_said['repeated']} repeated votes {'left out' if repeated == 'first' else 'counted'}; "
        f"judges: {', '.join(study.judges) or 'none'}; benchmark: {study.benchmark or 'not told (--benchmark)'}"
    )
    print_tables(chosen)
    for path in written:
        print(path)


def exam(
    judges: OneJudge,
    *,
    languages: Annotated[str | None, typer.Option(help="Only these, e.g. de,fr; default: all five.")] = None,
    mode: Annotated[
        Literal["single", "pairwise", "both"], typer.Option(help="By ratings, by comparisons, or both.")
    ] = "both",
    kinds: Annotated[str | None, typer.Option(help="Only these kinds of fault, e.g. cut_off,null.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Also a form that nobody has seen: its seed is the judge's snapshot's hash.")
    ] = False,
    runs: Runs = None,
    prompt_language: PromptLanguage = None,
    compare_languages: Annotated[
        bool, typer.Option("--compare-prompt-languages", help="Ask with prompts in the language and in English.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Also write JSON, CSV, LaTeX and text to this folder.")] = None,
    plan: Plan = False,
    max_cost: MaxCost = None,
    price: Prices = [],  # noqa: B006  (typer reads it)
    batch: Batch = False,
) -> None:
    """Have a judge sit an exam whose right answers are known, in five languages, and say what it misses and prefers.

    What the ledger holds is not asked again; the same command scores it.
    """
    from hf_datasets.benchmark.references import PUBLISHED
    from hf_datasets.shared.files import check_writable
    from mtbenchx_tasks.judge.engines.plan import print_plan
    from mtbenchx_tasks.judge.prices import parse_prices
    from mtbenchx_tasks.judge.settings import parse_judges
    from mtbenchx_tasks.meta_evaluation.exam.ask import PUBLIC, fresh_form
    from mtbenchx_tasks.meta_evaluation.exam.plan import power_lines
    from mtbenchx_tasks.meta_evaluation.exam.run import examine, plan_exam, write_exam
    from mtbenchx_tasks.meta_evaluation.exam.table import exam_tables, sentences, verdict_line
    from mtbenchx_tasks.tables import print_tables

    check_writable(out)
    (settings,) = parse_judges([one_judge(judges)], runs=runs, prompt_language=prompt_language)
    if compare_languages:
        refuse_idle("with --compare-prompt-languages, which asks in both", {"--prompt-language": prompt_language})
    sets = {f"judge.{name}": getattr(settings, name) != PUBLISHED for name in ("question_set", "reference_set")}
    refuse_idle("in an exam, whose items bring their own questions and references", sets)
    prices = parse_prices(price, [settings.model])
    part = _exam_part(languages, kinds, mode)
    if plan:
        planner = plan_exam(settings, part, prices, fresh=fresh, both_prompts=compare_languages)
        print_plan(planner.plan())
        forms = (PUBLIC, *([fresh_form([settings.model])] if fresh else []))
        for line in power_lines([item for form in forms for item in part.items(form)], part.modes):
            print(line)
        return
    engine_for, budget = engine_factory(max_cost, prices, batch)
    done = examine(settings, part, engine_for, fresh=fresh, both_prompts=compare_languages)
    written = write_exam(out, done.exam) if out is not None else []
    print_tables(exam_tables(done.exam))
    for line in (verdict_line(done.exam), *sentences(done.exam), *map(str, written)):
        print(line)
    end_command(budget, done.missing)


def _exam_part(languages: str | None, kinds: str | None, mode: Literal["single", "pairwise", "both"]) -> "ExamPart":
    """Return which part of the exam is asked for; a language that is named twice is one."""
    from mtbenchx_tasks.meta_evaluation.exam.ask import MODES, ExamPart

    codes = names_of("--languages", languages)
    distinct = codes and list(dict.fromkeys(plain_code(code) or code for code in codes))
    return ExamPart(distinct, names_of("--kinds", kinds), MODES if mode == "both" else (mode,))


def tells_exams(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that asks judges, followed by the verdict on each whose exam its ledger holds.

    Where it writes results (`out`), the exam is written beside them.
    """

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except typer.Exit:
            _print_verdicts(options)
            raise
        _print_verdicts(options)

    return run


def _print_verdicts(options: Mapping[str, Any]) -> None:
    from hf_datasets.ledger.queries import examined_judges
    from mtbenchx_tasks.judge.engines.engine import ledger_of
    from mtbenchx_tasks.judge.settings import parse_judges

    for settings in parse_judges(options["judges"]):
        ledger = ledger_of(settings)
        if settings.slug in examined_judges(ledger):
            from mtbenchx_tasks.meta_evaluation.exam.run import exams_in, write_exam
            from mtbenchx_tasks.meta_evaluation.exam.table import verdict_line

            found = exams_in(ledger, settings.slug)
            for number, exam in enumerate(found, start=1):
                print(verdict_line(exam))
                if options.get("out") is not None and not options.get("plan"):
                    write_exam(options["out"], exam, f"-{number}" if len(found) > 1 else "")
