"""The limit on cost: nothing is sent that might exceed it, nothing paid is lost, and everyone gets an answer."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.client import ChatRequest
from hf_datasets.ledger.store import Ledger
from hf_datasets.records import Completion
from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.judge.engines.budget import Budget, BudgetEngine
from mtbenchx_tasks.judge.engines.engine import Judged, QueueEngine, ended
from mtbenchx_tasks.judge.engines.live import LiveEngine
from mtbenchx_tasks.judge.prices import Price

DOLLAR = Price.flat(0, 1e6)
"""A price of one dollar a token written: the worst case of a request is five times its max_tokens (one and four)."""

FAILED = Completion("failed", reason="HTTP 500")


class Transport:
    """A judge that writes as many tokens as the request's text says."""

    def __init__(self, say: Callable[[int], Completion] | None = None) -> None:
        self.say = say or usage
        self.asked: list[int] = []

    def complete(self, request: ChatRequest) -> Completion:
        self.asked.append(int(request.messages[0]["content"].split()[0]))
        return self.say(self.asked[-1])


def usage(tokens: int) -> Completion:
    return Completion("answered", "[[8]]", details={"usage": {"prompt_tokens": 0, "completion_tokens": tokens}})


def request(tokens: int, most: int = 10, number: int = 0) -> ChatRequest:
    """A request that costs so many dollars, and at most so many."""
    return ChatRequest("u", "m", ({"role": "user", "content": f"{tokens} {number}"},), {"max_tokens": most // 5})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    yield ledger
    ledger._db.close()


def engine(transport: Transport, ledger: Ledger, budget: Budget, concurrency: int = 1) -> BudgetEngine:
    return BudgetEngine(LiveEngine(transport, "m", ledger, concurrency), DOLLAR, lambda _: 0, budget)


def states(engine: BudgetEngine, *requests: ChatRequest) -> list[str]:
    futures = [engine.submit(request) for request in requests]
    engine.finish()
    return [future.result(0).completion.state for future in futures]


def test_what_does_not_fit_is_not_asked(ledger: Ledger) -> None:
    transport, budget = Transport(), Budget(25)
    found = states(engine(transport, ledger, budget), *(request(10, 10, number) for number in range(4)))
    assert found == ["answered", "answered", "failed", "failed"]  # 10 + 10; a third might make 30
    assert (budget.spent, budget.reserved, budget.not_asked, len(transport.asked)) == (20, 0, 2, 2)


def test_the_reason_names_the_limit(ledger: Ledger) -> None:
    limited = engine(Transport(), ledger, Budget(5))
    assert limited.submit(request(10)).result(0).completion.reason == "not asked: --max-cost 5.00 is reached"


def test_cheap_results_make_room_for_those_that_wait(ledger: Ledger) -> None:
    # one is set aside for 10 at a time and costs 1
    transport, budget = Transport(), Budget(12)
    assert states(engine(transport, ledger, budget), *(request(1, 10, i) for i in range(8))) == (
        ["answered"] * 3 + ["failed"] * 5  # after 3 are paid, 3 + 10 > 12
    )
    assert budget.spent == 3


def test_what_the_ledger_holds_costs_nothing(ledger: Ledger) -> None:
    states(engine(Transport(), ledger, Budget(100)), request(10))
    transport, budget = Transport(), Budget(0)
    assert states(engine(transport, ledger, budget), request(10)) == ["answered"]
    assert (transport.asked, budget.spent) == ([], 0)


def test_what_was_paid_is_kept_and_a_higher_limit_goes_on(ledger: Ledger) -> None:
    plan = [request(10, 10, number) for number in range(4)]
    states(engine(Transport(), ledger, Budget(20)), *plan)
    transport = Transport()
    assert states(engine(transport, ledger, Budget(20)), *plan) == ["answered"] * 4
    assert len(transport.asked) == 2


def test_a_probe_is_set_aside_while_it_is_in_flight_and_paid_once(ledger: Ledger) -> None:
    # Two files of one language have one probe: 10 dollars at most, 3 in fact. An engine's first probe is waited for.
    go_on, budget = threading.Event(), Budget(100)
    transport = Transport(lambda tokens: usage(tokens) if tokens == 1 or go_on.wait(60) else FAILED)
    limited = engine(transport, ledger, budget)
    limited.check([request(1)])
    for _ in range(2):
        (asked,) = limited.check([request(3)])
    assert (budget.spent, budget.reserved, budget.in_flight) == (1, 10, 1)
    go_on.set()
    assert asked.result(60).completion.state == "answered"
    limited.finish()
    assert (budget.spent, budget.reserved, transport.asked) == (4, 0, [1, 3])


def test_a_probe_waits_for_the_room_that_those_in_flight_may_make(ledger: Ledger) -> None:
    # 1 is spent and 10 are set aside of 15: the second language's probe fits when the first one's has cost 1.
    go_on, budget = threading.Event(), Budget(15)
    transport = Transport(lambda _: usage(1) if len(transport.asked) == 1 or go_on.wait(60) else FAILED)
    limited = engine(transport, ledger, budget)
    limited.check([request(1, number=0)])
    threading.Timer(0.1, go_on.set).start()
    asked = [limited.check([request(1, number=number)])[0] for number in (1, 2)]
    assert [one.result(60).completion.state for one in asked] == ["answered"] * 2
    limited.finish()
    assert (budget.spent, budget.reserved) == (3, 0)


def test_a_probe_that_does_not_fit_is_not_asked_and_one_that_cannot_be_asked_costs_nothing(ledger: Ledger) -> None:
    transport, budget = Transport(), Budget(15)
    limited = engine(transport, ledger, budget)
    assert limited.check([request(1, number=0), request(1, number=1)]) == ()  # 10 + 10 at most
    transport.check = refuse  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="no such model"):
        limited.check([request(1)])
    assert (budget.spent, budget.reserved, budget.in_flight, transport.asked) == (0, 0, 0, [])


def refuse(model: str) -> None:
    raise UserError(f"no such model: {model}")


def test_equal_requests_are_paid_once(ledger: Ledger) -> None:
    budget = Budget(100)
    states(engine(Transport(), ledger, budget), request(10), request(10))
    assert budget.spent == 10


@pytest.mark.parametrize(
    ("completion", "spent", "reserved"),
    [
        (Completion("failed", reason="HTTP 429: slow down"), 0, 0),  # the endpoint refused: free
        (Completion("failed", reason="no whole answer within 120 s"), 0, 10),  # it may have worked
        (Completion("answered", "[[8]]"), 0, 10),  # it told no usage
        (Completion("refused", details={"usage": {"prompt_tokens": 5, "completion_tokens": 2}}), 2, 0),
    ],
)
def test_what_each_outcome_costs(ledger: Ledger, completion: Completion, spent: float, reserved: float) -> None:
    budget = Budget(100)
    states(engine(Transport(lambda _: completion), ledger, budget), request(10))
    assert (budget.spent, budget.reserved) == (spent, reserved)


def test_prompts_are_set_aside_too(ledger: Ledger) -> None:
    live = LiveEngine(Transport(), "m", ledger, 1)
    limited = BudgetEngine(live, Price.flat(1e6, 0), lambda messages: 7, Budget(6.5))
    assert states(limited, request(0)) == ["failed"]


def test_judges_share_one_budget(ledger: Ledger, tmp_path: Path) -> None:
    budget, other = Budget(15), Ledger(tmp_path / "other.sqlite")
    first, second = engine(Transport(), ledger, budget), engine(Transport(), other, budget)
    futures = [one.submit(request(10)) for one in (first, second)]
    first.finish()
    assert sorted(future.result(0).completion.state for future in futures) == ["answered", "failed"]
    other._db.close()


class Deferred(QueueEngine):
    """An inner engine that, like a local judge or a batch, works in `finish` only."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.rounds: list[int] = []

    def finish(self) -> None:
        self.rounds += [len(self._queue)] if self._queue else []
        for key in list(self._queue):
            self._end(key, usage(1))


def test_an_engine_that_works_in_finish_is_asked_until_the_line_is_empty(ledger: Ledger) -> None:
    inner, budget = Deferred(ledger), Budget(20)
    limited = BudgetEngine(inner, DOLLAR, lambda _: 0, budget)
    assert states(limited, *(request(1, 10, i) for i in range(5))) == ["answered"] * 5
    assert (budget.spent, max(inner.rounds)) == (5, 2)  # never more than 2 x 10 at risk


def test_two_engines_that_work_in_finish_do_not_wait_for_each_other_forever(ledger: Ledger) -> None:
    budget = Budget(11)
    first, second = (BudgetEngine(Deferred(ledger), DOLLAR, lambda _: 0, budget) for _ in range(2))
    first.submit(request(1, 10, 1))
    waiting = second.submit(request(1, 10, 2))
    second.finish()
    assert waiting.result(0).completion.state == "answered"


def test_a_long_line_of_instant_results_is_no_deep_recursion(ledger: Ledger) -> None:
    class Instant(Deferred):
        def submit(self, request: ChatRequest) -> Future[Judged]:
            return ended(request.key, usage(0))

    budget = Budget(10)
    limited = BudgetEngine(Instant(ledger), DOLLAR, lambda _: 0, budget)
    with budget._books:
        budget._draining = True  # as if another thread were sending, so that the line grows
    futures = [limited.submit(request(0, 10, number)) for number in range(3000)]
    budget._draining = False
    limited.finish()
    assert all(future.done() for future in futures)
    assert budget.not_asked == 0


def test_stop_cancels_the_line_and_books_what_is_in_flight(ledger: Ledger) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def say(tokens: int) -> Completion:
        begun.set()
        go_on.wait(10)
        return usage(tokens)

    budget = Budget(25)
    limited = engine(Transport(say), ledger, budget)
    futures = [limited.submit(request(10, 10, number)) for number in range(4)]
    begun.wait(10)
    limited.stop()  # one is in flight, one waits for a thread, two wait for room
    go_on.set()
    assert futures[0].result(10).completion.state == "answered"
    assert [future.cancelled() for future in futures] == [False, True, True, True]
    limited.finish()
    assert (budget.spent, budget.reserved, budget.not_asked) == (10, 0, 0)


def test_an_inner_engine_that_breaks_does_not_hang(ledger: Ledger) -> None:
    class Broken(Deferred):
        def submit(self, request: ChatRequest) -> Future[Judged]:
            raise RuntimeError("cannot schedule new futures after shutdown")

    limited = BudgetEngine(Broken(ledger), DOLLAR, lambda _: 0, Budget(100))
    future = limited.submit(request(1))
    limited.finish()
    with pytest.raises(RuntimeError, match="shutdown"):
        future.result(0)


def test_the_summary_tells_what_matters_once(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    budget = Budget(15)
    limited = engine(Transport(), ledger, budget)
    states(limited, request(10, 10, 1), request(10, 10, 2))
    limited.finish()
    told = "Spent $10.00 of $15.00; 1 judgments were not asked: --max-cost 15.00 is reached."
    assert budget.summary == told
    assert caplog.messages.count(told) == 1


@given(
    plan=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2)), max_size=25),
    limit=st.integers(0, 60),
)
def test_spending_never_exceeds_the_limit_and_everyone_is_answered(plan: list[tuple[int, int]], limit: int) -> None:
    asked = [request(min(real, 5 * most), 5 * most, number) for number, (real, most) in enumerate(plan)]

    class Honest(Deferred):
        def finish(self) -> None:
            queue = list(self._queue.values())
            assert budget.spent + sum(5 * one.parameters["max_tokens"] for one in queue) <= limit
            for one in queue:
                self._end(one.key, usage(int(one.messages[0]["content"].split()[0])))

    class Nothing:
        def judgment(self, key: str) -> None:
            return None

    budget = Budget(limit)
    found = states(BudgetEngine(Honest(Nothing()), DOLLAR, lambda _: 0, budget), *asked)  # type: ignore[arg-type]
    assert len(found) == len(plan)
    assert budget.spent <= limit
    assert budget.reserved == budget.in_flight == 0
