"""A circuit breaker spares what fails, tries it again after each rest, and is never stuck."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from taskflow.base.breaker import STATES, Breaker

FAILURES = 3
REST_SECONDS = 2.0
SOONER = 1.9


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(FAILURES, REST_SECONDS)
    for _ in range(FAILURES):
        assert breaker.admit(at)
        breaker.fail(at)
    return breaker


@given(st.integers(1, 20), st.floats(0.1, 60), st.floats(0, 1e9))
def test_it_opens_at_so_many_failures_in_a_row_and_not_before(
    failures: int, rest: float, now: float
) -> None:
    breaker = Breaker(failures, rest)
    for _ in range(failures):
        assert breaker.state(now) == "closed"
        assert breaker.admit(now)
        breaker.fail(now)
    assert breaker.state(now) == "open"
    assert not breaker.admit(now)


@given(st.lists(st.integers(0, FAILURES - 1)))
def test_failures_with_a_success_between_them_never_open_it(runs: list[int]) -> None:
    breaker = Breaker(FAILURES, REST_SECONDS)
    for run in runs:
        for _ in range(run):
            assert breaker.admit(0.0)
            breaker.fail(0.0)
        assert breaker.admit(0.0)
        breaker.succeed()
    assert breaker.state(0.0) == "closed"


def test_after_a_rest_one_call_is_tried_and_its_success_closes_it() -> None:
    breaker = opened()
    assert breaker.state(REST_SECONDS) == "half-open"
    assert [breaker.admit(REST_SECONDS) for _ in range(3)] == [True, False, False]
    breaker.succeed()
    assert breaker.state(REST_SECONDS) == "closed"
    assert breaker.admit(REST_SECONDS)


def test_a_failed_try_opens_it_for_another_rest() -> None:
    breaker = opened()
    assert breaker.admit(REST_SECONDS)
    breaker.fail(REST_SECONDS)
    assert breaker.rest(REST_SECONDS) == REST_SECONDS
    assert not breaker.admit(REST_SECONDS + SOONER)
    assert breaker.admit(2 * REST_SECONDS)


def test_a_try_that_is_given_up_lets_the_next_one_through_at_once() -> None:
    breaker = opened()
    assert breaker.admit(REST_SECONDS)
    breaker.abandon()
    assert breaker.admit(REST_SECONDS)


def test_a_try_whose_result_never_comes_holds_the_next_one_up_for_a_rest() -> None:
    breaker = opened()
    assert breaker.admit(REST_SECONDS)
    assert not breaker.admit(REST_SECONDS + SOONER)
    assert breaker.admit(2 * REST_SECONDS)


class Calls(RuleBasedStateMachine):
    """Calls that begin and end in any order, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(FAILURES, REST_SECONDS)
        self.now = 0.0
        self.running = 0
        self.in_a_row = 0
        self.last_failure = -REST_SECONDS

    @rule(eighths=st.integers(0, 48))
    def time_passes(self, eighths: int) -> None:
        self.now += eighths / 8  # which a float holds exactly

    @rule()
    def a_call_is_wanted(self) -> None:
        if self.in_a_row >= FAILURES and self.now - self.last_failure < REST_SECONDS:
            assert not self.breaker.admit(self.now)
        elif self.breaker.admit(self.now):
            self.running += 1

    @precondition(lambda self: self.running)
    @rule()
    def a_call_succeeds(self) -> None:
        self.running -= 1
        self.in_a_row = 0
        self.breaker.succeed()
        assert self.breaker.state(self.now) == "closed"

    @precondition(lambda self: self.running)
    @rule()
    def a_call_fails(self) -> None:
        self.running -= 1
        self.in_a_row += 1
        self.last_failure = self.now
        self.breaker.fail(self.now)

    @precondition(lambda self: self.running)
    @rule()
    def a_call_is_given_up(self) -> None:
        self.running -= 1
        self.breaker.abandon()

    @invariant()
    def its_state_says_what_a_call_would_meet(self) -> None:
        state, rest = self.breaker.state(self.now), self.breaker.rest(self.now)
        assert state in STATES
        assert (state == "open") == (rest > 0)
        assert 0 <= rest <= REST_SECONDS
        assert (state == "closed") == (self.in_a_row < FAILURES)

    def teardown(self) -> None:
        """Whatever happened, somebody is let through within a rest."""
        self.now += REST_SECONDS
        assert self.breaker.admit(self.now)


TestCalls = Calls.TestCase
