"""Published forms of the datasets: each `build_*` writes one Hub-shaped folder."""

from pathlib import Path

from hf_datasets.hub_folder import Table, parquet_name, replacing, write_card, write_table
from hf_datasets.mtbench_x_card import card_body, card_metadata
from hf_datasets.mtbench_x_configs import FILES, SPLIT, columns, rows


def build_mtbench_x(folder: Path) -> Path:
    """Write the benchmark as a Hub-shaped folder that `datasets.load_dataset` reads.

    Args:
        folder: Where to; made, or replaced as a whole if an earlier build wrote it.

    Returns:
        The folder's absolute path.

    Raises:
        UserError: A source can't be had, a promise about the data doesn't hold, or the folder isn't ours to replace.
    """
    target = folder.expanduser().resolve()
    tables = {config: Table(columns(config), rows(config)) for config in FILES}
    names = {config: parquet_name(f"{config}-{SPLIT}", table) for config, table in tables.items()}
    with replacing(target) as new:
        for config, table in tables.items():
            write_table(new, names[config], table)
        write_card(new, card_metadata(names), card_body({config: len(table.rows) for config, table in tables.items()}))
    return target
