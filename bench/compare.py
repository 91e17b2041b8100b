#!/usr/bin/env python3
"""Times networks compiled by resnetc beside other inference libraries, with the same weights and pictures, after comparing outputs.

    python3 -m pip install -r bench/requirements.txt
    python3 bench/compare.py --resnetc build/resnetc [--networks resnet18,resnet50] [--markdown FILE] [--json FILE] [--plots FOLDER]

This is a developer's tool: nothing that builds, tests or demonstrates resnetc runs it. PyTorch's compiler also needs a C++ compiler.

For each network, batch size and number of threads, every contender gets a fresh process. The process is pinned to that many processors
before it loads any library. It converts and loads the network, and its outputs are compared with PyTorch's (eager, float32). A contender
that differs by more than 1e-4 of the largest value is shown and not timed. Then each contender has a turn in each round, in an order that
is shuffled for the round. A turn is a pause, then a burst of runs without pauses, of which the median counts; all have the same burst.
Before the next turn its threads must be asleep. Ratios are taken round by round, so that whatever slows the machine for a while slows both
sides.

With --precision int8, resnetc's library has integers of 8 bits, by ranges from 16 generated pictures. ONNX Runtime and OpenVINO read the
model as ONNX Runtime quantizes it with the same pictures, and MNN as its own mnnquant does. Outputs may then differ from PyTorch's float32
by a tenth of the largest value. Behind the difference stands the signal over the noise in decibels.

With --precision bf16, resnetc's library has bf16: in its weights alone, or with --target avx512_bf16 also in its values. Beside it run its
own library in float32, whose ratio says what bf16 gains, and peers that round a float32 model to bf16 themselves. Outputs may differ by a
twentieth of the largest value.

A peer that is not installed, cannot convert a network or crashes is shown with its reason. The exit status is 1 if resnetc's own
outputs are off, or if it cannot run.
"""

import argparse
import dataclasses
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import chains
import peers
import report
from case import Case
from contender import Contender, Failed
from rounds import measure, summary

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
NETWORKS = "resnet18,resnet34,resnet50,resnet101,resnext50_32x4d,wide_resnet50_2,cifar_resnet20"
TOLERANCE = {"f32": 1e-4, "int8": 0.1, "bf16": 0.05}


def say(text):
    print(text, file=sys.stderr, flush=True)


def compile_network(options, network, folder):
    """The network's library and weights. They are compiled each time, because resnetc may have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.safetensors"
    if not weights.exists():
        partial = folder / "weights.partial"
        subprocess.run([sys.executable, HERE / "export.py", "weights", network, partial], check=True)
        partial.rename(weights)
    source = ROOT / "networks" / f"{network}.rn"
    if chain := chains.Chain.of_name(network):
        source = folder / f"{network}.rn"
        source.write_text(chain.text())
    cpu = [] if options.target == "cuda" else ["--cpu", options.cpu]

    def compile_into(folder, *more):
        subprocess.run([options.resnetc, "compile", source, "-o", folder, "--weights", weights, "--target", options.target, *cpu,
                        *options.resnetc_options, *more], check=True, stdout=sys.stderr)  # fmt: skip

    if options.precision == "int8":
        compile_into(folder, "--precision", "int8", "--ranges", calibrate(options, network, source, weights, folder))
    elif options.precision == "bf16":
        compile_into(folder / "f32")
        compile_into(folder, "--precision", "bf16")
    else:
        compile_into(folder)


def calibrate(options, network, source, weights, folder):
    """The file of the network's ranges. Its pictures lie beside it, for the peers."""
    pictures, ranges = folder / "calibration.npy", folder / f"{network}.ranges"
    if not pictures.exists():
        subprocess.run([options.resnetc, "compile", source, "-o", folder], check=True, stdout=sys.stderr)  # for its manifest
        case = Case.of_library(folder, network, 1)
        subprocess.run([sys.executable, HERE / "export.py", "pictures", case.to_json(), pictures], check=True)
    subprocess.run([options.resnetc, "calibrate", source, "--weights", weights, "--data", pictures, "-o", ranges, "--force"],
                   check=True, stdout=sys.stderr)  # fmt: skip
    return ranges


