"""The horizon against a table that is known whole: nothing is missed, held twice or too much."""

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from taskflow.services.reminder.horizon import AGAIN, LEASE, Horizon
from taskflow.services.reminder.ports import Claim

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MOST = 8
WINDOW = timedelta(minutes=1)
NAMES = st.integers(1, 25).map(lambda number: UUID(int=number))
# Around the edge of the window, on it, and at the same instant as others.
AHEAD = st.integers(-30, 150).map(lambda seconds: seconds * SECOND)
PLANS = st.dictionaries(NAMES, AHEAD, min_size=1, max_size=12)


def name(number: int) -> UUID:
    return UUID(int=number)


def filled(*seconds: int, most: int = MOST) -> Horizon:
    """A horizon that has read what is due in so many seconds, where all of it fits."""
    horizon = Horizon(most, WINDOW)
    edge = horizon.open(START)
    horizon.read({name(number): START + after * SECOND for number, after in enumerate(seconds)})
    horizon.close(edge)
    return horizon


class World(RuleBasedStateMachine):
    """A table, whoever changes it, and one who fires what the horizon hands out."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.horizon = Horizon(MOST, WINDOW)
        self.table: dict[UUID, datetime] = {}
        self.claims: dict[str, tuple[Claim, datetime]] = {}
        self.holders: dict[UUID, str] = {}

    def read(self, *meanwhile: tuple[UUID, datetime]) -> None:
        """Read the table as a schedule does; what is planned meanwhile is not in what it sees."""
        edge = self.horizon.open(self.now)
        seen = sorted((at, one) for one, at in self.table.items() if at < edge)[: self.horizon.page]
        for one, at in meanwhile:
            self.plan(one, at)
        self.horizon.read({one: at for at, one in seen})
        self.horizon.close(seen[-1][0] if len(seen) == self.horizon.page else edge)

    def plan(self, one: UUID, at: datetime) -> None:
        self.table[one] = at
        self.horizon.plan({one: at})

    def claim(self, limit: int) -> Claim:
        claim = self.horizon.take(self.now, limit)
        if not claim.ids and self.horizon.is_short(self.now):
            self.read()
            claim = self.horizon.take(self.now, limit)
        assert len(claim.ids) <= limit
        assert set(claim.ids).isdisjoint(self.out())
        self.claims[claim.mark] = (claim, self.now + LEASE)
        self.holders.update(dict.fromkeys(claim.ids, claim.mark))
        return claim

    def out(self) -> set[UUID]:
        """What is claimed, and neither settled nor lapsed, nor claimed by another since."""
        return {
            one
            for claim, until in self.claims.values()
            if until > self.now
            for one in claim.ids
            if self.holders[one] == claim.mark
        }

    def fire(self, claim: Claim) -> None:
        """Fire what is due of a claim, and settle it."""
        pending = {one: at for one in claim.ids if (at := self.table.get(one)) is not None}
        for one in [one for one, at in pending.items() if at <= self.now]:
            del self.table[one], pending[one]
        self.settle(claim, pending)

    def settle(self, claim: Claim, pending: dict[UUID, datetime]) -> None:
        self.horizon.settle(claim, pending, self.now)
        del self.claims[claim.mark]

    @rule(plans=PLANS)
    def somebody_plans(self, plans: dict[UUID, timedelta]) -> None:
        for one, ahead in plans.items():
            self.plan(one, self.now + ahead)

    @rule(one=NAMES)
    def somebody_cancels_without_a_word(self, one: UUID) -> None:
        self.table.pop(one, None)

    @rule(plans=PLANS)
    def somebody_plans_while_the_table_is_read(self, plans: dict[UUID, timedelta]) -> None:
        self.read(*((one, self.now + ahead) for one, ahead in plans.items()))

    @rule(one=NAMES, ahead=AHEAD)
    def a_reading_fails(self, one: UUID, ahead: timedelta) -> None:
        self.horizon.open(self.now)
        self.plan(one, self.now + ahead)

    @rule(limit=st.integers(1, 6))
    def a_worker_claims(self, limit: int) -> None:
        self.claim(limit)

    @precondition(lambda self: self.claims)
    @rule(pick=st.randoms(use_true_random=False), one=NAMES, ahead=AHEAD)
    def a_worker_fires_while_somebody_plans(
        self, pick: Random, one: UUID, ahead: timedelta
    ) -> None:
        claim, _ = self.claims[pick.choice(sorted(self.claims))]
        self.plan(one, self.now + ahead)
        self.fire(claim)

    @precondition(lambda self: self.claims)
    @rule(pick=st.randoms(use_true_random=False))
    def a_worker_could_not(self, pick: Random) -> None:
        claim, _ = self.claims[pick.choice(sorted(self.claims))]
        self.settle(claim, {one: self.table[one] for one in claim.ids if one in self.table})

    @rule(seconds=st.integers(-120, 120))
    def the_clock_goes_on_or_jumps(self, seconds: int) -> None:
        self.now += seconds * SECOND
        if seconds < 0:
            # Where nothing is due the table is looked at by a clock that never jumps.
            self.horizon.plan(self.table)

    @rule()
    def it_is_forgotten(self) -> None:
        self.horizon.forget()
        self.claims.clear()
        self.read()

    @rule(seconds=st.integers(0, 20))
    def all_that_is_due_fires(self, seconds: int) -> None:
        self.now += seconds * SECOND
        for claim, _ in list(self.claims.values()):
            self.fire(claim)
        self.now += AGAIN
        while (claim := self.claim(3)).ids:
            self.fire(claim)
        assert [at for at in self.table.values() if at <= self.now] == []

    @invariant()
    def memory_is_bounded(self) -> None:
        assert len(self.horizon) <= MOST
        assert len(self.horizon._claimed) <= MOST
        assert len(self.horizon._heap) <= 3 * MOST

    @invariant()
    def who_sleeps_is_woken_in_time(self) -> None:
        waiting = [at for one, at in self.table.items() if one not in self.horizon._claimed]
        if self.horizon._is_open or not waiting:
            return
        wake = self.horizon.wake
        assert wake is not None
        assert wake <= min(waiting) or wake <= self.now + AGAIN


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=150, stateful_step_count=40)


def test_what_lies_beyond_the_edge_is_left_to_the_table() -> None:
    horizon = filled(1, 2)
    horizon.plan({name(7): START + WINDOW, name(8): START + WINDOW - SECOND})
    assert len(horizon) == 3
    assert horizon.edge == START + WINDOW


def test_where_too_much_is_planned_the_latest_is_left_to_the_table() -> None:
    horizon = filled(1, 2, 3, 4, 5, 6, 7, 8)
    horizon.plan({name(9): START})
    assert len(horizon) == horizon.page == 6
    assert horizon.edge == START + 6 * SECOND
    assert horizon.next == START


def test_the_horizon_moves_before_its_edge_is_reached() -> None:
    horizon = filled(59)
    assert horizon.wake == START + WINDOW / 2
    assert not horizon.is_short(START + WINDOW / 2 - SECOND)
    assert horizon.is_short(START + WINDOW / 2)


def test_it_is_not_read_again_while_enough_is_held_before_a_near_edge() -> None:
    horizon = Horizon(MOST, WINDOW)
    horizon.open(START)
    horizon.read({name(number): START + number * SECOND for number in range(1, 7)})
    horizon.close(START + 6 * SECOND)
    assert not horizon.is_short(START)
    horizon.settle(horizon.take(START + 2 * SECOND, 2), {}, START + 2 * SECOND)
    assert horizon.is_short(START + 2 * SECOND)


def test_a_claim_that_nobody_settles_comes_back_after_its_lease() -> None:
    horizon = filled(0)
    assert horizon.take(START, 5).ids == [name(0)]
    assert horizon.take(START + LEASE - SECOND, 5).ids == []
    assert horizon.take(START + LEASE, 5).ids == [name(0)]


def test_who_settles_late_takes_nothing_from_who_has_it_now() -> None:
    horizon = filled(0)
    early = horizon.take(START, 5)
    horizon.take(START + LEASE, 5)
    horizon.settle(early, {}, START + LEASE)
    assert horizon.next == START + 2 * LEASE


def test_what_somebody_else_holds_just_now_is_tried_again_and_not_at_once() -> None:
    horizon = filled(0)
    horizon.settle(horizon.take(START, 5), {name(0): START}, START)
    assert horizon.next == START + AGAIN


def test_what_is_planned_while_it_is_claimed_is_known_once_that_is_settled() -> None:
    horizon = filled(0)
    claim = horizon.take(START, 5)
    horizon.plan({name(0): START + 9 * SECOND})
    horizon.plan({name(0): START + 7 * SECOND})
    assert horizon.next == START + LEASE
    horizon.settle(claim, {}, START)
    assert horizon.next == START + 7 * SECOND


def test_an_empty_table_is_asked_again_when_half_the_window_is_over() -> None:
    horizon = filled()
    assert horizon.next is None
    assert horizon.wake == START + WINDOW / 2
