#!/usr/bin/env python3
"""Tries resnetc on the convolutional networks of timm and torchvision: export, import, compile, compare with PyTorch in float64, time.

    python3 -m pip install -r bench/zoo-requirements.txt
    python3 bench/zoo.py run RESULTS.jsonl [--only REGEX] [--part I/N] [--import-only] [--models FOLDER]
    python3 bench/zoo.py table RESULTS.jsonl > docs/zoo.md

This is a developer's tool: nothing that builds, tests or demonstrates resnetc runs it. `run` writes a line of JSON for each network and
skips those that the file has: a pass takes hours, and may be stopped and resumed at any time. bench/zoo.jsonl has the newest pass. zoo_network.py says which networks count and
how their weights are drawn. Each network is compared at one picture; the time of a run is the median of some turns of resnetc and ONNX
Runtime on one processor.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib

import zoo_network
from case import Case
from contender import Contender, Failed
from rounds import measure, summary

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TOLERANCE = 1e-4  # of the largest output
MOVED = 1e-3  # of the largest output: what two pictures, or the loss of one operand, must change
NAME = "net"  # of every library
ROUNDS, BURST, WARM_UP = 5, 3, 3
FORKS = multiprocessing.get_context("forkserver")


class Step(Exception):
    """A step that failed, and why."""

    def __init__(self, step, reason):
        self.step, self.reason = step, reason


def command(step, arguments, limit):
    """The standard output of a command. Raises `Step` with what it wrote to standard error if it fails or takes longer than `limit`."""
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Step(step, f"took longer than {limit} s")
    if process.returncode != 0:
        lines = errors.strip().splitlines() or ["no word"]
        raise Step(step, "\n".join(lines[:40]))
    return output


def export(package, name, folder, limit):
    """What zoo_network.py's `make` returns, from a process of its own. The process is a fork of one that has imported the frameworks, which
    takes 4.7 s. Raises `Step`."""
    receiver, sender = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=zoo_network.send, args=(sender, package, name, folder))
    process.start()
    sender.close()
    try:
        if not receiver.poll(limit):
            raise Step("export", f"took longer than {limit} s")
        facts, error = receiver.recv()
    except EOFError:
        process.join()
        raise Step("export", f"ended with {process.exitcode}")
    finally:
        process.kill()
        process.join()
    if error:
        raise Step("export", error)
    return facts


def time_runs(folder, name):
    case = Case.of_library(folder, name, 1)
    case = Case(**{**case.__dict__, "input": "image", "output": "output"})
    contenders, facts = [], {}
    try:
        for contender in ("resnetc", "onnxruntime"):
            try:
                contenders.append(Contender(contender, case, sorted(os.sched_getaffinity(0))[:1], 120))
            except Failed as error:
                raise Step("run" if contender == "resnetc" else "run of ONNX Runtime", str(error))
        facts["difference"] = contenders[0].facts["difference"]
        facts["onnxruntime_difference"] = contenders[1].facts["difference"]
        turns, best, settled, failed = measure(contenders, ROUNDS, BURST, WARM_UP, 2, 1)
        if failed:
            raise Step("run", str(failed))
        ours, theirs = (summary(contender, turns, best, settled) for contender in ("resnetc", "onnxruntime"))
        facts |= {"resnetc_ms": ours["median_ms"], "onnxruntime_ms": theirs["median_ms"], "ratio": theirs["ratio_median"]}
    finally:
        for contender in contenders:
            contender.stop()
    return facts


def trial(options, package, name, folder):
    """What there is to say of a network. `status` is `out`, `equal` or `failed`; the latter has the step and the reason."""
    facts = {}
    try:
        facts |= export(package, name, folder, 600)
        if "out" in facts:
            return facts | {"status": "out"}
        if options.models:
            shutil.copy(folder / "batch1.onnx", options.models / f"{package}-{name}.onnx")
        start = time.perf_counter()
        command("import", [options.resnetc, "import", folder / "batch1.onnx", "-o", folder, "--name", NAME], 120)
        facts["import_s"] = time.perf_counter() - start
        facts["lines"] = len((folder / f"{NAME}.rn").read_text().splitlines())
        if options.import_only:
            return facts | {"status": "imported"}
        start = time.perf_counter()
        command("compile", [options.resnetc, "compile", folder / f"{NAME}.rn", "--weights", folder / f"{NAME}.safetensors", "-o", folder,
                            "--target", "host", "--cpu", "host"], 600)  # fmt: skip
        facts["compile_s"] = time.perf_counter() - start
        facts |= time_runs(folder, NAME)
        if facts["pytorch_difference"] > TOLERANCE / 2:
            raise Step("check of the weights", f"PyTorch's outputs in float32 differ by {facts['pytorch_difference']:.1e} of the largest from float64's")
        if not facts["difference"] <= TOLERANCE:
            raise Step("compare", f"outputs differ by {facts['difference']:.1e} of the largest "
                                  f"(ONNX Runtime: {facts['onnxruntime_difference']:.1e})")  # fmt: skip
        if not facts["pictures_differ"] >= MOVED:
            raise Step("check of the weights", f"two pictures differ by {facts['pictures_differ']:.1e} of the largest output only")
        if facts["smallest_branch"] is not None and not facts["smallest_branch"] >= MOVED:
            raise Step("check of the weights", f"an operand of a join changes {facts['smallest_branch']:.1e} of the largest output only")
        return facts | {"status": "equal"}
    except Step as failure:
        return facts | {"status": "failed", "step": failure.step, "reason": failure.reason.replace(f"{folder}/", "")}


def tidied(facts):
    """The facts without what no table shows, and their numbers with four digits: the file of a whole pass belongs to the repository."""
    return {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in facts.items() if key != "operators"}


def run(options):
    done = set()
    if options.results.exists():
        done = {(line["package"], line["name"]) for line in map(json.loads, options.results.read_text().splitlines())}
    FORKS.set_forkserver_preload(["torch", "torchvision", "timm", "onnx", "onnxruntime"])
    networks = list(map(json.loads, command("list", [sys.executable, HERE / "zoo_network.py", "list"], 300).splitlines()))
    networks = [n for n in networks if re.search(options.only, f"{n['package']}/{n['name']}") and (n["package"], n["name"]) not in done]
    networks = [n for n in networks if zlib.crc32(n["name"].encode()) % options.part[1] == options.part[0]]
    if options.models:
        options.models.mkdir(parents=True, exist_ok=True)
    for index, network in enumerate(networks):
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="zoo-") as folder:
            facts = network | trial(options, network["package"], network["name"], pathlib.Path(folder))
        facts["seconds"] = round(time.perf_counter() - start, 1)
        with open(options.results, "a") as file:
            file.write(json.dumps(tidied(facts)) + "\n")
        note = facts.get("out") or facts.get("reason", "").splitlines()[:1] or f"{facts.get('ratio', 0):.2f}"
        print(f"{index + 1}/{len(networks)} {network['package']}/{network['name']}: {facts['status']} {facts.get('step', '')} {note}", flush=True)


def part(text):
    index, count = map(int, text.split("/"))
    if not 0 <= index < count:
        raise ValueError
    return index, count


def parse():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = arguments.add_subparsers(dest="command", required=True)
    runs = commands.add_parser("run", help="try networks, and append what came out to a file")
    runs.add_argument("results", type=pathlib.Path)
    runs.add_argument("--resnetc", type=pathlib.Path, default=ROOT / "build" / "resnetc", help="the compiler's executable")
    runs.add_argument("--only", default="", help="only networks whose PACKAGE/NAME has a match of this expression")
    runs.add_argument("--part", type=part, default=(0, 1), metavar="I/N", help="only part I of N, from 0: N processes side by side make a pass")
    runs.add_argument("--import-only", action="store_true", help="end after the import")
    runs.add_argument("--models", type=pathlib.Path, help="keep the exported models in this folder")
    tables = commands.add_parser("table", help="print a table of all families")
    tables.add_argument("results", type=pathlib.Path)
    return arguments.parse_args()


def main():
    options = parse()
    if options.command == "run":
        run(options)
    else:
        import zoo_table

        print(zoo_table.markdown(list(map(json.loads, options.results.read_text().splitlines()))), end="")


if __name__ == "__main__":
    main()
