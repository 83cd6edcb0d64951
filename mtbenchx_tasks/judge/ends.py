"""Judges that their vendor ends: when, what a run says of it, and why nothing is asked of one that is gone.

Ends are those that OpenAI announced, as its own client (openai 3.57.0, types/shared/chat_model.py) lists them; looked
up on presets.CHECKED. They hold at OpenAI's own address only: another server may serve a model of the same name.
"""

from collections.abc import Mapping
from datetime import date

from hf_datasets.endpoints.client import OPENAI_URL, ChatRequest
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.presets import CHECKED
from mtbenchx_tasks.judge.settings import JudgeSettings

SOON_DAYS = 60
"""An end that is nearer is told at the start of a run."""
ANNOUNCED: Mapping[date, str] = {
    date(2024, 9, 13): "gpt-3.5-turbo-16k gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k-0613",
    date(2024, 12, 6): "gpt-4-vision-preview",
    date(2025, 6, 6): "gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613",
    date(2025, 7, 28): "o1-preview o1-preview-2024-09-12",
    date(2025, 10, 27): "o1-mini o1-mini-2024-09-12",
    date(2026, 2, 17): "chatgpt-4o-latest",
    date(2026, 3, 26): "gpt-4-0125-preview gpt-4-turbo-preview gpt-4-0314",
    date(2026, 7, 23): "gpt-5.1-chat-latest gpt-5-chat-latest gpt-4o-search-preview gpt-4o-mini-search-preview",
    date(2026, 8, 10): "gpt-5.3-chat-latest gpt-5.2-chat-latest",
    date(2026, 9, 28): "gpt-3.5-turbo-1106",
    date(2026, 10, 23): (
        "gpt-4 gpt-4-0613 gpt-4-turbo gpt-4-turbo-2024-04-09 gpt-4-1106-preview gpt-3.5-turbo gpt-3.5-turbo-0125 "
        "gpt-4o-2024-05-13 gpt-4.1-nano gpt-4.1-nano-2025-04-14 o4-mini o4-mini-2025-04-16 o3-mini o3-mini-2025-01-31 "
        "o1 o1-2024-12-17"
    ),
    date(2026, 12, 11): (
        "gpt-5 gpt-5-mini gpt-5-nano gpt-5-2025-08-07 gpt-5-mini-2025-08-07 gpt-5-nano-2025-08-07 o3 o3-2025-04-16"
    ),
    date(2027, 1, 14): (
        "gpt-4.1 gpt-4.1-mini gpt-4.1-2025-04-14 gpt-4.1-mini-2025-04-14 gpt-4o gpt-4o-2024-11-20 gpt-4o-2024-08-06 "
        "gpt-4o-mini gpt-4o-mini-2024-07-18"
    ),
    date(2027, 4, 1): "gpt-5.4-nano gpt-5.4-nano-2026-03-17 gpt-5.1 gpt-5.1-2025-11-13",
}
"""The last day -> OpenAI's models."""
ENDS = {model: end for end, models in ANNOUNCED.items() for model in models.split()}


def end_of(model: str, endpoint: str) -> date | None:
    """Return the end that a vendor announced for a model at its own address; None: none that we know of."""
    return ENDS.get(model) if endpoint == OPENAI_URL else None


def refusal(settings: JudgeSettings) -> str:
    """Return why a judge can't be asked anything, in one sentence; empty if it may be there.

    An end that lay ahead when we looked is no reason: the vendor may have put it off, and will tell.
    """
    end = end_of(settings.model, settings.endpoint)
    if end is not None and end <= CHECKED:
        return (
            f"OpenAI shut the judge {settings.model!r} down on {end}. Take one that is served (`mtbenchx judges` lists "
            f"some; `hosted` is the default); its numbers compare only with its own. What {settings.model} said before "
            f"can still be read: `mtbenchx ledger import` takes published judgments, and `mtbenchx report` their files."
        )
    if settings.preset == "open" and settings.endpoint == OPENAI_URL:
        return (
            f"The judge `open` is {settings.model}, which OpenAI doesn't serve: name your server by base_url, or let "
            f'it run in this process by backend, e.g. {{"model": "open", "backend": "vllm"}}.'
        )
    return ""


def notice(settings: JudgeSettings, today: date | None = None) -> str:
    """Return that a judge is about to end, in one sentence; empty if it isn't, as far as we know."""
    end = end_of(settings.model, settings.endpoint)
    days = None if end is None else (end - (today or date.today())).days
    if end is None or end <= CHECKED or days is None or days > SOON_DAYS:
        return ""
    when = f"in {days} days" if days > 1 else "now" if days >= 0 else "and may be gone"
    return (
        f"OpenAI ends the judge {settings.model!r} on {end}, {when}: what it hasn't rated by then can't be compared "
        f"with what it has. `mtbenchx judges` lists others."
    )


class Closed:
    """An endpoint that is never asked, since it is known that nobody answers there; a Transport like any other."""

    def __init__(self, why: str) -> None:
        self.why = why
        """One sentence."""

    def check(self, model: str) -> None:
        """Say so before anything is generated.

        Raises:
            UserError: Always.
        """
        del model
        raise UserError(self.why)

    def complete(self, request: ChatRequest) -> Completion:
        """Fail, and stop the run."""
        del request
        return Completion("failed", reason=self.why, details={"stop": self.why})
