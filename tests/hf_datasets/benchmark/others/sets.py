"""Small MT-Bench-like sets in the layouts of six that people use; every text is ours."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_datasets.shared import jsonl

EIGHT = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")
QUESTIONS = {
    "ja": ("京都の秋について短い文章を書いてください。", "では、同じ内容を俳句にしてください。"),
    "zh": ("请写一段关于江南春天的短文。", "请把它改写成一封信。"),
    "ko": ("제주도 여행에 대한 짧은 글을 써 주세요.", "같은 내용을 친구에게 보내는 편지로 바꿔 주세요."),
    "ar": ("اكتب فقرة قصيرة عن سوق قديم في دمشق.", "أعد كتابتها على شكل رسالة."),
    "hi": ("दिल्ली की सर्दियों पर एक छोटा अनुच्छेद लिखिए।", "अब इसे एक पत्र के रूप में लिखिए।"),
    "de": ("Schreibe einen kurzen Absatz über einen Markt im Herbst.", "Mach daraus einen Brief."),
    "fr": ("Écris un court paragraphe sur un marché en automne.", "Fais-en une lettre."),
    "en": ("Write a short paragraph about a market in autumn.", "Turn it into a letter."),
}
EXAMPLES = {
    "ja": "評価：[[5]]",
    "zh": "评分：[[5]]",
    "ko": "점수: [[5]]",
    "ar": "التقييم: [[5]]",
    "hi": "रेटिंग: [[5]]",
    "de": "Bewertung:[[5]]",
    "fr": "Note : [[5]]",
}
"""How a prompt shows a verdict in each language: full-width colons, no space, combining signs."""


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    jsonl.write(path, rows)
    return path


def questions(language: str, first: int = 1, categories: Sequence[str] = EIGHT, **more: object) -> list[dict[str, Any]]:
    """One question a category, numbered from `first`."""
    return [
        {
            "question_id": number,
            "category": category,
            "turns": [f"{number}. {said}" for said in QUESTIONS[language]],
            **more,
        }
        for number, category in enumerate(categories, start=first)
    ]


def references(numbers: Sequence[object], turns: int = 2) -> list[dict[str, Any]]:
    """FastChat's rows of reference answers."""
    return [
        {
            "question_id": number,
            "answer_id": f"a{number}",
            "model_id": "gpt-4",
            "choices": [{"index": 0, "turns": [f"reference {number}.{turn}" for turn in range(1, turns + 1)]}],
            "tstamp": 1.0,
        }
        for number in numbers
    ]


def prompts(language: str, *, both: bool = True) -> list[dict[str, Any]]:
    """Judge prompts in FastChat's layout, with an example of a verdict as people write it in that language."""
    single = f"Judge. {EXAMPLES[language]}"
    pair = "Compare. [[A]] [[B]] [[C]]"
    one, two = "{question}\n{answer}", "{question_1}\n\n{answer_1}\n\n{question_2}\n\n{answer_2}"
    pair_one = "{question}\n{answer_a}\n{answer_b}"
    pair_two = "\n\n".join(f"{{question_1}}\n\n{{answer_{x}_1}}\n\n{{question_2}}\n\n{{answer_{x}_2}}" for x in "ab")
    first, both_refs = "{ref_answer_1}\n\n", "{ref_answer_1}\n\n{ref_answer_2}\n\n"
    kinds = {
        "single-v1": (single, one),
        "single-v1-multi-turn": (single, two),
        "single-math-v1": (single, first + one),
        "single-math-v1-multi-turn": (single, both_refs + two),
        "pair-v2": (pair, pair_one),
        "pair-v2-multi-turn": (pair, pair_two),
        "pair-math-v1": (pair, first + pair_one),
        "pair-math-v1-multi-turn": (pair, both_refs + pair_two),
    }
    return [
        {
            **{"name": name, "type": "single" if name.startswith("single") else "pairwise", "system_prompt": system},
            **{"prompt_template": template, "description": "a prompt", "category": "general"},
            "output_format": "[[rating]]" if name.startswith("single") else "[[A]]",
        }
        for name, (system, template) in kinds.items()
        if both or name.startswith("single")
    ]


def komt(root: Path) -> Path:
    """KoMT-Bench: the language stands in every name; some questions have `reference` besides."""
    rows = questions("ko", 81)
    rows[2]["reference"] = ["두 번째", ""]
    write(root / "data/mt_bench/question_ko.jsonl", rows)
    write(root / "data/mt_bench/reference_answer_ko/gpt-4.jsonl", references(range(83, 86)))
    write(root / "data/judge_prompts_ko.jsonl", prompts("ko"))
    return root / "data/mt_bench"


def japanese(root: Path) -> Path:
    """Japanese MT-Bench: ids from 1, references of gpt-4 to every question, prompts among those of other sets."""
    write(root / "data/japanese_mt_bench/question.jsonl", questions("ja"))
    write(root / "data/japanese_mt_bench/reference_answer/gpt-4.jsonl", references(range(1, 9)))
    write(root / "data/judge_ja_prompts.jsonl", prompts("ja"))
    return root / "data/japanese_mt_bench"


def shisa(root: Path, language: str) -> Path:
    """The multilingual harness of shisa: a folder a language, MT-Bench's ids, the id behind the turns."""
    rows = [dict(reversed(row.items())) for row in questions(language, 81)]
    write(root / f"data/{language}_mt_bench/question.jsonl", rows)
    write(root / f"data/{language}_mt_bench/reference_answer/gpt-4-turbo.jsonl", references(range(81, 89)))
    return root / f"data/{language}_mt_bench"


FINANCE = ("writing", "knowledge", "reasoning", "math", "idea", "ethics", "trustworthiness", "ESGs")


def finance(root: Path) -> Path:
    """pfmt-bench-fin-ja: categories of its own, ids of its own, references by a model and people."""
    rows = questions("ja", categories=FINANCE)
    for row in rows:
        row["question_id"] = f"fin-{row['category']}-1"
    write(root / "data/pfmt_bench_fin_ja/question.jsonl", rows)
    write(
        root / "data/pfmt_bench_fin_ja/reference_answer/gpt-4o+human.jsonl",
        references([r["question_id"] for r in rows]),
    )
    write(root / "data/judge_prompts.jsonl", prompts("ja"))
    return root / "data/pfmt_bench_fin_ja"
