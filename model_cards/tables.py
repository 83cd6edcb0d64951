"""Results as Markdown: one group of tables per judge and prompt set, with the number of scored answers beside."""

import re
from collections.abc import Sequence
from typing import Any

from hf_datasets.records import CATEGORIES
from model_cards.evaluations import LOCAL_SERVER, Group, Result
from model_cards.markdown import code
from mtbenchx_tasks.judge.sent import CONFIGURED, in_words
from mtbenchx_tasks.tables import number, percent, with_error

BENCHMARKS = {"mtbench_x": "MT-Bench-X", "mini": "Mini benchmark of mtbench-x"}
NOT_RECORDED = "not recorded"
_TURN = re.compile(r"turn_\d+")
SHARES = ("answer_language", "unscored")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; empty without rows."""
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def group(of: Group, file: str | None) -> str:
    """Return heading, setup, scores per language and scores per category.

    Args:
        of: The results.
        file: Where in the repository they stand as data; None: nowhere.
    """
    name = of.setup["benchmark"]["name"]
    parts = [
        f"### {BENCHMARKS.get(name, code(name))}, judged by {code(of.judge)}",
        _setup(of),
        _scores(of),
        _categories(of),
    ]
    if file is not None:
        parts.append(f"The same as data: [`{file}`]({file}).")
    return "\n\n".join(part for part in parts if part)


def _setup(of: Group) -> str:
    judge = of.setup["judge"]
    snapshots = ", ".join(map(code, judge.get("snapshots") or [])) or NOT_RECORDED
    runs = judge.get("runs")
    lines = [
        f"evaluated as {_code(of.results[0].model)}, {_when(of.results)}",
        f"judge: {_code(judge.get('model'))} (version: {snapshots})" + _at(of.setup["endpoint"], judge.get("backend")),
        f"prompts: {_code(judge.get('prompt_set'))}, in {_language(judge.get('prompt_language'))}"
        + _hashes(of.results, "prompt_set"),
        f"questions: {_code(judge.get('question_set'))}" + _hashes(of.results, "question_set"),
        f"reference answers: {_code(judge.get('reference_set'))}" + _hashes(of.results, "reference_set"),
        f"runs of the judge: {runs if isinstance(runs, int) else NOT_RECORDED}"
        + (" (a rating is the mean of its valid runs)" if isinstance(runs, int) and runs > 1 else ""),
        f"verdicts: parser {_code(judge.get('parser'))}, rating {_code(judge.get('rating'))}",
        f"the judge's parameters {parameters(of.results)}",
        f"benchmark revision: {_revisions(of.results)}, task version {_code(of.setup['task_version'])}",
        f"generation: {_generation(of.setup['generation'])}",
        *_partial(of.results),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _revisions(results: Sequence[Result]) -> str:
    """Return the content's revision; an added language has one of its own."""
    found: dict[str, list[str]] = {}
    for result in results:
        found.setdefault(_code(result.setup["benchmark"]["revision"]), []).append(result.language)
    return ", ".join(f"{text} ({', '.join(codes)})" if len(found) > 1 else text for text, codes in found.items())


def parameters(results: Sequence[Result]) -> str:
    """Return the judge's parameters as they were sent, or, where nobody recorded that, as they were configured."""
    found: dict[str, list[str]] = {}
    for result in results:
        judge = result.setup["judge"]
        named = result.sent or {name: judge[name] for name in CONFIGURED if judge.get(name) not in (None, {})}
        words = f"{'sent' if result.sent else 'configured'}: {code(in_words(named) or NOT_RECORDED)}"
        found.setdefault(words, []).append(result.language)
    return "; ".join(f"{words} ({', '.join(codes)})" if len(found) > 1 else words for words, codes in found.items())


def _code(name: Any) -> str:
    """Return a name as code; what isn't there is said to be missing."""
    return NOT_RECORDED if name in (None, "") else code(name)


def _hashes(results: Sequence[Result], what: str) -> str:
    found = [f"{result.language} {code(result.hashes[what][:12])}" for result in results if what in result.hashes]
    return f"; sha256 {', '.join(found)}" if found else ""


def _when(results: Sequence[Result]) -> str:
    days = sorted({result.date[:10] for result in results if result.date})
    version = results[0].run.get("lm_eval")
    return ", ".join(
        [f"on {', '.join(days) or 'a day that is not recorded'}", *[f"with lm_eval {code(version)}"] * bool(version)]
    )


def _at(endpoint: str | None, backend: Any) -> str:
    if backend == "local":
        return ", run locally"
    return f", at {endpoint if endpoint == LOCAL_SERVER else code(endpoint)}" if endpoint else ""


def _language(setting: Any) -> str:
    return "English" if setting == "en" else "the question's language"


def _generation(settings: dict[str, Any] | None) -> str:
    if settings is None:
        return NOT_RECORDED
    shown = [code(f"{name}={value}") for name, value in sorted(settings.items()) if value not in ([], None)]
    without = "" if "temperature" in settings else "; MT-Bench's temperature of each category"
    return (", ".join(shown) or "the task's defaults") + without


def _partial(results: Sequence[Result]) -> list[str]:
    parts = [f"{result.language}: only {result.part} questions were asked" for result in results if result.part]
    return [f"**partial**: {'; '.join(parts)}"] if parts else []


def _means(of: Group) -> tuple[str, ...]:
    """Return the metrics that are means: of all turns, of each, and of the categories."""
    turns = {int(name.removeprefix("turn_")) for each in of.results for name in each.metrics if _TURN.fullmatch(name)}
    return ("score", *(f"turn_{turn}" for turn in sorted(turns)), "category_mean")


def _scores(of: Group) -> str:
    shown = _means(of)
    header = ("language", *(name.replace("_", " ") for name in (*shown, *SHARES)), "scored / all answers")
    rows = [
        (
            result.language,
            *(_mean(result, name) for name in shown),
            *(_share(result.metrics.get(name)) for name in SHARES),
            f"{'?' if result.scored is None else result.scored} / {result.answers or '?'}",
        )
        for result in of.results
    ]
    if len(of.results) > 1:
        means = [number(of.mean(name)) for name in shown]
        part = ", partial" * any(result.part for result in of.results)
        rows.append((f"mean of {len(of.results)}{part}", *means, *("" for _ in SHARES), ""))
    return table(header, rows)


def _mean(result: Result, name: str) -> str:
    """Return a mean with its standard error over questions, and of how many; empty where nothing was scored."""
    value, error = result.metrics.get(name), result.metrics.get(f"{name}_stderr")
    if value is None:
        return ""
    parts = [f"{result.part} questions"] if result.part else []
    every = CATEGORIES if result.setup["benchmark"]["name"] in BENCHMARKS else result.categories
    rated = sum(result.metrics.get(category) is not None for category in every)
    if name == "category_mean" and rated < len(every):
        parts.append(f"{rated} of {len(every)} categories")
    return with_error(value, error) + (f" ({', '.join(parts)})" if parts else "")


def _share(value: float | None) -> str:
    return "" if value is None else f"{percent(value)} %"


def _categories(of: Group) -> str:
    names = list(dict.fromkeys(name for result in of.results for name in result.categories))
    rows = [(name, *(_cell(result, name) for result in of.results)) for name in names]
    return table(("category", *(result.language for result in of.results)), rows)


def _cell(result: Result, category: str) -> str:
    value = result.metrics.get(category)
    scored, total = result.counts.get(category, (None, None))
    count = "" if total is None else f" ({scored}/{total})"
    return number(value) + count
