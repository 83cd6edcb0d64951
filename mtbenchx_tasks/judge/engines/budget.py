"""A limit on what judging may cost: a request is sent only if its worst case still fits, whatever is in flight.

Before a request is sent, its dearest outcome is set aside: its prompt and `max_tokens` of judgment, and both once more
with more room, since a judgment that is cut off is asked again. When its result arrives, what the endpoint reports to
have used is booked instead. Requests wait in line while results may still make room; what can never fit any more is not
asked. The probe before a run is paid from the same budget.
"""

import functools
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from hf_datasets.endpoints.client import ChatRequest, Message
from hf_datasets.endpoints.completions import UNREADABLE
from hf_datasets.endpoints.replies import BROKE_OFF, TIMED_OUT
from hf_datasets.records import Completion
from mtbenchx_tasks.judge.costs import tries
from mtbenchx_tasks.judge.engines.attempts import MORE_ROOM
from mtbenchx_tasks.judge.engines.engine import Engine, Judged
from mtbenchx_tasks.judge.prices import Price, cost_of

log = logging.getLogger("lm_eval.mtbenchx")
PERHAPS_PAID = (TIMED_OUT, BROKE_OFF, UNREADABLE)
"""Failures after which the endpoint may have worked and charged all the same."""
BOOKING_SECONDS = 0.05
"""A result is visible a moment before it is booked."""


@dataclass(eq=False)
class Waiting:
    """A request in line."""

    engine: "BudgetEngine"
    """Who sends it."""
    request: ChatRequest
    """What is asked."""
    worst: float
    """Its dearest outcome, in dollars."""
    future: Future[Judged] = field(default_factory=Future)
    """What the judge waits for."""


class Budget:
    """One limit, which the engines of several judges may share."""

    def __init__(self, max_cost: float, name: str = "--max-cost") -> None:
        self.max_cost, self._name = max_cost, name
        self.spent = 0.0
        """Dollars, as reported by the endpoints."""
        self.reserved = 0.0
        """Dollars set aside: for what is in flight, and for results that told no usage."""
        self.not_asked = 0
        """Requests that found no room."""
        self.in_flight = 0
        """Requests sent whose results aren't booked."""
        self.probing: set[str] = set()
        """Keys of probes in flight: files of one language share a probe, which is paid once."""
        self.engines: list[BudgetEngine] = []
        self._line: deque[Waiting] = deque()
        self._draining = False
        self._told = ""
        self._books = Condition()

    @property
    def limit(self) -> str:
        """Why a request wasn't asked."""
        return f"not asked: {self._name} {self.max_cost:.2f} is reached"

    @property
    def summary(self) -> str:
        """What was spent, what is set aside, and what wasn't asked, in one line."""
        aside = f", ${self.reserved:.2f} set aside for results that told no usage" if self.reserved else ""
        short = f"; {self.not_asked} judgments were {self.limit}" if self.not_asked else ""
        return f"Spent ${self.spent:.2f} of ${self.max_cost:.2f}{aside}{short}."

    def enqueue(self, item: Waiting) -> None:
        """Take a request; it is sent as soon as there is room."""
        with self._books:
            self._line.append(item)
        self.drain()

    def drain(self) -> None:
        """Send from the line what fits, in order; refuse what can't fit any more.

        One thread at a time drains; a result that arrives meanwhile is seen by its next look at the line.
        """
        with self._books:
            if self._draining:
                return
            self._draining = True
        while (taken := self._next()) is not None:
            item, fits = taken
            if fits:
                item.engine.send(item)
            else:
                item.future.set_result(Judged(item.request.key, Completion("failed", reason=self.limit)))

    def _next(self) -> tuple[Waiting, bool] | None:
        """Take the head of the line and tell whether it fits; None: the line is empty or has to wait."""
        with self._books:
            fits = bool(self._line) and self._has_room(self._line[0].worst)
            if not self._line or not (fits or self.in_flight == 0):
                self._draining = False
                return None
            item = self._line.popleft()
            if fits:
                self.reserved += item.worst
                self.in_flight += 1
            else:
                self.not_asked += 1
            return item, fits

    def book(self, item: Waiting, cost: float | None) -> None:
        """Replace what was set aside by what it cost; None: it isn't known, and stays set aside."""
        with self._books:
            self.in_flight -= 1
            if cost is not None:
                self.reserved -= item.worst
                self.spent += cost
            if self.in_flight == 0 and self.reserved < 1e-9:  # noqa: PLR2004  (what rounding leaves)
                self.reserved = 0.0
            self._books.notify_all()

    def finish(self) -> None:
        """Return when nothing is in flight or in line, whichever engine it is of; then log the summary once."""
        while True:
            self.drain()
            for engine in self.engines:
                engine.inner.finish()
            with self._books:
                if self.in_flight:
                    self._books.wait(BOOKING_SECONDS)
                elif not self._line:
                    break
        if self._told != self.summary:
            self._told = self.summary
            log.log(logging.WARNING if self.not_asked else logging.INFO, "%s", self.summary)

    def has_set_aside(self, items: Collection[Waiting]) -> bool:
        """Set aside what requests cost that pass the line, each to be booked; False: they don't all fit.

        What is in flight may make room, and is waited for.
        """
        worst = sum(item.worst for item in items)
        with self._books:
            self._books.wait_for(lambda: self._has_room(worst) or self.in_flight == 0)
            fits = self._has_room(worst)
            if fits:
                self.reserved += worst
                self.in_flight += len(items)
            return fits

    def _has_room(self, worst: float) -> bool:
        return self.spent + self.reserved + worst <= self.max_cost

    def leave(self, engine: "BudgetEngine") -> None:
        """Cancel what an engine has in line."""
        with self._books:
            leaving = [item for item in self._line if item.engine is engine]
            self._line = deque(item for item in self._line if item.engine is not engine)
        for item in leaving:
            item.future.cancel()


