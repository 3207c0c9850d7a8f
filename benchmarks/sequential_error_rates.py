"""Simulated error rates and delays of everything that is watched: guard, experiments, drift, certificates.

Run: ``python benchmarks/sequential_error_rates.py [--runs 400]``. One process; about ten minutes with 400 runs.
Every figure is the share of runs, with the 95 % Wilson interval where it is an error rate.
"""

from __future__ import annotations

# ruff: noqa: S311 - simulations want a generator that is seeded, not one that is secret
import argparse
import math
import random
from collections.abc import Callable

import numpy as np

from litellm_router_plugin.core.break_even import (
    PROBE_EVERY,
    BreakEvenState,
    CascadeOutcome,
    Standing,
    joint_view,
    verdict,
)
from litellm_router_plugin.core.drift import DriftMonitor
from litellm_router_plugin.core.experiment_analysis import Advice, ArmTotals, Goal, Metric, UnitTotals, analyse
from litellm_router_plugin.core.sequential import BernoulliRate, BoundedMean
from litellm_router_plugin.learning.certificates import (
    THRESHOLDS,
    Certificate,
    LabelledRoute,
    Loss,
    certify,
)

STOPS = {Advice.STOP_ARM_BETTER, Advice.STOP_ARM_WORSE}
OVERHEAD = 0.13
"""Draft and judge as a share of the target's cost, hence the break-even acceptance rate too."""


def error_rate(errors: int, runs: int) -> str:
    """A share with its Wilson interval."""
    share, z = errors / runs, 1.96
    middle = (share + z * z / (2 * runs)) / (1 + z * z / runs)
    half = z * math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs)) / (1 + z * z / runs)
    return f"{share:6.1%} [{max(0.0, middle - half):.1%}, {middle + half:.1%}]"


def delays(found: list[int | None]) -> str:
    """Share found, median and 90th percentile of the delay over all runs."""
    ordered = sorted(math.inf if delay is None else delay for delay in found)
    shown = [str(ordered[int(len(ordered) * q)]) for q in (0.5, 0.9)]
    share = sum(delay is not None for delay in found) / len(found)
    return f"found {share:4.0%}, median {shown[0]:>5}, 90th percentile {shown[1]:>5}"


# --- guard -----------------------------------------------------------------------------------------------------------


def cascade_request(rng: random.Random, acceptance: float, sigma: float) -> CascadeOutcome:
    direct = rng.lognormvariate(-7, sigma)
    accepted = rng.random() < acceptance
    return CascadeOutcome(direct * OVERHEAD + (0 if accepted else direct), direct, accepted)


def guard_run(rng: random.Random, acceptance: float, sigma: float, processes: int, most: int) -> int | None:
    """Requests of all processes together until they know that the cascade loses; each request is a look."""
    states = [BreakEvenState()] * processes
    for number in range(most):
        place = number % processes
        states[place] = states[place].with_outcome(cascade_request(rng, acceptance, sigma))
        if joint_view(states[0], states[1:]).is_bypassed:
            return number + 1
    return None


def reopening_run(rng: random.Random, acceptance: float, most: int) -> int | None:
    """Probes until a bypassed cascade is seen to pay."""
    state = BreakEvenState(sized=100, size_usd=0.15).in_phase(1)
    for number in range(most):
        state = state.with_outcome(cascade_request(rng, acceptance, 1.0))
        if verdict(state) is Standing.PAYING:
            return number + 1
    return None


def late_loss_run(rng: random.Random, calm: int, most: int) -> int | None:
    """Requests after a long paying time until a cascade that no longer passes anything is stopped."""
    state = BreakEvenState()
    for _ in range(calm):
        state = state.with_outcome(cascade_request(rng, 0.6, 1.0))
    for number in range(most):
        state = state.with_outcome(cascade_request(rng, 0.0, 1.0))
        if verdict(state) is Standing.LOSING:
            return number + 1
    return None


