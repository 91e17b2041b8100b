"""Times contenders in turns, round by round, and summarises the rounds."""

import random
import statistics
import time

from contender import Failed

SLOW = 10  # times resnetc's time: a contender that is slower gets fewer turns, of one run each
SLOW_TURNS = 5


def measure(contenders, rounds, burst, warm_up, pause, seed):
    """The turns by name, each the median milliseconds of `burst` runs, and the best run. A contender that fails leaves the dictionary."""
    turns = {c.name: [] for c in contenders}
    best = {c.name: float("inf") for c in contenders}
    settled = {c.name: 0.0 for c in contenders}
    failed = {}

    def turn(contender, count):
        time.sleep(pause / 1e3)
        times = contender.run(count)
        settled[contender.name] = max(settled[contender.name], contender.settle())
        best[contender.name] = min(best[contender.name], *times)
        return statistics.median(times)

    def guarded(contender, count):
        try:
            return turn(contender, count)
        except Failed as error:
            failed[contender.name] = str(error)
            return None

    first = {c.name: guarded(c, 1) for c in contenders}
    if "resnetc" in failed:
        return turns, best, settled, failed
    slow = {name for name, ms in first.items() if ms is not None and ms > SLOW * first["resnetc"]}
    for contender in contenders:
        if contender.name not in slow and contender.name not in failed:
            guarded(contender, warm_up)
    best = dict.fromkeys(best, float("inf"))

    order = random.Random(seed)
    for index in range(rounds):
        turn_order = [c for c in contenders if c.name not in failed and not (c.name in slow and index >= SLOW_TURNS)]
        order.shuffle(turn_order)
        for contender in turn_order:
            ms = guarded(contender, 1 if contender.name in slow else burst)
            if ms is not None:
                turns[contender.name].append(ms)
    return turns, best, {name: seconds * 1e3 for name, seconds in settled.items()}, failed


def summary(name, turns, best, settled):
    """The row of one contender. A ratio is resnetc's turn divided by the contender's, round by round."""
    ratios = sorted(ours / theirs for ours, theirs in zip(turns["resnetc"], turns[name]))
    tenth = len(ratios) // 10
    return {
        "median_ms": statistics.median(turns[name]),
        "best_ms": best[name],
        "turns": len(turns[name]),
        "ratio_median": statistics.median(ratios),
        "ratio_10_percent": ratios[tenth],
        "ratio_90_percent": ratios[-1 - tenth],
        "ratio_best": best["resnetc"] / best[name],
        "longest_settling_ms": settled[name],
        "turns_ms": turns[name],
    }
