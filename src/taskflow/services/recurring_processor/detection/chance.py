"""How likely it is that chance looks like a rule, and how sure we may be that it was none. Pure.

All probabilities are natural logarithms, as they become very small.
"""

from math import exp, lgamma, log
from typing import Final, NamedTuple

# One in so many things that are done repeatedly is a habit, before anything is known of its days.
PRIOR: Final = 0.1
_FAIR: Final = log(0.5)


class Fit(NamedTuple):
    """How well some days keep to a rule between the first and the last time that they do.

    Attributes:
        span: Days from the first to the last, both included.
        slots: How often the rule was due.
        hits: How often it was kept.
        days: On how many different days it was done.
        width: How many days count as keeping it: the due day, and those around that are near.
    """

    span: int
    slots: int
    hits: int
    days: int
    width: int


def log_chance(fit: Fit) -> float:
    """An upper bound for the chance that days drawn at random keep to a rule so well.

    The first and the last are taken as given, as they tell where the rule begins. The others are
    drawn anew from the days between: all choices are alike. The expected number of ways to find
    `hits` due times, each with a day of its own that is near, bounds the chance that there is one.
    """
    slots, hits, days, span = (number - 2 for number in (fit.slots, fit.hits, fit.days, fit.span))
    if hits <= 0:
        return 0.0
    ways = _log_choose(slots, hits) + hits * log(fit.width)
    return min(ways + _log_falling(days, hits) - _log_falling(span, hits), 0.0)


def log_chance_of_all_days(fit: Fit) -> float:
    """The chance to do a thing on so many days when a fair coin decides each day.

    Where every day is due no choice of days looks better than another.
    """
    slots, hits = fit.slots - 2, fit.hits - 2
    if hits <= 0:
        return 0.0
    terms = [_log_choose(slots, kept) + slots * _FAIR for kept in range(hits, slots + 1)]
    most = max(terms)
    return min(most + log(sum(exp(term - most) for term in terms)), 0.0)


def confidence(log_p: float) -> float:
    """The least probability that it was no chance, after what was seen (0 to 1).

    A chance of p speaks for the rule at most as strongly as -1 / (e p ln p) to 1 (Sellke, Bayarri
    and Berger, "Calibration of p Values for Testing Precise Null Hypotheses", 2001); what is known
    beforehand is `PRIOR`.
    """
    if log_p >= -1:
        return PRIOR
    log_odds = -1 - log_p - log(-log_p) + log(PRIOR / (1 - PRIOR))
    return 1 / (1 + exp(-log_odds))


def _log_choose(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)


def _log_falling(of: int, some: int) -> float:
    """The logarithm of of · (of - 1) · … with `some` factors."""
    return lgamma(of + 1) - lgamma(of - some + 1)
