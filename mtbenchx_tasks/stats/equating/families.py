"""The family of a model: whose line it is of, as far as its name tells."""

import re

FAMILIES = {
    **dict.fromkeys(("gpt", "chatgpt", "davinci"), "gpt"),
    **dict.fromkeys(("mistral", "mixtral", "ministral", "magistral"), "mistral"),
    **dict.fromkeys(("qwen", "qwq"), "qwen"),
    **dict.fromkeys(("command", "aya"), "cohere"),
    **dict.fromkeys(("glm", "chatglm"), "glm"),
    **{
        name: name
        for name in (
            *("llama", "alpaca", "vicuna", "koala", "guanaco", "wizardlm", "tulu", "zephyr", "functionary", "claude"),
            *("gemini", "gemma", "palm", "phi", "falcon", "mpt", "dolly", "stablelm", "oasst", "deepseek", "grok"),
            *("teuken", "eurollm", "salamandra", "apertus", "olmo", "smollm", "granite", "nemotron", "kimi", "rwkv"),
        )
    },
}
"""A word in a model's name -> its family."""
WHOLE_BELOW = 5
"""Shorter words must stand alone: there is no `phi` in `dolphin`."""
_WORD = re.compile(r"[a-z]+")


def family_of(model: str) -> str:
    """Return the family that a model's name tells: the first known word in it, else its first word.

    `org/finetune_llama2_chat_7b` is of `llama`, `ultrachat_cai` of `ultrachat`. A name without letters is its own.
    """
    words = _words(model)
    return known_family(model) or (words[0] if words else model.rpartition("/")[2].lower())


def known_family(model: str) -> str:
    """Return the family of the first known word in a model's name; "" if there is none."""
    for word in _words(model):
        for known, family in FAMILIES.items():
            if word == known or (len(known) >= WHOLE_BELOW and known in word):
                return family
    return ""


def _words(model: str) -> list[str]:
    return _WORD.findall(model.rpartition("/")[2].lower())
