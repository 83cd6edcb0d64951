"""The cards of lima-x and bactrian-x: front matter for the Hub, and texts whose every number is counted."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from typing import Any

from hf_datasets.hub.card import code, config_entry, plain, size_category, table
from hf_datasets.instruct.assemble import Built
from hf_datasets.instruct.collect import Collected
from hf_datasets.instruct.mini import LICENSE as MINI_LICENSE
from hf_datasets.instruct.mini import PREFIX as MINI_PREFIX
from hf_datasets.instruct.plan import ConfigFamily
from hf_datasets.shared.errors import UserError

CARDS = Path(__file__).parent / "cards"
PRETTY = {"lima-x": "Lima-X", "bactrian-x": "Bactrian-X"}
LICENSES: Mapping[str, Mapping[str, str]] = {
    "lima-x": {
        "license": "other",
        "license_name": "as-lima-cc-by-nc-sa-or-stricter",
        "license_link": "https://huggingface.co/datasets/GAIR/lima",
    },
    "bactrian-x": {"license": "cc-by-nc-4.0"},
}
CITATIONS = {
    "lima-x": """
Chunting Zhou et al.: "LIMA: Less Is More for Alignment", 2023, [arXiv:2305.11206](https://arxiv.org/abs/2305.11206).""",
    "bactrian-x": """
Haonan Li, Fajri Koto, Minghao Wu, Alham Fikri Aji and Timothy Baldwin: "Bactrian-X: Multilingual Replicable
Instruction-Following Models with Low-Rank Adaptation", 2023, [arXiv:2305.15011](https://arxiv.org/abs/2305.15011).""",
}
"""Works whose data this is, beside the study's own."""
SHARE_ALIKE = "CC-BY-SA"
MOST = 10**12
"""No count is larger."""


def card(name: str, built: Built) -> tuple[dict[str, Any], str]:
    """Return (front matter, text) of a built folder.

    Args:
        name: `lima-x` or `bactrian-x`.
        built: What was built.
    """
    return metadata(name, built), body(name, built)


def metadata(name: str, built: Built) -> dict[str, Any]:
    """Return the front matter; a folder with nothing but the mini set has the mini set's licence."""
    main = [section for section, _ in built.sections if not _is_mini(section)]
    languages = dict.fromkeys(part.language for section, _ in built.sections for part in section.parts)
    return {
        "pretty_name": PRETTY[name] if main else f"{PRETTY[name]} (mini)",
        **(LICENSES[name] if main else {"license": MINI_LICENSE.lower()}),
        "language": list(dict.fromkeys(code.split("-")[0] for code in languages)),
        "multilinguality": ["multilingual" if len(languages) > 1 else "monolingual"],
        "size_categories": [size_category(sum(rows for _, rows in _licences(built).items()))],
        "task_categories": ["text-generation"],
        "tags": ["instruction-tuning", "sft", "parallel", "arxiv:2402.13703"],
        "configs": [
            config_entry(config, {split: found.files for split, found in splits.items()})
            for config, splits in built.configs.items()
        ],
    }


def body(name: str, built: Built) -> str:
    """Return the card's text."""
    main = [(section, parts) for section, parts in built.sections if not _is_mini(section)]
    texts = [_fill(name.replace("-", "_") if main else "instruct_mini_only", name, built)]
    if len(main) < len(built.sections):
        texts.append(_fill("instruct_mini", name, built))
    texts.append(_fill("instruct", name, built))
    return "\n".join(texts)


def _fill(template: str, name: str, built: Built) -> str:
    text = (CARDS / f"{template}.md").read_text(encoding="utf-8")
    first = next(iter(built.configs))
    return Template(text).substitute(
        name=name,
        pretty=PRETTY[name],
        first=first,
        seed=built.request.seed,
        configs=table(("config", "split", "rows"), _config_rows(built)),
        sources=table(("file", "sha256"), _source_rows(built)),
        licences=table(("`license`", "rows"), sorted((code(name), rows) for name, rows in _licences(built).items())),
        share_alike=_share_alike(built),
        mixing=_mixing(built),
        made=told(read_reports(file.path for rows in _parts(built) for file in rows.part.files)),
        provenance=_provenance(built),
        citation=CITATIONS[name],
        remarks="\n".join(f"- {remark}" for remark in built.remarks) or "None.",
    )


def _provenance(built: Built) -> str:
    """Say which rows are from elsewhere than the published files."""
    main = [section for section, _ in built.sections if not _is_mini(section)]
    local = {split: split not in section.published for section in main for split in section.expected}
    if not any(local.values()):
        return ""
    which = "The rows" if all(local.values()) else " and ".join(f"The {split} rows" for split in local if local[split])
    return f"\n{which} of this folder are from local files, not from the published ones; see the end of this card.\n"


