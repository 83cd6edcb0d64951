"""The gate: halves in a storm, once a second; opens again when the endpoint answers."""

import heapq
import itertools
import random
import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_datasets.endpoints.client import ChatRequest, OpenAIChat
from hf_datasets.endpoints.limiter import Limiter
from tests.doubles.openai_api import Reply, completion, error, serve


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def storm(limiter: Limiter, clock: Clock, seconds: int = 1) -> None:
    """Refusals all the time, for so long."""
    for _ in range(seconds):
        clock.now += 1
        for _ in range(50):
            limiter.slow_down()


def held(limiter: Limiter, slots: int) -> ExitStack:
    stack = ExitStack()
    for _ in range(slots):
        stack.enter_context(limiter.slot())
    return stack


@pytest.mark.parametrize(("seconds", "allowed"), [(0, 64), (1, 32), (2, 16), (5, 2), (6, 1), (20, 1)])
def test_a_storm_halves_once_a_second_and_never_below_one(seconds: int, allowed: int) -> None:
    clock = Clock()
    limiter = Limiter(64, clock)
    with held(limiter, 64):
        storm(limiter, clock, seconds)
    assert limiter.allowed == allowed


def test_what_is_in_flight_is_halved_not_what_might_be() -> None:
    clock = Clock()
    limiter = Limiter(1000, clock)
    with held(limiter, 10):
        storm(limiter, clock)
    assert limiter.allowed == 5


def test_a_few_refusals_among_many_requests_are_no_storm() -> None:
    clock = Clock()
    limiter = Limiter(64, clock)
    with held(limiter, 64):
        for _ in range(3):  # seconds, each with 64 / 16 refusals
            clock.now += 1
            for _ in range(4):
                limiter.slow_down()
        assert limiter.allowed == 64
        limiter.slow_down()  # the fifth within this second
    assert limiter.allowed == 32


def test_with_nothing_in_flight_there_is_nothing_to_halve() -> None:
    limiter = Limiter(8)
    limiter.slow_down()  # as when a preflight is refused
    assert limiter.allowed == 8


def test_after_a_full_window_of_answers_each_lets_one_more_in() -> None:
    clock = Clock()
    limiter = Limiter(8, clock)
    with held(limiter, 8):
        storm(limiter, clock)
    seen = []
    for _ in range(10):
        limiter.succeeded()
        seen.append(limiter.allowed)
    assert seen == [4, 4, 4, 4, 5, 6, 7, 8, 8, 8]  # a window of 4, then one by one up to the 8 it began with


def test_no_one_enters_until_fewer_are_in_flight_than_allowed() -> None:
    clock = Clock()
    limiter = Limiter(4, clock)
    entered = threading.Event()

    def enter() -> None:
        with limiter.slot():
            entered.set()

    first, second, third = held(limiter, 1), held(limiter, 2), held(limiter, 1)
    storm(limiter, clock)  # 4 -> 2, with 4 in flight
    thread = threading.Thread(target=enter)
    thread.start()
    second.close()  # 2 in flight of 2
    assert not entered.wait(0.05)
    first.close()
    assert entered.wait(10)
    third.close()
    thread.join()


def test_a_slot_is_given_back_whatever_happens() -> None:
    limiter = Limiter(1)
    with pytest.raises(ValueError, match="boom"), limiter.slot():
        raise ValueError("boom")
    with limiter.slot():
        pass


def test_one_more_allowed_wakes_one_who_waits() -> None:
    clock = Clock()
    limiter = Limiter(2, clock)
    with held(limiter, 2):
        storm(limiter, clock)  # 2 -> 1
    entered = threading.Event()

    def enter() -> None:
        with limiter.slot():
            entered.set()

    with limiter.slot():
        thread = threading.Thread(target=enter)
        thread.start()
        for _ in range(2):  # a window of 1, then one more
            limiter.succeeded()
        assert entered.wait(10)
    thread.join()


@given(st.lists(st.sampled_from(["enter", "leave", "refused", "answered", "second"])), st.integers(1, 9))
def test_whatever_comes_the_gate_stays_in_bounds(events: list[str], most: int) -> None:
    clock = Clock()
    limiter = Limiter(most, clock)
    inside: list[ExitStack] = []
    for event in events:
        if event == "enter" and len(inside) < limiter.allowed:
            inside.append(held(limiter, 1))
        elif event == "leave" and inside:
            inside.pop().close()
        elif event == "second":
            clock.now += 1
        elif event in ("refused", "answered"):
            (limiter.slow_down if event == "refused" else limiter.succeeded)()
        assert 1 <= limiter.allowed <= most
    for stack in inside:
        stack.close()


