"""How large a base is, and how much of it a command trains: counted on a model without memory."""

from dataclasses import dataclass
from typing import Any

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.training.trl_arguments import Settings


@dataclass(frozen=True)
class ModelSize:
    """Numbers of parameters, and the shape that activations have."""

    parameters: int
    """Of the base."""
    linear: int
    """Of its linear layers, each of which multiplies every token: all but the input embedding and the norms."""
    trained: int
    """Parameters that are learnt: all, or LoRA's alone."""
    head: int
    """Of the output embedding, which quantization leaves as it is."""
    layers: int
    """Transformer blocks."""
    width: int
    """Length of a hidden state."""


def model_size(settings: Settings, config: Any) -> ModelSize:
    """Count the parameters of a training.

    Args:
        settings: The command, as TRL understands it.
        config: The base's configuration.

    Raises:
        UserError: The adapter fits no layer of the base.
    """
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
        parameters = _count(model.parameters())
        linear = sum(m.weight.numel() for m in model.modules() if isinstance(m, torch.nn.Linear))
        output = model.get_output_embeddings()
        trained = _count(_with_adapter(model, settings).parameters()) if settings.model.use_peft else parameters
    text = config.get_text_config()
    head = output.weight.numel() if output is not None else 0
    return ModelSize(parameters, linear, trained, head, text.num_hidden_layers, text.hidden_size)


def _with_adapter(model: Any, settings: Settings) -> Any:
    from peft import get_peft_model
    from trl import get_peft_config

    try:
        return get_peft_model(model, get_peft_config(settings.model))
    except ValueError as error:
        raise UserError(
            f"trl would stop at the adapter: {' '.join(str(error).split())[:200]}; pass --lora_target_modules "
            f"all-linear, or two names of layers at least (PEFT takes one alone for a pattern of the whole name)."
        ) from error


def _count(parameters: Any) -> int:
    return sum(parameter.numel() for parameter in parameters if parameter.requires_grad)