def _mixing(built: Built) -> str:
    """Say how languages were shared out, which isn't always by our rule."""
    text = (
        "Which language an id gets in a `sampled` config follows from the ids, the languages and the seed "
        f"({built.request.seed}), for each split by itself."
    )
    if any(section.mixed for section, _ in built.sections):
        text += " In this folder the mixtures hold the rows that its authors published in them."
    return text


def _is_mini(section: ConfigFamily) -> bool:
    return section.mixtures[0].prefix == MINI_PREFIX


def _parts(built: Built) -> Iterable[Collected]:
    return (part for _, parts in built.sections for part in parts)


def _config_rows(built: Built) -> list[tuple[str, str, str]]:
    return [
        (f"`{config}`", split, f"{found.rows:,}")
        for config, splits in built.configs.items()
        for split, found in splits.items()
    ]


def _source_rows(built: Built) -> list[tuple[str, str]]:
    found = {
        label: digest for rows in _parts(built) for label, digest in zip(rows.part.labels, rows.sha256, strict=True)
    }
    return [(code(label), code(digest)) for label, digest in sorted(found.items())]


def _licences(built: Built) -> Counter[str]:
    found: Counter[str] = Counter()
    for rows in _parts(built):
        found.update(rows.licenses)
    return found


def _share_alike(built: Built) -> str:
    rows = sum(count for name, count in _licences(built).items() if name.upper().startswith(SHARE_ALIKE))
    if not rows:
        return ""
    return (
        f"\n{rows:,} rows are under CC BY-SA and stay under it: `license` says so row by row and `attribution` names "
        "site, authors and url. No non-commercial term applies to these rows; whoever passes them on keeps licence and "
        "attribution.\n"
    )


ENDING = "*.report.json"


Report = Mapping[str, Any]


def read_reports(files: Iterable[Path]) -> list[Report]:
    """Return the reports that stand in the folders of some data files, in the order of their names.

    Raises:
        UserError: A report can't be read.
    """
    found = sorted({report for file in files for report in file.parent.glob(ENDING)})
    return [_read(report) for report in found]


def told(reports: Iterable[Report]) -> str:
    """Return what the reports count, as Markdown; empty if there is none of a kind we know."""
    texts = [_translation(report) if "engine" in report else _curation(report) for report in reports]
    return "\n\n".join(text for text in texts if text)


def told_flags(report: Report) -> str:
    """Return how many translations rules found odd, by kind: `language 210, untranslated 4, of 398 texts`; else ""."""
    flags = report.get("flags")
    if not isinstance(flags, Mapping) or not any(flags.values()):
        return ""
    return f"{_counts(flags)}, of {_number(report.get('texts'))} texts"


def _read(file: Path) -> Report:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{file} can't be read ({reason}); a card is made of it, so mend it or move it away."
        ) from error
    return said if isinstance(said, dict) else {}


def _translation(report: Report) -> str:
    marks = _object(report.get("marks"))
    counted, outcomes = _object(marks.get("by_mark")), _object(marks.get("outcomes"))
    rows = [
        (code(mark), _counts(counted.get(mark)), _counts(outcomes.get(mark)))
        for mark in dict.fromkeys([*counted, *outcomes])
    ]
    failed = report.get("failed")
    text = (
        f"Translated from {code(report.get('source'))} into {code(report.get('target'))} by "
        f"{code(report.get('engine'))} (formality {code(report.get('formality'))}): {_number(report.get('texts'))} "
        f"texts, {_number(report.get('edited'))} of them edited by people, "
        f"{len(failed) if isinstance(failed, list) else 0} without a translation. Seen by rules: "
        f"{_counts(report.get('flags'))}."
    )
    return f"{text}\n\n{table(('review mark', 'state', 'outcome'), rows)}" if rows else text


def _curation(report: Report) -> str:
    if "rejected" not in report:
        return ""
    rows = [(plain(reason), _number(count)) for reason, count in _object(report["rejected"]).items()]
    text = (
        f"Curated from StackExchange dumps: {_number(report.get('pairs', 0))} pairs of question and answer, of which "
        f"{_number(report.get('survivors', 0))} were left for review by hand."
    )
    return f"{text}\n\n{table(('rejected because of', 'pairs'), rows)}" if rows else text


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> str:
    """A count as cards write it; what is no count is not told."""
    return f"{value:,}" if isinstance(value, int) and 0 <= value <= MOST else "an unknown number of"


def _counts(counted: Any) -> str:
    found = {name: count for name, count in _object(counted).items() if count and isinstance(count, int)}
    return ", ".join(f"{plain(name)} {_number(count)}" for name, count in found.items()) or "nothing"
