"""The coordinator's side of a contender: starts its process, tells it to run, waits until it sleeps, and survives its end."""

import json
import os
import pathlib
import select
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


class Failed(Exception):
    """Why a contender cannot run a case."""


class Contender:
    def __init__(self, name, case, processors, timeout):
        self.name, self.timeout = name, timeout
        self.log = case.file(f".{name}.log")
        # Inductor compiles within the process. It keeps its results in the folder that keeps everything else.
        environment = os.environ | {
            "OMP_NUM_THREADS": str(len(processors)),
            "TORCHINDUCTOR_COMPILE_THREADS": "1",
            "TORCHINDUCTOR_CACHE_DIR": str(pathlib.Path(case.folder) / "inductor"),
        }
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([sys.executable, HERE / "worker.py", name, ",".join(map(str, processors)), case.to_json()],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment)  # fmt: skip
        try:
            self.facts = self.answer()
        except Failed:
            self.stop()
            raise

    def answer(self):
        """One line from the process. Raises `Failed` if the process reports a failure, ends or takes too long."""
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            self.process.kill()
            raise Failed(f"no answer within {self.timeout:g} s")
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"its process ended with status {self.process.wait()}")
        facts = json.loads(line)
        if "failed" in facts:
            raise Failed(facts["failed"])
        return facts

    def run(self, count):
        """The milliseconds of `count` runs, one right after the other."""
        try:
            self.process.stdin.write(f"{count}\n".encode())
            self.process.stdin.flush()
        except OSError:
            pass  # the process has ended: answer() says how
        return self.answer()["ms"]

    def awake(self):
        """Whether any thread of the process runs or waits for a processor."""
        try:
            for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
                if (task / "stat").read_text().rpartition(")")[2].split()[0] == "R":
                    return True
        except OSError:
            pass  # a thread that has just ended
        return False

    def settle(self, limit=1.0):
        """Waits until all threads of the process sleep: many spin for a while after a run. Returns the seconds that the wait took."""
        start = time.perf_counter()
        asleep = 0
        while asleep < 3 and time.perf_counter() - start < limit:
            asleep = 0 if self.awake() else asleep + 1
            time.sleep(0.0005)
        return time.perf_counter() - start

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
