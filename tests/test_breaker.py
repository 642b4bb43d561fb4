"""The circuit breaker: when calls go out, when they do not, and how it comes back."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.breaker import FAILURES, REST, Breaker


def failed_times(times: int, now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = breaker.called().failed(now)
    return breaker


def test_five_failures_in_a_row_open_it() -> None:
    assert failed_times(FAILURES - 1).allows(0)
    assert not failed_times(FAILURES).allows(0)


def test_a_success_forgets_the_failures_before_it() -> None:
    breaker = failed_times(FAILURES - 1).called().succeeded()
    assert breaker == Breaker()


def test_after_its_rest_it_lets_one_probe_out() -> None:
    breaker = failed_times(FAILURES)
    assert not breaker.allows(REST - 0.1)
    assert breaker.allows(REST)
    assert not breaker.called().allows(REST)


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker = failed_times(FAILURES).called().succeeded()
    assert breaker.closed
    assert breaker.allows(REST)


def test_a_probe_that_fails_starts_the_rest_anew() -> None:
    breaker = failed_times(FAILURES).called().failed(REST)
    assert not breaker.allows(REST + REST - 0.1)
    assert breaker.allows(REST + REST)


def test_a_cancelled_probe_leaves_the_next_one_free() -> None:
    breaker = failed_times(FAILURES).called().abandoned()
    assert breaker.allows(REST)


def test_it_says_how_long_it_rests() -> None:
    assert failed_times(FAILURES, now=100).wait(130) == REST - 30
    assert Breaker().wait(0) == 0


class AnyCalls(RuleBasedStateMachine):
    """Calls that go out, come back, fail or are cancelled in any order, beside a plain account of them."""

    @initialize()
    def start(self) -> None:
        self.breaker = Breaker()
        self.now = 0.0
        self.out = 0
        self.failures = 0
        self.opened_at: float | None = None
        self.probes = 0

    @rule(seconds=st.floats(min_value=0, max_value=2 * REST))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.breaker.allows(self.now))
    @rule()
    def a_call_goes_out(self) -> None:
        self.probes = 0 if self.breaker.closed else self.probes + 1
        self.breaker = self.breaker.called()
        self.out += 1

    @precondition(lambda self: self.out)
    @rule()
    def a_call_succeeds(self) -> None:
        self.out -= 1
        self.probes = 0
        self.breaker = self.breaker.succeeded()
        self.failures, self.opened_at = 0, None

    @precondition(lambda self: self.out)
    @rule()
    def a_call_fails(self) -> None:
        self.out -= 1
        self.probes = 0
        self.breaker = self.breaker.failed(self.now)
        self.failures += 1
        if self.failures >= FAILURES:
            self.opened_at = self.now

    @precondition(lambda self: self.out)
    @rule()
    def a_call_is_cancelled(self) -> None:
        self.out -= 1
        self.probes = 0
        self.breaker = self.breaker.abandoned()

    @invariant()
    def it_is_open_exactly_after_enough_failures_in_a_row(self) -> None:
        assert self.breaker.closed == (self.failures < FAILURES)

    @invariant()
    def nothing_goes_out_while_it_rests(self) -> None:
        if self.opened_at is not None and self.now < self.opened_at + REST:
            assert not self.breaker.allows(self.now)

    @invariant()
    def one_probe_at_a_time(self) -> None:
        assert self.probes <= 1

    @invariant()
    def it_never_stays_shut_for_ever(self) -> None:
        if not self.out:
            assert self.breaker.allows(self.now + REST)


TestAnyCalls = AnyCalls.TestCase
