"""Results in the Every Eval Ever schema (0.3.0), which other tools and a public datastore read.

One model under one judge's conditions is one aggregate file; a line of its samples is one question in one language:

    data/mtbench_x/org/model/9b2e....json          {"evaluation_results": [{"evaluation_name": "mtbench_x de", ...}]}
    data/mtbench_x/org/model/9b2e..._samples.jsonl {"sample_id": "de/81", "interaction_type": "multi_turn", ...}

The schema wants a score everywhere: what has no valid rating has no line and no result; the aggregate counts it.
"""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any
from urllib.parse import urlsplit

from hf_datasets.endpoints.address import is_local
from hf_datasets.records import canonical_json
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks import __version__
from mtbenchx_tasks.formats.content import Study
from mtbenchx_tasks.records import Conditions
from mtbenchx_tasks.report.sections import RatedTurn, Section, sections
from mtbenchx_tasks.stats.cells import Resampler, average_of, mean_of
from mtbenchx_tasks.stats.intervals import DRAWS, LEVEL, Interval
from mtbenchx_tasks.stats.means import standard_error

SCHEMA = "0.3.0"
_UNSAFE = re.compile(r"[^\w.+-]+")
LEAST, MOST = 1, 10
"""The scale of ratings."""
NO_ANSWER_IS_CORRECT = "a rating from 1 to 10 is neither correct nor incorrect; the schema wants a value"


@dataclass(frozen=True)
class Provider:
    """Who evaluated."""

    organization: str
    """Name of the organization that provides the results."""
    relationship: str
    """To the model's developer: first_party, third_party, collaborative or other."""
    developer: str | None = None
    """Of models whose name doesn't tell it (`org/model` does)."""


@dataclass(frozen=True)
class ModelExport:
    """One model under one judge's conditions."""

    folder: str
    """`data/BENCHMARK/DEVELOPER/MODEL`."""
    name: str
    """UUID of the content: the same results have the same."""
    aggregate: Mapping[str, Any]
    samples: str
    """JSON Lines."""

    def files(self) -> dict[str, str]:
        """Return path -> text of both files."""
        return {
            f"{self.folder}/{self.name}.json": json.dumps(self.aggregate, indent=2, ensure_ascii=False) + "\n",
            f"{self.folder}/{self.name}_samples.jsonl": self.samples,
        }


def exports(study: Study, source: Provider, now: Callable[[], float] = time.time) -> list[ModelExport]:
    """Return every model under every judge's conditions.

    Args:
        study: What was read.
        source: Who evaluated.
        now: The time of the export, in seconds.

    Raises:
        UserError: There is no rating, or nobody says who developed a model.
    """
    found = [
        _export(section, model, study, source, str(int(now())))
        for section in sections(study.ratings)
        for model in section.models
        if any(answer.rating is not None for answer in section.answers if answer.model == model)
    ]
    if not found:
        raise UserError("Nothing to export: there is no answer with a rating; `mtbenchx judge` rates answers.")
    return found


def _export(section: Section, model: str, study: Study, source: Provider, now: str) -> ModelExport:
    developer, identity = _identity(model, source)
    benchmark = _UNSAFE.sub("_", section.conditions.benchmark) or "mtbench_x"
    of_model = identity.partition("/")[2]  # of a path its last part: where it lies is nobody's business
    info = {"name": of_model, "id": identity, "developer": developer, "additional_details": _deployment("")}
    results = [result for language in section.languages for result in _results(section, model, language)]
    rows = list(_samples(section, model, study, identity))
    name = str(uuid.UUID(bytes=hashlib.sha256(canonical_json([results, rows]).encode()).digest()[:16], version=4))
    folder, run = f"data/{benchmark}/{developer}/{of_model}", f"{benchmark}/{identity}/{name}"
    samples = (json.dumps({**row, "evaluation_id": run}, ensure_ascii=False, allow_nan=False) for row in rows)
    lines = "".join(f"{sample}\n" for sample in samples)
    aggregate = {
        "schema_version": SCHEMA,
        "evaluation_id": run,
        "retrieved_timestamp": now,
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": source.organization,
            "evaluator_relationship": source.relationship,
        },
        "eval_library": {"name": "mtbench-x", "version": __version__},
        "model_info": info,
        "evaluation_results": results,
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": f"{folder}/{name}_samples.jsonl",
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(lines.encode()).hexdigest(),
            "total_rows": len(rows),
        },
    }
    return ModelExport(folder, name, aggregate, lines)


