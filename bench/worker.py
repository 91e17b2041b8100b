"""The process that holds one contender: prepares it, then runs it when it is told to and sleeps otherwise. A process of compare.py's.

    python3 bench/worker.py CONTENDER PROCESSORS CASE

Answers are JSON, a line each, on what was standard output; commands are numbers of runs, a line each, on standard input.
"""

import os
import sys

if __name__ == "__main__":  # before any library looks how many processors there are
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


def main():
    # Libraries print what they like on standard output: the answers go to a copy of it, theirs to standard error.
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
        # Held here until the end: contenders keep addresses into them.
        picture, reference = np.load(case.file(".input.npy")), np.load(case.file(".reference.npy"))
        output = np.full_like(reference, np.nan)
        run = peer.prepare(case, len(processors), picture, output)
        run()
    except Exception as error:
        import traceback

        traceback.print_exc()
        answer(failed=one_line(error))
        return
    difference = float(np.abs(output - reference).max() / np.abs(reference).max())  # of the largest
    answer(difference=difference, version=version, settings=peer.SETTINGS, prepared_s=time.perf_counter() - start)
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
