"""The base model's side of a check: its tokenizer, its turn-end token, the chat template, its context."""

import re
from pathlib import Path
from typing import Any

from hf_datasets.audit.tokenizers import TokenizerError, read_tokenizer
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.trl_arguments import Settings

MARKERS = re.compile(r"{%-?\s*generation\s*-?%}")
OURS = "--chat_template_path recipes/chat_template.jinja"
TAGS = re.compile(r"{%-?\s*(?:end)?generation\s*-?%}")


def without_markers(template: str) -> str:
    """Return a chat template for engines whose Jinja doesn't know `{% generation %}`; ours renders the same text."""
    return TAGS.sub("", template)


def load_tokenizer(settings: Settings) -> Any:
    """Return the base's tokenizer with the turn-end token and the template that TRL would give it.

    Raises:
        UserError: One of the three is missing or unfit for training.
    """
    name = settings.model.model_name_or_path
    tokenizer = _tokenizer(settings)
    if not tokenizer.is_fast:
        raise UserError(
            f"{name} has a Python tokenizer, with which TRL can't tell answers from questions; `mtbenchx recipes "
            f"prepare {name} --out FOLDER` makes a fast one from its SentencePiece model; train from that folder."
        )
    _set_turn_end(tokenizer, settings)
    _set_template(tokenizer, settings)
    return tokenizer


def _tokenizer(settings: Settings) -> Any:
    name = settings.model.model_name_or_path
    if not name:
        raise UserError("No base model is named; pass --model_name_or_path.")
    try:
        return read_tokenizer(name, settings.model.model_revision, settings.training.trust_remote_code)
    except TokenizerError as error:
        if error.needs_code:
            raise UserError(
                f"{name} needs code of its own: read it and pass --trust_remote_code true, or make a copy without "
                f"by `mtbenchx recipes prepare {name} --out FOLDER`."
            ) from error
        made = f" `mtbenchx recipes prepare BASE --out {name}` makes it." if "/" not in str(name) else ""
        raise UserError(
            f"{name} is no folder with a model here, and couldn't be had from the Hub ({error.reason[:160]}).{made}"
        ) from error


def _set_turn_end(tokenizer: Any, settings: Settings) -> None:
    name, token = settings.model.model_name_or_path, settings.training.eos_token
    if token is not None:
        if token not in tokenizer.get_vocab():
            raise UserError(
                f"{name} has no token {token!r} to end a turn with; pass --eos_token with one that it has "
                f"({tokenizer.eos_token!r} is its own), or add it: "
                f"mtbenchx recipes prepare {name} --turn-end '{token}' --out FOLDER."
            )
        tokenizer.eos_token = token
    if not tokenizer.eos_token:
        raise UserError(
            f"{name} has no token that could end a turn; add one: "
            f"mtbenchx recipes prepare {name} --turn-end '<|im_end|>' --out FOLDER."
        )


def read_template(path: str | None) -> str | None:
    """Return the chat template of a recipe, None if it names none.

    Raises:
        UserError: TRL wouldn't read this file as a template.
    """
    if path is None:
        return None
    if not path.endswith((".jinja", ".j2")):
        raise UserError(f"chat_template_path {path} must end in .jinja or .j2; TRL takes it for a model otherwise.")
    if not Path(path).is_file():
        raise UserError(
            f"There is no file {path} in {Path.cwd()}, against which TRL resolves chat_template_path; "
            f"`mtbenchx recipes --copy` puts the recipes there."
        )
    return Path(path).read_text(encoding="utf-8")


def _set_template(tokenizer: Any, settings: Settings) -> None:
    """Give a tokenizer the template that TRL trains with: the recipe's, else its own, else TRL's version of its own."""
    tokenizer.chat_template = read_template(settings.training.chat_template_path) or tokenizer.chat_template
    if not settings.training.assistant_only_loss:
        return
    template = tokenizer.chat_template
    template = template.get("default") if isinstance(template, dict) else template
    if not template:
        raise UserError(f"The base has no chat template; name ours: {OURS}.")
    where = settings.training.chat_template_path or f"of {settings.model.model_name_or_path}"
    if not MARKERS.search(template):
        tokenizer.chat_template = _with_markers(tokenizer, where)
    _check_stop(tokenizer, where)


def _with_markers(tokenizer: Any, where: str) -> str:
    """Return the template that TRL itself trains with instead of this one."""
    from trl.chat_template_utils import get_training_chat_template

    try:
        found = get_training_chat_template(tokenizer)
    except ValueError as error:  # so TRL says that it has none
        raise UserError(
            f"The chat template {where} has no {{% generation %}} markers, without which assistant_only_loss can't "
            f"tell answers from questions, and TRL has no version of it with them; take ours: {OURS}, or chatml.jinja, "
            f"llama3.jinja, mistral.jinja beside it."
        ) from error
    return str(found)


def _check_stop(tokenizer: Any, where: str) -> None:
    from trl.chat_template_utils import is_chat_template_stop_token_trained

    if not is_chat_template_stop_token_trained(tokenizer):
        raise UserError(
            f"The chat template {where} has no turn-end token inside its {{% generation %}} markers, so that the "
            f"model would never learn to stop; put {{{{ eos_token }}}} before {{% endgeneration %}}."
        )


def check_context(settings: Settings, tokenizer: Any) -> Any:
    """Refuse rows longer than the model reads, and tokens that its embedding has no row for.

    Returns:
        The base's configuration.

    Raises:
        UserError: See above.
    """
    from transformers import AutoConfig

    model, training = settings.model, settings.training
    try:
        config = AutoConfig.from_pretrained(
            model.model_name_or_path, revision=model.model_revision, trust_remote_code=training.trust_remote_code
        )
    except (OSError, ValueError) as error:
        raise UserError(f"{model.model_name_or_path} has no readable config.json: {error}.") from error
    text = config.get_text_config()
    context = getattr(text, "max_position_embeddings", None)
    if context and training.max_length and training.max_length > context:
        raise UserError(
            f"max_length {training.max_length} is longer than the {context} tokens that "
            f"{model.model_name_or_path} reads; pass --max_length {context}."
        )
    if text.vocab_size < len(tokenizer):
        raise UserError(
            f"The tokenizer of {model.model_name_or_path} has {len(tokenizer)} tokens, its embedding "
            f"{text.vocab_size} rows; `mtbenchx recipes prepare {model.model_name_or_path} --out FOLDER` adds them."
        )
    return config
