"""How likely chance looks like a rule: never less likely than it is."""

from math import comb, exp, log
from random import Random

import pytest

from taskflow.services.recurring_processor.detection.chance import (
    PRIOR,
    Fit,
    confidence,
    log_chance,
    log_chance_of_all_days,
)


def test_days_that_all_keep_to_a_rule_are_one_choice_of_many() -> None:
    # Ten Tuesdays in a row: eight between the first and the last, of 62 days.
    fit = Fit(span=64, slots=10, hits=10, days=10, width=1)
    assert log_chance(fit) == pytest.approx(-log(comb(62, 8)))


@pytest.mark.parametrize(("days", "width", "hits"), [(6, 1, 3), (8, 3, 5), (10, 3, 5), (12, 1, 4)])
def test_the_bound_is_no_less_than_what_random_days_do(days: int, width: int, hits: int) -> None:
    random, span, every, turns = Random(days), 43, 7, 4_000
    between = [
        range(slot - width // 2, slot + width // 2 + 1) for slot in range(every, span - 1, every)
    ]
    reached = 0
    for _ in range(turns):
        drawn = set(random.sample(range(1, span - 1), days))
        reached += sum(not drawn.isdisjoint(near) for near in between) >= hits
    fit = Fit(span, slots=len(between) + 2, hits=hits + 2, days=days + 2, width=width)
    assert exp(log_chance(fit)) >= 0.9 * reached / turns


def test_where_all_days_are_due_a_coin_decides() -> None:
    fit = Fit(span=22, slots=22, hits=22, days=22, width=1)
    assert log_chance_of_all_days(fit) == pytest.approx(20 * log(0.5))
    assert log_chance_of_all_days(fit._replace(hits=12)) > log(0.5)


def test_two_days_tell_nothing() -> None:
    fit = Fit(span=8, slots=2, hits=2, days=2, width=1)
    assert log_chance(fit) == 0
    assert log_chance_of_all_days(fit) == 0


def test_what_chance_does_often_leaves_what_was_known_before() -> None:
    assert confidence(0.0) == confidence(-1.0) == PRIOR
    assert confidence(-1.01) == pytest.approx(PRIOR, rel=0.01)


def test_the_less_likely_by_chance_the_surer() -> None:
    # One in 10,000 speaks at most 400 to 1 for the rule, against odds of 1 to 9 before.
    assert confidence(log(1e-4)) == pytest.approx(399.4 / (399.4 + 9), rel=1e-3)
    sure = [confidence(-step / 10) for step in range(10, 1_000)]
    assert sure == sorted(sure)
    assert sure[-1] <= 1
