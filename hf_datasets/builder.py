"""`datasets` builders over the pure functions, for code that wants a builder instead of a built folder."""

from collections.abc import Iterator
from typing import Any

import datasets

from hf_datasets.benchmark.configs import ALL, CONFIGS, SPLIT, columns, fingerprint, rows
from hf_datasets.hub.folder import arrow_schema
from hf_datasets.instruct import build as instruct
from hf_datasets.instruct.collect import COLUMNS
from hf_datasets.instruct.reading.names import TRAIN, VALIDATION


def version(digest: str) -> datasets.Version:
    """Return a builder's version, which `datasets` makes part of a cache's path.

    Its last number is the hash of all that determines the rows, so that no cache outlives a change. Raise the first
    two when code changes the rows.
    """
    return datasets.Version(f"1.0.{int(digest[:12], 16)}")


class MTBenchX(datasets.GeneratorBasedBuilder):
    """MT-Bench-X, its judge prompts and the mini benchmark; the configs are those of the published folder."""

    BUILDER_CONFIGS = [datasets.BuilderConfig(name=config, version=version(fingerprint())) for config in CONFIGS]  # noqa: RUF012
    DEFAULT_CONFIG_NAME = ALL

    def __init__(self, *args: Any, dataset_name: str | None = "mtbench_x", **kwargs: Any) -> None:
        super().__init__(*args, dataset_name=dataset_name, **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(
            features=datasets.Features.from_arrow_schema(arrow_schema(columns(self.config.name)))
        )

    def _split_generators(self, dl_manager: object) -> list[datasets.SplitGenerator]:  # noqa: ARG002
        return [datasets.SplitGenerator(name=SPLIT)]

    def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(rows(self.config.name))


class _Instructions(datasets.GeneratorBasedBuilder):
    """A set of parallel instruction data over the study's languages; no default: the mixture is the experiment."""

    NAME = ""

    def __init__(self, *args: Any, dataset_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, dataset_name=dataset_name or self.NAME.replace("-", "_"), **kwargs)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=datasets.Features.from_arrow_schema(arrow_schema(COLUMNS)))

    def _split_generators(self, dl_manager: object) -> list[datasets.SplitGenerator]:  # noqa: ARG002
        return [datasets.SplitGenerator(split, gen_kwargs={"split": split}) for split in (TRAIN, VALIDATION)]

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        yield from enumerate(instruct.rows(self.NAME, self.config.name, split))


def _configs(name: str) -> list[datasets.BuilderConfig]:
    digest = instruct.fingerprint(name)
    return [datasets.BuilderConfig(name=config, version=version(digest)) for config in instruct.config_names(name)]


class LimaX(_Instructions):
    """Lima-X and its mini set, from the published files; the configs are those of the built folder."""

    NAME = instruct.LIMA_X
    BUILDER_CONFIGS = _configs(NAME)


class BactrianX(_Instructions):
    """Bactrian-X, split and mixed, from the published files; the configs are those of the built folder."""

    NAME = instruct.BACTRIAN_X
    BUILDER_CONFIGS = _configs(NAME)
