"""Rows that TRL would stop at, or train on as something else."""

from typing import Any

import pytest

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.recipes_folder import recipes_path
from mtbenchx_tasks.training.truncation import Cut, count_cuts
from tests.mtbenchx_tasks.training.bench import tokenizer

TEMPLATE = (recipes_path() / "chat_template.jinja").read_text(encoding="utf-8")
SILENT = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% elif m.role == 'assistant' %}"
    "{% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}{% endif %}{% endfor %}"
)
"""Leaves out what it doesn't know, as Qwen's does."""
PARTS = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}"
    "{% if m.content is string %}{{ m.content }}{% else %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endif %}"
    "{{ eos_token }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}{% endfor %}"
)
"""Knows answers in parts, as those of models that see pictures do."""


def message(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


def counted(*rows: Any, template: str = TEMPLATE) -> list[Cut]:
    dialogues = [{"language": "de", "messages": row} for row in rows]
    words = tokenizer()
    return count_cuts(dialogues, words, split="train", max_length=99, assistant_only=True, template=template)


GOOD = [message("user", "q"), message("assistant", "a")]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("q", "row 2: `messages` is no list of messages"),
        ([], "row 2: the dialogue has no message"),
        ([{"content": "q"}], "row 2: message 1 has no role"),
        ([message("user", None)], "row 2: the content of message 1 is of type NoneType, not a text"),
        ([message("user", [{"type": "image"}])], "row 2: the content of message 1 is of type list, not a text"),
        (
            [message("user", [{"type": "text", "text": "q"}]), GOOD[1]],
            "row 2: the content of message 1 is of type list",
        ),
        (
            [message("human", "q"), message("gpt", "a")],
            "row 2: the chat template refuses it .*not human; its roles are human, gpt",
        ),
        ([message("user", "q")], r"row 2: no message is the assistant's \(the roles are user\)"),
    ],
)
def test_a_row_that_cant_be_trained_on_is_named(row: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        counted(GOOD, row)


def test_a_role_that_the_template_leaves_out_without_a_word() -> None:
    with pytest.raises(UserError, match="leaves message 2 out, whose role is 'bot'"):
        counted([message("user", "q"), message("bot", "some answer"), message("assistant", "a")], template=SILENT)


def test_content_in_parts_is_fine_where_the_template_knows_it() -> None:
    parts = [{"type": "text", "text": "a"}]
    assert counted([message("user", "q"), message("assistant", parts)], template=PARTS)[0].rows == 1
    with pytest.raises(UserError, match="content of message 1 is of type list"):
        counted([message("user", [{"type": "text", "text": "q"}]), message("assistant", "a")], template=PARTS)


def test_empty_answers_are_counted() -> None:
    blank = [message("user", "q"), message("assistant", " \n")]
    (cut,) = counted(GOOD, blank, [*GOOD, *blank])
    assert (cut.rows, cut.empty) == (3, 2)