class BudgetEngine(Engine):
    """Passes on to another engine what the budget has room for."""

    def __init__(
        self,
        inner: Engine,
        price: Price,
        counter: Callable[[Sequence[Message]], int],
        budget: Budget,
        by_batch: Price | None = None,
    ) -> None:
        super().__init__(inner.ledger)
        self.inner = inner
        self._price, self._by_batch = price, by_batch or price
        self._counter, self._budget = counter, budget
        budget.engines.append(self)

    def check(self, probe: Sequence[ChatRequest]) -> Sequence[Future[Judged]]:
        """As the inner engine, if there is room for what the probe may cost; else there is none for the run either."""
        items = {request.key: Waiting(self, request, self._worst(request)) for request in probe if self._lacks(request)}
        if not self._budget.has_set_aside(items.values()):
            return ()
        asked: Sequence[Future[Judged]] = ()
        try:
            asked = self.inner.check(probe)
        finally:
            if not asked:
                for item in items.values():
                    self._budget.book(item, 0.0)
        for request, future in zip(probe, asked, strict=False):
            if request.key in items:
                self._budget.probing.add(request.key)
                future.add_done_callback(functools.partial(self._arrived, items[request.key]))
        return asked

    def _lacks(self, request: ChatRequest) -> bool:
        return request.key not in self._budget.probing and self.ledger.judgment(request.key) is None

    def attach_model(self, lm: Any) -> None:
        """As the inner engine."""
        self.inner.attach_model(lm)

    def _take(self, request: ChatRequest) -> Future[Judged]:
        item = Waiting(self, request, self._worst(request))
        self._budget.enqueue(item)
        return item.future

    def finish(self) -> None:
        """Wait for every request; an interrupt cancels what hasn't begun."""
        try:
            self._budget.finish()
        except BaseException:
            for engine in self._budget.engines:
                engine.stop()
            raise

    def stop(self) -> None:
        """Ask nothing more; what is in flight still arrives in the ledger and in the books."""
        self._budget.leave(self)
        self.inner.stop()

    def send(self, item: Waiting) -> None:
        """Hand a request that has room to the inner engine."""
        try:
            sent = self.inner.submit(item.request)
        except Exception as error:  # of any kind: an open future would be waited for for ever
            self._budget.book(item, 0.0)
            item.future.set_exception(error)
        else:
            sent.add_done_callback(functools.partial(self._arrived, item))

    def _arrived(self, item: Waiting, done: Future[Judged]) -> None:
        """Book a result and hand it on; whatever is in it, the books are closed, or `finish` would wait for ever."""
        self._budget.probing.discard(item.request.key)
        if done.cancelled():
            self._budget.book(item, 0.0)
            item.future.cancel()
            return  # the inner engine was stopped and must not be handed more
        error = done.exception()
        cost = None
        try:
            cost = None if error else self._cost(done.result().completion)
        finally:
            self._budget.book(item, cost)
            if error:
                item.future.set_exception(error)
            else:
                item.future.set_result(done.result())
            self._budget.drain()

    def _worst(self, request: ChatRequest) -> float:
        prompt, written = self._counter(request.messages), int(request.parameters.get("max_tokens", 0))
        return sum(cost_of(self._price, prompt, room * written) for room in (1, MORE_ROOM))

    def _cost(self, completion: Completion) -> float | None:
        """Return what all tries at a judgment cost, None if it can't be known."""
        asked = tries(completion.details)
        told = [(one.tokens, one.batch) for one in asked if one.tokens is not None]
        refused = completion.state == "failed" and not completion.reason.startswith(PERHAPS_PAID)
        if len(told) < len(asked) - refused:
            return None
        return sum(tokens.cost(self._by_batch if batch else self._price) for tokens, batch in told)