def _identity(model: str, source: Provider) -> tuple[str, str]:
    """Return developer and `developer/model`, each a portable name of a folder."""
    parts = [_UNSAFE.sub("_", part).strip("._") for part in re.split(r"[\\/]", model)]
    parts = [part for part in parts if part]
    developer = _UNSAFE.sub("_", source.developer or "").strip("._")
    if len(parts) < 2 and not developer:  # noqa: PLR2004
        raise UserError(f"Who developed {model!r}? Its name doesn't tell (org/model does); say it by --developer NAME.")
    if len(parts) >= 2:  # noqa: PLR2004
        developer, parts = parts[-2], parts[-1:]
    return developer, f"{developer}/{'_'.join(parts) or 'model'}"


def _deployment(endpoint: str) -> dict[str, str]:
    """Return what the schema asks of a model: who ran it; whether its weights are open isn't known here."""
    host = (urlsplit(endpoint).hostname or endpoint).lower()
    kind = "unknown" if not host else "self_deployed" if host == "local" or is_local(host) else "externally_managed"
    return {"deployment_type": kind, "model_availability": "unknown"}


# the aggregate -----------------------------------------------------------------------------------------------------


def _results(section: Section, model: str, language: str) -> Iterator[dict[str, Any]]:
    """Yield score, category mean, each turn and each category of one language, as far as something was rated."""
    answers = section.cell(model, language)
    interval = Resampler(section).cell_interval(model, language) if answers else None
    metrics = {"score": (mean_of(answers), _error(answers)), "category_mean": (average_of(answers), _ends(interval))}
    for turn in sorted({answer.turn for answer in answers}):
        cell = section.cell(model, language, turn)
        metrics[f"turn_{turn}"] = mean_of(cell), _error(cell)
    for category in dict.fromkeys(answer.category for answer in answers if answer.category):
        cell = section.cell(model, language, None, category)
        metrics[category] = mean_of(cell), _error(cell)
    for metric, (found, uncertainty) in metrics.items():
        if found.value is not None:
            part = section.part(model, language)
            details = {"answers_scored": str(found.scored), "answers": str(found.total)}
            score = {
                "score": found.value,
                "details": {**details, **({"partial": part} if part else {})},
                "uncertainty": {**uncertainty, "num_samples": found.scored},
            }
            yield _result(answers[0].ratings[0].conditions, language, metric, score)  # with this language's hashes


def _error(answers: Sequence[RatedTurn]) -> dict[str, Any]:
    by_question: dict[int | str, tuple[str, list[float]]] = {}
    for answer in answers:
        if answer.rating is not None:
            by_question.setdefault(answer.question_id, (answer.category, []))[1].append(answer.rating)
    error = standard_error(by_question.values())
    if not isinstance(error, float):
        return {}
    return {"standard_error": {"value": error, "method": "over questions, resampled within their category"}}


def _ends(interval: Interval | None) -> dict[str, Any]:
    if interval is None:
        return {}
    method = "bootstrap over questions, resampled within their category"
    ends = {"lower": interval.low, "upper": interval.high, "confidence_level": LEVEL, "method": method}
    return {"confidence_interval": ends, "num_bootstrap_samples": DRAWS}


