"""The card of a benchmark that was built of somebody's set: what it holds, out of which files, and what is left out."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_datasets.benchmark.configs import ALL, SPLIT
from hf_datasets.hub.card import code, config_entry, plain, size_category, table
from hf_datasets.records import Question, ordered_categories

if TYPE_CHECKING:
    from hf_datasets.benchmark.others.build import ReadSet

TEXT = """# {title}

A benchmark of questions of one turn or more, in MT-Bench's form: a model answers turn by turn, a judge rates each
answer from 1 to 10. Built by `mtbenchx data build` of the files below; texts and ids are theirs.

{sizes}

Categories:

{categories}

## Use

```sh
lm_eval run --model hf --model_args pretrained=MODEL --apply_chat_template --include_path {name}/tasks --tasks {name}
mtbenchx judge answers.jsonl --judge JUDGE --benchmark {name} --data {name}
```

`load_dataset` reads the rows ({configs}); columns are those of MT-Bench-X.

## Judge prompts

{prompts}

## Built of

{files}

The licence of these files is their authors'; state it here (`license:` above) before you publish this folder.
"""


def card_metadata(benchmark: str, names: Mapping[str, str], languages: Sequence[str], rows: int) -> dict[str, Any]:
    """Return the card's front matter.

    Args:
        benchmark: The benchmark's name.
        names: Config -> path of its file in the folder.
        languages: Codes of its languages.
        rows: How many questions there are in all of them.
    """
    files = {ALL: [names[language] for language in languages], **{name: [path] for name, path in names.items()}}
    return {
        "pretty_name": benchmark,
        "license": "unknown",
        "language": list(languages),
        "size_categories": [size_category(rows)],
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["mt-bench", "llm-as-a-judge", "evaluation"],
        "configs": [config_entry(config, {SPLIT: paths}, default=config == ALL) for config, paths in files.items()],
    }


def card_body(benchmark: str, read: "Sequence[ReadSet]", names: Mapping[str, str]) -> str:
    """Return the card's text, with every number in it counted."""
    left = [f"- {each.added.language}: {plain(remark)}" for each in read for remark in each.remarks]
    body = TEXT.format(
        title=plain(benchmark),
        name=benchmark,
        sizes=table(
            ("language", "questions", "turns", "with a reference answer"), [_sizes(_asked(each)) for each in read]
        ),
        categories=table(("category", *(each.added.language for each in read)), _categories(read)),
        configs=", ".join(code(name) for name in (ALL, *names)),
        prompts="\n".join(_prompts(each) for each in read),
        files=table(("file", "sha256"), [row for each in read for row in _files(each.files.all)]),
    )
    return body + ("\n## What a reader must know\n\n" + "\n".join(left) + "\n" if left else "")


def _asked(read: "ReadSet") -> tuple[Question, ...]:
    (questions,) = read.added.questions.values()
    return questions


def _sizes(asked: Sequence[Question]) -> tuple[str, int, str, int]:
    turns = Counter(len(question.turns) for question in asked)
    told = ", ".join(f"{n} (in {questions} questions)" for n, questions in sorted(turns.items()))
    only = str(next(iter(turns))) if len(turns) == 1 else told
    return asked[0].language, len(asked), only, sum(bool(question.reference) for question in asked)


def _categories(read: "Sequence[ReadSet]") -> list[tuple[str, ...]]:
    counted = [Counter(question.category for question in _asked(each)) for each in read]
    names = ordered_categories(name for each in counted for name in each)
    return [(plain(name), *(str(each[name]) for each in counted)) for name in names]


def _prompts(read: "ReadSet") -> str:
    language = read.added.language
    if not read.added.prompts:
        return f"- {language}: the package's own (`native`), in that language where there are some, else in English"
    ((name, prompts),) = read.added.prompts.items()
    return f"- {language}: the set {code(name)} of these files, {len(prompts)} prompts"


def _files(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """Return name and hash of each file; where it lay is nobody's business."""
    return [
        (code("/".join(path.parts[-2:])), f"`{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}`") for path in paths
    ]