def bench(options, case, processors):
    """What `resnetc bench` says of the library on these processors: among others their peak, 0 for a GPU, and the machine whose schedules
    the library has, empty for a GPU."""
    done = subprocess.run([options.resnetc, "bench", case.network_file(f"lib{case.network}.so"), "--json",
                           "--seconds", str(options.peak_seconds), "--threads", str(len(processors)), "--target", case.target,
                           "--copy-weights"],
                          check=True, stdout=subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, processors))  # fmt: skip
    return json.loads(done.stdout)


def start(options, case, processors):
    """The contenders that give the right outputs, and the rows of all, in order."""
    ready, rows = [], {}
    for name in ("resnetc", *options.peers):
        say(f"  preparing {name}")
        row = rows[name] = {"title": importlib.import_module(f"peers.{name}").TITLE}
        try:
            contender = Contender(name, case, processors, options.timeout)
        except Failed as error:
            row["reason"] = f"cannot run it: {error}"
            continue
        row |= contender.facts
        if not row["difference"] <= TOLERANCE[case.precision]:
            row["reason"] = f"outputs differ by {row['difference']:.1e} of the largest"
            contender.stop()
            continue
        contender.settle()
        ready.append(contender)
    return ready, rows


def measure_case(options, case, processors):
    ready, rows = start(options, case, processors)
    result = {"network": case.network, "input_shape": case.input_shape, "batch": case.batch, "threads": len(processors),
              "target": case.target, "multiply_adds": case.multiply_adds, "rounds": options.rounds, "burst": options.burst,
              "contenders": rows, "best_peer": None}  # fmt: skip
    try:
        before = bench(options, case, processors)
        result["schedules_for"] = before["cpu"]
        if "reason" not in rows["resnetc"]:
            say("  measuring")
            turns, best, settled, failed = measure(ready, options.rounds, options.burst, options.warm_up, options.pause, options.seed)
            for contender in ready:
                row = rows[contender.name]
                if contender.name in failed:
                    row["reason"] = f"failed while it was timed: {failed[contender.name]}"
                elif "resnetc" not in failed:
                    row |= summary(contender.name, turns, best, settled)
        result["peak_gflops"] = (before["peak_gflops"] + bench(options, case, processors)["peak_gflops"]) / 2
    finally:
        for contender in ready:
            contender.stop()
    for row in rows.values():
        if "median_ms" in row:
            gflops = 2e-6 * case.multiply_adds * case.batch / row["median_ms"]
            row["of_peak"] = gflops / result["peak_gflops"] if result["peak_gflops"] else 0
        row.setdefault("reason", "resnetc was not timed") if "median_ms" not in row else None
    timed = [name for name in rows if name not in peers.OWN and "reason" not in rows[name]]
    result["best_peer"] = min(timed, key=lambda name: rows[name]["median_ms"], default=None)
    return result


