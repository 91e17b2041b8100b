"""The process that holds one contender. It prepares the contender, runs it on command and sleeps otherwise. compare.py starts it.

    python3 bench/worker.py CONTENDER PROCESSORS CASE

Commands are numbers of runs, one on a line of standard input. Answers are JSON, one on a line of the first standard output.
"""

import os
import sys

if __name__ == "__main__":  # before any library counts the processors
    os.sched_setaffinity(0, {int(n) for n in sys.argv[2].split(",")})

import importlib
import importlib.metadata
import json
import pathlib
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "exactness"))

from case import Case  # noqa: E402


def one_line(error):
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:200]


def decibels(exact, noisy):
    """Signal over noise; infinite if nothing differs."""
    exact, noisy = exact.astype(np.float64).ravel(), noisy.astype(np.float64).ravel()
    noise = ((exact - noisy) ** 2).sum()
    return float(10 * np.log10((exact**2).sum() / noise)) if noise else float("inf")


def main():
    # Libraries may print on standard output. So the answers go to a copy of it, and the libraries' prints to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**fields):
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    name, processors, case = sys.argv[1], sys.argv[2].split(","), Case.from_json(sys.argv[3])
    start = time.perf_counter()
    try:
        peer = importlib.import_module(f"peers.{name}")
        version = importlib.metadata.version(peer.PACKAGE) if peer.PACKAGE else ""
        # The arrays are held until the end, because contenders keep addresses into them.
        picture, reference = np.load(case.file(".input.npy")), np.load(case.file(".reference.npy"))
        output = np.full_like(reference, np.nan)
        run = peer.prepare(case, len(processors), picture, output)
        run()
    except Exception as error:
        import traceback

        traceback.print_exc()
        answer(failed=one_line(error))
        return
    difference = float(np.abs(output - reference).max() / np.abs(reference).max())  # relative to the largest
    settings = peer.SETTINGS if isinstance(peer.SETTINGS, str) else peer.SETTINGS[case.precision]
    answer(difference=difference, decibels=decibels(reference, output), version=version, settings=settings,
           prepared_s=time.perf_counter() - start)  # fmt: skip
    clock = time.perf_counter
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begin = clock()
            run()
            times.append((clock() - begin) * 1e3)
        answer(ms=times)
    answers.close()
    os._exit(0)  # some libraries do not end well


if __name__ == "__main__":
    main()
