"""What others named is printed as it is spelt: no markup, no error from it."""

import io

from rich.table import Table

from hf_datasets.shared.terminal import literal_console


def test_brackets_of_a_name_are_text() -> None:
    out = io.StringIO()
    console = literal_console(out, 80)
    console.print("[red]model[/] and [/nothing] :smile:")
    table = Table("name")
    table.add_row("[bold]m[/x]")
    console.print(table)
    assert "[red]model[/] and [/nothing] :smile:" in out.getvalue()
    assert "[bold]m[/x]" in out.getvalue()