def _result(conditions: Conditions, language: str, metric: str, score: Mapping[str, Any]) -> dict[str, Any]:
    benchmark = conditions.benchmark or "mtbench_x"
    return {
        "evaluation_result_id": f"{language}/{metric}",
        "evaluation_name": f"{benchmark} {language}",
        "source_data": {
            "dataset_name": benchmark,
            "source_type": "other",
            "additional_details": {"language": language, **_texts(conditions.task)},
        },
        "metric_config": {
            "metric_id": f"{benchmark}.{metric}",
            "metric_name": metric,
            "metric_kind": "rating",
            "metric_unit": "points",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": LEAST,
            "max_score": MOST,
            "llm_scoring": _judge(conditions),
        },
        "score_details": score,
    }


def _judge(conditions: Conditions) -> dict[str, Any]:
    """Return the judge, its parameters as they were sent, and its prompt by name and hash."""
    sent = conditions.sent
    name = str(sent.get("model") or conditions.judge)
    identity = name if "/" in name else f"unknown/{name}"
    temperature = sent.get("temperature")
    judge = {
        "model_info": {"name": name, "id": identity, "additional_details": _deployment(str(sent.get("endpoint", "")))},
        **({"temperature": temperature} if isinstance(temperature, int | float) else {}),
        "additional_details": _texts({key: value for key, value in sent.items() if key != "endpoint"}),
    }
    prompt = "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in conditions.prompt.items())
    return {
        "judges": [judge],
        "input_prompt": prompt or "not told",
        "aggregation_method": "average",
        "additional_details": _texts(conditions.rule),
    }


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else canonical_json(value) for key, value in values.items()}


# the samples -------------------------------------------------------------------------------------------------------


def _samples(section: Section, model: str, study: Study, identity: str) -> Iterator[dict[str, Any]]:
    conversations: dict[tuple[str, int | str], list[RatedTurn]] = {}
    for answer in section.answers:
        if answer.model == model:
            conversations.setdefault((answer.language, answer.question_id), []).append(answer)
    benchmark = section.conditions.benchmark
    for (language, number), turns in conversations.items():
        asked = study.questions.get((benchmark, language, number), ())
        sample = _sample(sorted(turns, key=lambda turn: turn.turn), asked)
        if sample:
            yield {
                "schema_version": SCHEMA,
                "model_id": identity,
                "evaluation_name": f"{benchmark or 'mtbench_x'} {language}",
                "evaluation_result_id": f"{language}/score",
                "sample_id": f"{language}/{number}",
                **sample,
            }


def _sample(turns: Sequence[RatedTurn], asked: Sequence[str]) -> dict[str, Any] | None:
    """Return one conversation; None without a valid rating."""
    values = [turn.rating for turn in turns if turn.rating is not None]
    if not values:
        return None
    messages: list[dict[str, Any]] = []
    attribution = []
    for place, turn in enumerate(turns):
        question = asked[turn.turn - 1] if 0 < turn.turn <= len(asked) else None
        messages.append({"turn_idx": len(messages), "role": "user", "content": question})
        text = turn.texts[0] if turn.texts else None
        if text is not None:
            attribution.append(
                {"turn_idx": len(messages), "source": f"messages[{len(messages)}].content", "extracted_value": text,
                 "extraction_method": "llm_judge", "is_terminal": place == len(turns) - 1}
            )  # fmt: skip
        messages.append({"turn_idx": len(messages), "role": "assistant", "content": text})
    raw = asked[0] if asked else ""
    failed = [rating for turn in turns if turn.rating is None for rating in turn.ratings]
    return {
        "sample_hash": hashlib.sha256(canonical_json(list(asked)).encode()).hexdigest() if asked else None,
        "interaction_type": "multi_turn",
        "input": {"raw": raw, "reference": []},
        "output": None,
        "messages": messages,
        "answer_attribution": attribution,
        "evaluation": {"score": fmean(values), "is_correct": False, "num_turns": len(turns)},
        "error": "; ".join(dict.fromkeys(rating.reason for rating in failed)) or None,
        "metadata": {
            "category": turns[0].category,
            "is_correct": NO_ANSWER_IS_CORRECT,
            **{f"rating_turn_{turn.turn}": f"{turn.rating:g}" for turn in turns if turn.rating is not None},
        },
    }
