"""`mtbenchx judges`: who can judge, for how much, and until when."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from mtbenchx_tasks.judge.options import refuse_idle

if TYPE_CHECKING:
    from hf_datasets.endpoints.models import ListedModel

SHOWN = 40
"""Models of an endpoint that are shown without --all, beside those known as judges."""


def judges(
    context: typer.Context,
    base_url: Annotated[str | None, typer.Option(help="Ask this endpoint which models it has.")] = None,
    api_key_env: Annotated[
        str | None, typer.Option(help="Environment variable with its key; default: OPENAI_API_KEY.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every model that the endpoint lists.")] = False,
) -> None:
    """List presets and other judges with prices and ends; or the models that an endpoint has. Nothing is paid.

    Sub-commands examine one judge.
    """
    own = {"--base-url": base_url, "--all": everything, "--api-key-env": api_key_env}
    if context.invoked_subcommand is not None:
        refuse_idle(f"before {context.invoked_subcommand}, whose --judge holds its base_url and key", own)
        return
    if base_url is None:
        refuse_idle("without --base-url", own)
    from mtbenchx_tasks.judge.presets import CHECKED
    from mtbenchx_tasks.judge.prices import source

    lines = _known() if base_url is None else _listed(base_url, api_key_env, everything)
    for line in lines:
        print(line)
    print(f"Prices: dollars per million tokens read / cached / written, by {source()}. Names looked up on {CHECKED}.")


def _known() -> Iterator[str]:
    from mtbenchx_tasks.judge.ends import end_of
    from mtbenchx_tasks.judge.presets import LIVING, OPENAI, PRESETS

    yield 'Presets, e.g. --judge hosted, or --metadata \'{"judge": {"model": "hosted"}}\' in lm_eval:'
    for name, preset in PRESETS.items():
        url = "" if name == "open" else OPENAI
        yield _line(f"{name}: {preset.model}", preset.model, url, end_of(preset.model, url))
        yield f"    {preset.note}"
    for (url, variable), judges_there in groupby(LIVING, lambda judge: (judge.base_url, judge.api_key_env)):
        yield f'"base_url": "{url}", "api_key_env": "{variable}":'
        yield from (_line(judge.model, judge.model, url, note=judge.note) for judge in judges_there)


def _listed(base_url: str, api_key_env: str | None, everything: bool) -> Iterator[str]:
    from mtbenchx_tasks.judge.ends import end_of

    url, models = _ask(base_url, api_key_env)
    known = [model for model in models if _is_known(model.name)]
    others = [model for model in models if model not in known]
    shown = others if everything else others[:SHOWN]
    yield f"{url} has {len(models)} models, {len(known)} of them known as judges:"
    for model in [*known, *shown]:
        yield _line(model.name, model.name, url, model.shutdown_date or end_of(model.name, url))
    if len(shown) < len(others):
        yield f"  ... and {len(others) - len(shown)} others (--all)."


def _ask(base_url: str, api_key_env: str | None) -> "tuple[str, Sequence[ListedModel]]":
    from hf_datasets.endpoints.client import OpenAIChat
    from mtbenchx_tasks.judge.settings import JudgeSettings

    key = {} if api_key_env is None else {"api_key_env": api_key_env}
    settings = JudgeSettings.parse({"base_url": base_url, **key})
    return settings.endpoint, OpenAIChat(settings.base_url, settings.api_key_env).list_models()


def _is_known(name: str) -> bool:
    """Tell whether an endpoint's name is one of ours; OpenRouter and others put the vendor before it."""
    from mtbenchx_tasks.judge.presets import LIVING, PRESETS

    ours = {judge.model.lower() for judge in LIVING} | {preset.model.lower() for preset in PRESETS.values()}
    return bool({name.lower(), name.lower().rpartition("/")[2]} & ours)


def _line(name: str, model: str, url: str, end: date | None = None, note: str = "") -> str:
    when = "" if end is None else f"{'ended' if end < date.today() else 'ends'} {end}"
    return f"  {name:<38} {_price(model, url) if url else '':<22} {when}{note}".rstrip()


def _price(model: str, url: str) -> str:
    from mtbenchx_tasks.judge.prices import price_of

    price = price_of(model, None, url)
    if price is None:
        return "price unknown"
    first = price.tiers[0]
    return "costs nothing" if price.is_free else f"${first.read:g} / {first.cached:g} / {first.written:g}"
