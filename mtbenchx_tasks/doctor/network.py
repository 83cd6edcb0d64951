"""Whether the places that are asked can be reached from here: one request without a key to each, all at once."""

import os
import threading
import time
from collections.abc import Iterator, Mapping

from hf_datasets.endpoints.address import public_url, read_address
from hf_datasets.endpoints.replies import NoReplyError
from hf_datasets.endpoints.waits import Stop
from hf_datasets.endpoints.wire import Wire
from hf_datasets.shared.errors import UserError
from hf_datasets.sources import source
from mtbenchx_tasks.doctor.inspection import Inspection, Severity
from mtbenchx_tasks.doctor.keys import judges

AREA = "network"
FILES = "MT-Bench-X's files"
FILES_OFFLINE = "They are loaded once; offline, MTBENCHX_SOURCES names a folder that has them."
SECONDS = 5.0
"""For all places together."""


def network(seconds: float = SECONDS) -> Iterator[Inspection]:
    """Yield whether the judge, the Hub and MT-Bench-X's files can be reached.

    Args:
        seconds: For all of them together.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        yield Inspection(AREA, "HF_HUB_OFFLINE", "set: nothing is loaded from the Hub", Severity.NOTE)
    yield from reach(_places(), seconds)


def _places() -> dict[str, str]:
    """Return what is asked -> its URL: judges whose key is there, the Hub, and the pinned questions."""
    pinned = source("mtbench_x")
    endpoint = os.environ.get("OPENAI_BASE_URL")
    asked = {url: f"{url}/models" for variable, url in judges().items() if os.environ.get(variable, "").strip()}
    return {
        **({public_url(endpoint): endpoint} if endpoint else {}),
        **asked,
        "the Hub": os.environ.get("HF_ENDPOINT") or "https://huggingface.co",
        FILES: pinned.url.format(revision=pinned.revision, path=next(iter(pinned.files))),
    }


def reach(places: Mapping[str, str], seconds: float) -> Iterator[Inspection]:
    """Yield whether each place answers, whatever it answers.

    Args:
        places: What is asked -> its URL.
        seconds: For all of them together: who hasn't answered then isn't waited for.
    """
    told: dict[str, Inspection] = {}
    deadline = time.monotonic() + seconds

    def ask(name: str, url: str) -> None:
        told[name] = _reached(name, url, seconds)

    threads = [threading.Thread(target=ask, args=place, daemon=True) for place in places.items()]
    for thread in threads:
        thread.start()
    for thread in threads:  # a daemon's, so that a name that nobody resolves keeps no process alive
        thread.join(max(0.0, deadline - time.monotonic()))
    for name in places:
        yield told.get(name) or _missed(name, f"no answer within {seconds:g} s")


def _reached(name: str, url: str, seconds: float) -> Inspection:
    try:
        address = read_address(url)
        wire = Wire(address.base, {"User-Agent": "mtbench-x"}, Stop())
        try:
            reply = wire.ask("HEAD", address.base, None, seconds)
        finally:
            wire.close()
    except NoReplyError as error:
        return _missed(name, str(error))
    except UserError as error:
        return Inspection(AREA, name, "can't be asked", Severity.WRONG, str(error))
    return Inspection(AREA, name, f"reached ({public_url(url)} answers {reply.status})")


def _missed(name: str, why: str) -> Inspection:
    return Inspection(AREA, name, why, Severity.NOTE, FILES_OFFLINE if name == FILES else "")
