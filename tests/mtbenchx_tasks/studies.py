"""Small made-up studies: ratings in memory, and the files that a report reads."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hf_datasets.benchmark.ids import category_of
from hf_datasets.shared import jsonl
from mtbenchx_tasks.records import Conditions, Item, Model, Rater, Rating
from mtbenchx_tasks.report.sections import Section, sections

GPT4 = Conditions("gpt-4", {"benchmark": "mtbench_x"})


def rated(model: str, question: int, value: float | None, turn: int = 1, **other: Any) -> Rating:
    benchmark, language = "mtbench_x", other.pop("language", "de")
    item = Item(benchmark, language, question, turn, category_of(benchmark, question))
    place = {"conditions": GPT4, "rater": Rater("gpt-4"), **other}
    return Rating(item=item, model=Model(model), value=value, **place)


def section(ratings: Mapping[str, Iterable[float | None]], first: int = 81, **other: Any) -> Section:
    """One model's ratings question by question."""
    items = [rated(m, first + n, value, **other) for m, values in ratings.items() for n, value in enumerate(values)]
    (found,) = sections(items)
    return found


def single(model: str, question: int | str, score: float, turn: int = 1, **other: Any) -> dict[str, Any]:
    row = {"question_id": question, "model": model, "judge": ["gpt-4", "single-v1"], "user_prompt": f"{model} answers"}
    return {**row, "judgment": f"[[{score}]]", "score": score, "turn": turn, "tstamp": 1.0, **other}


def singles(file: Path, rows: list[dict[str, Any]]) -> Path:
    jsonl.write(file, rows)
    return file


def samples(folder: Path, model: str, ratings: Mapping[int, float | None], **about: Any) -> Path:
    """lm_eval's folder of one model: every question's turns get the same rating, unless `answers` says otherwise."""
    language, judge = about.get("language", "de"), about.get("judge", {})
    stamp, task = about.get("stamp", "2026-01-01T00-00-00.000000"), f"mtbench_x_{language}"
    file = folder / f"org__{model}" / f"samples_{task}_{stamp}.jsonl"
    rows = []
    for question, rating in ratings.items():
        doc = {"question_id": question, "language": language, "turns": ["Frage?", "Und?"]}
        doc["category"] = category_of("mtbench_x", question)
        said = about.get("answer", f"Antwort von {model} auf Frage {question}")
        verdict = [rating, "text", "" if rating is not None else "no verdict in the judge's text", None, "gpt-4-0613"]
        rows.append(
            {"doc": doc, "filter": "gpt-4", "resps": [[said], [said]], "filtered_resps": [[verdict], [verdict]]}
        )
    jsonl.write(file, rows)
    settings = {"prompt_set": "mtbench_x", "prompt_set_sha256": language, "prompt_language": "same", **judge}
    metadata = {"version": 1.0, "benchmark": {"name": "mtbench_x", "revision": "f8972dc70595"}, "judge": settings}
    results = {"results": {task: {}}, "configs": {task: {"metadata": metadata}}, "model_name": about.get("name", model)}
    file.with_name(f"results_{stamp}.json").write_text(json.dumps(results), encoding="utf-8")
    return file