def parse():
    names = lambda text: [name for name in text.split(",") if name]  # noqa: E731
    numbers = lambda text: [int(number) for number in text.split(",")]  # noqa: E731
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--resnetc", type=pathlib.Path, default=ROOT / "build" / "resnetc", help="the compiler's executable")
    arguments.add_argument("--networks", type=names, default=names(NETWORKS),
                           help=f"networks that tests/exactness/models.py knows, chains (bench/chains.py), or all chains of a set, which are "
                                f"{' and '.join(chains.SETS)} ({NETWORKS})")  # fmt: skip
    arguments.add_argument("--batches", type=numbers, default=[1, 8], help="(1,8)")
    arguments.add_argument("--threads", type=numbers, default=[1, 2], help="(1,2)")
    arguments.add_argument("--peers", default="all",
                           help=f"some of {','.join(peers.ALL[1:])}; with --target cuda {','.join(peers.ON_GPU[1:])}; "
                                f"with --precision int8 {','.join(peers.INT8[1:])}; with bf16 {','.join(peers.BF16[1:])} (all)")  # fmt: skip
    arguments.add_argument("--rounds", "--pairs", type=int, default=30, help="turns of each contender (30)")
    arguments.add_argument("--burst", type=int, default=3, help="runs of a turn, whose median counts (3)")
    arguments.add_argument("--warm-up", type=int, default=10, help="untimed runs of each before the first round (10)")
    arguments.add_argument("--pause", type=float, default=5, help="milliseconds before each turn (5)")
    arguments.add_argument("--peak-seconds", type=float, default=0.5, help="seconds for the peak, before and after each case (0.5)")
    arguments.add_argument("--seed", type=int, default=1, help="the seed of the shuffled orders (1)")
    arguments.add_argument("--timeout", type=float, default=1800, help="seconds that one answer of a contender may take (1800)")
    arguments.add_argument("--target", default="host")
    arguments.add_argument("--cpu", default="host", help="the machine whose schedules resnetc is to choose (host)")
    arguments.add_argument("--precision", choices=list(peers.OF_PRECISION), default="f32", help="(f32)")
    arguments.add_argument("--resnetc-options", type=str.split, default=[], help="more options for resnetc compile")
    arguments.add_argument("--json", type=pathlib.Path, help="write all measurements to this file")
    arguments.add_argument("--markdown", type=pathlib.Path, help="write tables to this file")
    arguments.add_argument("--plots", type=pathlib.Path, help="draw the ratios into this folder, as SVG")
    arguments.add_argument("--folder", type=pathlib.Path, help="keep exported and converted networks in this folder, for the next call")
    options = arguments.parse_args()
    options.networks = [network for name in options.networks for network in chains.SETS.get(name, [name])]
    known = (peers.ON_GPU if options.target == "cuda" else peers.OF_PRECISION[options.precision])[1:]
    options.peers = list(known) if options.peers == "all" else names(options.peers)
    if unknown := set(options.peers) - set(known):
        arguments.error(f"no peer is called {', '.join(sorted(unknown))}")
    if max(options.threads) > len(os.sched_getaffinity(0)):
        arguments.error(f"this process may use {len(os.sched_getaffinity(0))} processors only")
    return options


def export(options, case, pictures):
    """Writes the models that peers read, unless they are there."""
    script = [sys.executable, HERE / "export.py"]
    # mnnquant reads pictures one by one.
    batches = {case.batch, 1} if case.precision == "int8" and "mnn" in options.peers else {case.batch}
    for of_batch in (dataclasses.replace(case, batch=batch) for batch in sorted(batches)):
        if not of_batch.file(".exported").exists():
            say(f"exporting {case.network}, batch {of_batch.batch}")
            subprocess.run([*script, "models", of_batch.to_json()], check=True, stdout=sys.stderr)
    if case.precision == "int8" and not case.onnx().exists():
        subprocess.run([*script, "quantized", case.to_json(), pictures], check=True, stdout=sys.stderr)


def write(options, results):
    """Called after each case, so that its measurements survive a failure of the next."""
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.markdown:
        options.markdown.write_text(report.markdown(results))


def main():
    options = parse()
    results = {"processor": report.processor(), "rounds": options.rounds, "burst": options.burst, "cases": []}
    print(f"{results['processor']}; {options.rounds} rounds, {options.burst} runs a turn", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        root = (options.folder or pathlib.Path(temporary)).resolve()
        for network in options.networks:
            say(f"compiling {network} with {options.resnetc}")
            compile_network(options, network, root / network)
            for batch in options.batches:
                case = Case.of_library(root / network, network, batch, options.precision)
                export(options, case, root / network / "calibration.npy")
                for threads in options.threads:
                    say(f"{network}, batch {batch}, {threads} thread(s)")
                    results["cases"].append(measure_case(options, case, sorted(os.sched_getaffinity(0))[:threads]))
                    print("\n" + report.case_text(results["cases"][-1]), flush=True)
                    write(options, results)
    print("\n" + report.verdict(results["cases"]), flush=True)
    if options.plots:
        import plots

        plots.draw(results, options.plots)
    return 1 if any("reason" in case["contenders"]["resnetc"] for case in results["cases"]) else 0


if __name__ == "__main__":
    sys.exit(main())