def guard(runs: int) -> None:
    print("break-even guard: draft and judge cost .13 of the target, log-normal costs, looked at after every request")
    rng = random.Random(1)
    for sigma in (0.5, 1.0, 1.5):
        for acceptance in (OVERHEAD, 0.2):
            stopped = sum(guard_run(rng, acceptance, sigma, 1, 2_000) is not None for _ in range(runs // 2))
            rate = error_rate(stopped, runs // 2)
            print(f"  stopped in 2,000 requests, acceptance {acceptance:.2f}, sigma {sigma}: {rate}")
    for processes in (1, 4):
        for acceptance in (0.0, 0.05):
            found = [guard_run(rng, acceptance, 1.0, processes, 3_000) for _ in range(runs // 4)]
            print(f"  losing, acceptance {acceptance:.2f}, {processes} process(es): requests {delays(found)}")
    found = [guard_run(rng, 0.05, 1.5, 1, 3_000) for _ in range(runs // 4)]
    print(f"  losing, acceptance 0.05, sigma 1.5: requests {delays(found)}")
    found = [late_loss_run(rng, 5_000, 3_000) for _ in range(max(10, runs // 40))]
    print(f"  paid for 5,000 requests, then accepts none: requests {delays(found)}")
    for acceptance in (0.3, 0.6):
        found = [reopening_run(rng, acceptance, 2_000) for _ in range(runs // 4)]
        print(f"  bypassed, acceptance {acceptance}: probes (one in {PROBE_EVERY} requests) {delays(found)}")


# --- intervals -------------------------------------------------------------------------------------------------------


def rate_misses(rng: random.Random, true: float, looks: int) -> bool:
    """Whether a watched rate's 95 % interval ever leaves out the truth."""
    rate, limit = BernoulliRate(), math.log(20)
    for _ in range(looks):
        rate = rate.with_value(rng.random() < true)
        if rate.log_evidence(true) > limit:
            return True
    return False


def mean_misses(rng: random.Random, true: float, looks: int) -> bool:
    """Whether a watched mean's 95 % interval ever leaves out the truth."""
    mean = BoundedMean()
    for _ in range(looks):
        mean = mean.with_value(float(rng.random() < true))
        if true not in mean.interval(0.95):
            return True
    return False


def intervals(runs: int) -> None:
    print("95 % intervals that ever miss the truth in 2,000 looks")
    rng = random.Random(2)
    for true in (0.02, 0.3, 0.8):
        rates = sum(rate_misses(rng, true, 2_000) for _ in range(5 * runs))
        means = sum(mean_misses(rng, true, 2_000) for _ in range(runs))
        print(f"  truth {true}: rate {error_rate(rates, 5 * runs)}, mean {error_rate(means, runs)}")


# --- experiments -----------------------------------------------------------------------------------------------------


def experiment_run(
    rng: random.Random, *, metric: Metric, share: float, users: int, effect: float, sigma: float, most: int
) -> int | None:
    """Requests until a stop is advised, looked at every 50. Users differ in cost and in how often they come."""
    arms = {True: ArmTotals(), False: ArmTotals()}
    traits: dict[int, tuple[bool, float, float]] = {}
    totals: dict[int, UnitTotals] = {}
    for number in range(1, most + 1):
        user = int(users * rng.random() ** 1.5) if users else number
        if user not in traits:
            traits[user] = (rng.random() < share, rng.lognormvariate(0, 0.5), rng.betavariate(2, 8))
        treated, dear, hard = traits[user]
        before = totals.get(user)
        now = grown(before, dear * rng.lognormvariate(0, sigma) * (1 + effect * treated), rng.random() < hard)
        arms[treated] = replaced(arms[treated], before, now)
        if users:
            totals[user] = now
        if number % 50 == 0:
            report = analyse(arms[False], arms[True], share=share, goal=Goal(metric, 0.1))
            if report.advice in STOPS or report.mismatch:
                return number
    return None


def grown(before: UnitTotals | None, cost: float, escalated: bool) -> UnitTotals:  # noqa: FBT001 - an observation
    old = before or UnitTotals(0)
    count = old.requests + 1
    return UnitTotals(count, old.escalated + escalated, count, old.cost_usd + cost)


def replaced(arm: ArmTotals, before: UnitTotals | None, now: UnitTotals) -> ArmTotals:
    """The arm with one unit's totals brought up to date, so that a look need not go over all units."""
    if before is None:
        return arm.with_unit(now)
    gone = ArmTotals().with_unit(before)
    minus = ArmTotals(
        -gone.units,
        -gone.requests,
        type(gone.cost)(*(-getattr(gone.cost, name) for name in gone.cost.__slots__)),
        type(gone.escalation)(*(-getattr(gone.escalation, name) for name in gone.escalation.__slots__)),
    )
    return arm.merged(minus).with_unit(now)


def experiments(runs: int) -> None:
    print("experiments: stopped (or called broken) in 5,000 requests although the arms are equal, a look every 50")
    rng = random.Random(3)
    for metric in (Metric.COST, Metric.ESCALATION):
        for share, users, sigma in (
            (0.5, 0, 1.0),
            (0.5, 0, 1.5),
            (0.1, 0, 1.0),
            (0.1, 0, 1.5),
            (0.5, 600, 1.0),
            (0.1, 2_000, 1.0),
        ):
            stopped = sum(
                experiment_run(rng, metric=metric, share=share, users=users, effect=0, sigma=sigma, most=5_000)
                is not None
                for _ in range(runs // 2)
            )
            unit = f"{users} users" if users else "requests"
            print(f"  {metric}, share {share}, {unit}, sigma {sigma}: {error_rate(stopped, runs // 2)}")
    for share, effect in ((0.5, 0.3), (0.1, 0.3), (0.1, 1.0)):
        found = [
            experiment_run(rng, metric=Metric.COST, share=share, users=0, effect=effect, sigma=1.0, most=10_000)
            for _ in range(runs // 8)
        ]
        print(f"  arm {effect:.0%} dearer, share {share}: requests {delays(found)}")


# --- drift -----------------------------------------------------------------------------------------------------------


Draw = Callable[[random.Random], float]
SCORES: dict[str, Draw] = {
    "acceptance .7": lambda rng: float(rng.random() < 0.7),
    "acceptance .5": lambda rng: float(rng.random() < 0.5),
    "acceptance .4": lambda rng: float(rng.random() < 0.4),
    "score beta(6, 3)": lambda rng: rng.betavariate(6, 3),
    "score beta(5, 4)": lambda rng: rng.betavariate(5, 4),
    "score beta(2, 1)": lambda rng: rng.betavariate(2, 1),
}


def drift_run(rng: random.Random, before: Draw, after: Draw, change: int, most: int) -> int | None:
    """Values from the change to an alarm at 1 %; 0 or less is a false alarm."""
    monitor = DriftMonitor(str(rng.random()))
    for number in range(1, change + most + 1):
        monitor = monitor.with_value(before(rng) if number <= change else after(rng))
        if monitor.alarm(0.01):
            return number - change
    return None


def drift(runs: int) -> None:
    print("drift alarms at a false-alarm rate of 1 %, looked at after every value")
    rng = random.Random(4)
    for name in ("acceptance .7", "score beta(6, 3)"):
        alarms = sum(drift_run(rng, SCORES[name], SCORES[name], 3_000, 0) is not None for _ in range(runs))
        print(f"  steady {name}, 3,000 values: {error_rate(alarms, runs)}")
    for first, second in (
        ("acceptance .7", "acceptance .5"),
        ("acceptance .7", "acceptance .4"),
        ("score beta(6, 3)", "score beta(5, 4)"),
        ("score beta(6, 3)", "score beta(2, 1)"),
    ):
        found = [drift_run(rng, SCORES[first], SCORES[second], 1_000, 2_000) for _ in range(runs // 8)]
        found = [delay for delay in found if delay is None or delay > 0]
        print(f"  {first} to {second} after 1,000 values: values {delays(found)}")


# --- certificates ----------------------------------------------------------------------------------------------------


def labelled(rng: np.random.Generator, labels: int, skill: float) -> LabelledRoute:
    """Both models find the same prompts hard; the score knows the cheap one's odds."""
    ease = rng.normal(size=labels)
    score = 1 / (1 + np.exp(-(1.3 + skill * ease)))
    reference = 1 / (1 + np.exp(-(2.0 + 0.6 * skill * ease)))
    cheap_good, reference_good = rng.random(labels) < score, rng.random(labels) < reference
    return LabelledRoute(score, cheap_good.astype(np.float64), reference_good.astype(np.float64))


def certificates(runs: int) -> None:
    print("certificates at 95 %: useful (>= 10 % served cheap) / true loss above the limit / mean share served;")
    print("  last: the threshold that meets the limit on the labels themselves, true loss above the limit")
    losses: tuple[Loss, ...] = ("signed", "harm")
    for skill in (2.0, 1.0, 0.3):
        many = labelled(np.random.default_rng(5), 400_000, skill)
        for loss in losses:
            truth = {threshold: float(many.losses(threshold, loss).mean()) for threshold in THRESHOLDS}
            for labels, limit in ((100, 0.05), (200, 0.05), (400, 0.03), (1_600, 0.02)):
                rng = np.random.default_rng(6)
                routes = [labelled(rng, labels, skill) for _ in range(runs)]
                results = [certify(route, max_loss=limit, loss=loss) for route in routes]
                useful = [result for result in results if isinstance(result, Certificate)]
                wrong = sum(truth[result.threshold] > limit for result in useful)
                naive = sum(truth[point_estimate(route, limit, loss)] > limit for route in routes)
                served = sum(result.served for result in useful) / max(1, len(useful))
                print(
                    f"  skill {skill}, {loss:6}, {labels:5} labels, limit {limit:.0%}: {len(useful) / runs:4.0%}"
                    f" / {error_rate(wrong, runs)} / {served:4.0%}; by point estimate {naive / runs:4.0%}"
                )


def point_estimate(route: LabelledRoute, limit: float, loss: Loss) -> float:
    return min(threshold for threshold in THRESHOLDS if route.losses(threshold, loss).mean() <= limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--only", choices=["guard", "intervals", "experiments", "drift", "certificates"])
    options = parser.parse_args()
    for part in (guard, intervals, experiments, drift, certificates):
        if options.only in (None, part.__name__):
            part(options.runs)


if __name__ == "__main__":
    main()