def test_many_threads_never_exceed_it() -> None:
    limiter, lock = Limiter(3), threading.Lock()
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(50):
            with limiter.slot():
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 3


# what it is good for, in simulated time ------------------------------------------------------------------------------


class Day:
    """64 threads with 800 requests at an endpoint that takes 8 at a time, 1 s each, and answers 429 to the others.

    The client is the official one's double: 6 retries, after 0.5, 1, 2, 4, 8, 8 s with jitter or after Retry-After.
    """

    def __init__(self, limiter: Limiter | None, clock: Clock, retry_after: float | None) -> None:
        self.limiter, self.clock, self.retry_after = limiter, clock, retry_after
        self.left, self.slots, self.busy = 800, 0, 0
        self.refused = self.failed = 0
        self.dice, self.order = random.Random(0), itertools.count()
        self.events: list[tuple[float, int, Callable[..., None], tuple[int, ...]]] = []

    def later(self, seconds: float, what: Callable[..., None], *which: int) -> None:
        heapq.heappush(self.events, (self.clock.now + seconds, next(self.order), what, which))

    def run(self) -> "Day":
        stack: list[ExitStack] = []
        self.enter(stack)
        while self.events:
            self.clock.now, _, what, which = heapq.heappop(self.events)
            what(*which)
            while len(stack) > self.slots:
                stack.pop().close()
            self.enter(stack)
        return self

    def enter(self, stack: list[ExitStack]) -> None:
        while self.left and self.slots < min(64, self.limiter.allowed if self.limiter else 64):
            stack.append(held(self.limiter or Limiter(1000), 1))
            self.left -= 1
            self.slots += 1
            self.attempt(0)

    def attempt(self, number: int) -> None:
        if self.busy < 8:
            self.busy += 1
            self.later(1.0, self.answered)
        else:
            self.later(0.05, self.refuse, number)

    def answered(self) -> None:
        self.busy -= 1
        self.slots -= 1
        if self.limiter:
            self.limiter.succeeded()

    def refuse(self, number: int) -> None:
        self.refused += 1
        if self.limiter:
            self.limiter.slow_down()
        if number == 6:
            self.failed += 1
            self.slots -= 1
        else:
            backoff = min(0.5 * 2**number, 8) * (1 - 0.25 * self.dice.random())
            self.later(self.retry_after or backoff, self.attempt, number + 1)


@pytest.mark.parametrize("retry_after", [None, 1.0])
def test_far_fewer_are_refused_and_almost_none_fails(retry_after: float | None) -> None:
    clock = Clock()
    slowed = Day(Limiter(1000, clock), clock, retry_after).run()
    stubborn = Day(None, Clock(), retry_after).run()
    assert stubborn.failed > 100
    assert slowed.failed <= 8  # those that began with the first 64, before anyone knew
    assert slowed.refused < stubborn.refused / 2


# the chat client's -------------------------------------------------------------------------------------------------

CALM, SLOWER = 8, 4


@pytest.mark.parametrize(
    ("refusal", "allowed"),
    [
        (error(429, "slow down", retry_after_ms="1"), SLOWER),
        (error(503, "busy", retry_after_ms="1"), SLOWER),
        (error(503, "busy", Retry_After="0.01"), SLOWER),
        (error(500, "boom", retry_after_ms="1"), CALM),
        (Reply(completion("[[8]]")), CALM),
    ],
    ids=["429", "503 retry-after-ms", "503 Retry-After", "500", "200"],
)
def test_a_refusal_that_the_client_retries_slows_down(refusal: Reply, allowed: int) -> None:
    replies = iter([refusal])
    with serve(lambda _: next(replies, "[[8]]")) as api:
        chat = OpenAIChat(api.url)
        chat.limiter = Limiter(CALM)
        with held(chat.limiter, CALM):
            assert chat.complete(ChatRequest(api.url, "m", ({"role": "user", "content": "x"},))).text == "[[8]]"
    assert chat.limiter.allowed == allowed


def test_a_client_that_is_gone_has_closed_its_connections() -> None:
    with serve(lambda _: "[[8]]") as api:
        chat = OpenAIChat(api.url)
        chat.complete(ChatRequest(api.url, "m", ({"role": "user", "content": "x"},)))
        (connection,) = chat._sender._wire._connections.resting  # kept for the next request
        assert not connection.is_closed()
        del chat
        assert connection.is_closed()
