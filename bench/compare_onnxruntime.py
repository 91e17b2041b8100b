#!/usr/bin/env python3
"""Times a network compiled by resnetc beside ONNX Runtime: same weights, same picture, one process per number of threads.

    python3 bench/compare_onnxruntime.py --resnetc build/resnetc [--network resnet50] [--threads 1,2] [--json FILE]

A developer's tool: nothing that builds, tests or demonstrates resnetc runs it. It needs
    pip install torch==2.15.0 torchvision numpy safetensors onnx onnxruntime==1.32.0

For each number of threads a fresh process pins itself to that many processors before it loads either library, checks that
both give the same outputs (1e-4 of the largest), warms both up, and then runs them in turn: A B, B A, A B, ... The ratio
is taken pair by pair, so that whatever slows the machine for a moment slows both halves of a pair. A short pause before
each run lets the other side's threads go to sleep.
"""

import argparse
import ctypes
import json
import mmap
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Compiled:
    """A compiled library through its C interface."""

    class Options(ctypes.Structure):
        _fields_ = [
            ("size", ctypes.c_size_t),
            ("max_batch", ctypes.c_int32),
            ("threads", ctypes.c_int32),
            ("parallel_for", ctypes.c_void_p),
            ("parallel_for_data", ctypes.c_void_p),
            ("target", ctypes.c_char_p),
            ("verify_contents", ctypes.c_int32),
            ("reserved", ctypes.c_int32),
        ]

    def __init__(self, folder, name, threads, batch):
        library = ctypes.CDLL(str(folder / f"lib{name}.so"))
        function = lambda suffix: getattr(library, f"{name}_{suffix}")  # noqa: E731
        self.run_outputs, self.destroy, self.text = function("run_outputs"), function("destroy"), function("status_string")
        self.text.restype = ctypes.c_char_p
        self.destroy.argtypes = [ctypes.c_void_p]
        with open(folder / f"{name}.weights", "rb") as file:
            self.weights = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        options = self.Options(size=ctypes.sizeof(self.Options), max_batch=batch, threads=threads)
        self.context = ctypes.c_void_p()
        self.check(function("create")(ctypes.c_void_p(self.weights.ctypes.data), ctypes.c_size_t(self.weights.nbytes),
                                      ctypes.byref(options), ctypes.byref(self.context)))  # fmt: skip
        selected = function("selected_target")
        selected.restype, selected.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        self.target = selected(self.context).decode()

    def check(self, status):
        if status != 0:
            raise SystemExit(f"resnetc's library: {self.text(status).decode()}")

    def prepare(self, picture, output):
        """Fixes the buffers; returns the function to time."""
        outputs = (ctypes.c_void_p * 1)(output.ctypes.data)
        sizes = (ctypes.c_size_t * 1)(output.nbytes)
        arguments = (self.context, ctypes.c_void_p(picture.ctypes.data), ctypes.c_size_t(picture.nbytes),
                     outputs, sizes, ctypes.c_int32(len(picture)))  # fmt: skip
        return lambda: self.check(self.run_outputs(*arguments))


def prepare_onnxruntime(path, threads, picture, output):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Its threads spin within a run, as they do by default, but not on into the other side's run.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # Bound buffers: neither side copies its input or makes its output anew in each run.
    binding = session.io_binding()
    binding.bind_input("image", "cpu", 0, np.float32, picture.shape, picture.ctypes.data)
    binding.bind_output("logits", "cpu", 0, np.float32, output.shape, output.ctypes.data)
    return lambda: session.run_with_iobinding(binding)


def measure(options):
    """In a process of its own: one number of threads."""
    threads = options.worker
    processors = sorted(os.sched_getaffinity(0))[:threads]
    if len(processors) < threads:
        raise SystemExit(f"this process may use {len(processors)} processors only, {threads} threads want as many")
    os.sched_setaffinity(0, processors)

    sys.path.insert(0, str(ROOT / "tests" / "exactness"))
    import generator

    shape = (3, options.size, options.size)
    picture = np.stack([generator.picture("image", k, shape) for k in range(options.batch)])
    classes = json.loads((options.folder / "shape.json").read_text())["classes"]
    ours, theirs = np.zeros((2, options.batch, classes), np.float32)
    compiled = Compiled(options.folder, options.network, threads, options.batch)
    run_ours = compiled.prepare(picture, ours)
    run_theirs = prepare_onnxruntime(options.folder / "network.onnx", threads, picture, theirs)

    run_ours()
    run_theirs()
    difference = float(np.abs(ours - theirs).max() / np.abs(theirs).max())
    if not difference <= 1e-4:
        raise SystemExit(f"the outputs differ by {difference:.3g} of the largest")

    def timed(run):
        time.sleep(options.pause / 1e3)
        start = time.perf_counter()
        run()
        return (time.perf_counter() - start) * 1e3

    for _ in range(options.warm_up):
        run_ours()
        run_theirs()
    a, b = [], []
    for pair in range(options.pairs):
        if pair % 2 == 0:
            a.append(timed(run_ours))
            b.append(timed(run_theirs))
        else:
            b.append(timed(run_theirs))
            a.append(timed(run_ours))
    ratios = sorted(x / y for x, y in zip(a, b))
    tenth = len(ratios) // 10
    print(json.dumps({
        "network": options.network, "size": options.size, "batch": options.batch, "threads": threads, "pairs": options.pairs,
        "target": compiled.target, "difference": difference,
        "resnetc_median_ms": statistics.median(a), "resnetc_best_ms": min(a),
        "onnxruntime_median_ms": statistics.median(b), "onnxruntime_best_ms": min(b),
        "ratio_median": statistics.median(ratios), "ratio_10_percent": ratios[tenth], "ratio_90_percent": ratios[-1 - tenth],
    }))  # fmt: skip


def export(options):
    """The network as ONNX, constants folded, with the generated weights; and the same weights as a checkpoint."""
    import warnings

    import torch
    from safetensors.numpy import save_file

    import generated_checkpoint

    model, arrays = generated_checkpoint.generated_model(options.network)
    save_file(arrays, options.folder / "weights.safetensors")
    picture = torch.zeros(options.batch, 3, options.size, options.size)
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # the newer exporter needs one more package
    torch.onnx.export(model, (picture,), str(options.folder / "network.onnx"), opset_version=17, do_constant_folding=True,
                      input_names=["image"], output_names=["logits"], dynamo=False)  # fmt: skip
    classes = model.fc.out_features
    (options.folder / "shape.json").write_text(json.dumps({"classes": classes}))


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--resnetc", type=pathlib.Path, default=ROOT / "build" / "resnetc", help="the compiler's executable")
    arguments.add_argument("--network", default="resnet50", help="a name that tests/exactness/models.py knows (resnet50)")
    arguments.add_argument("--size", type=int, help="height and width (224; 32 for the CIFAR networks)")
    arguments.add_argument("--batch", type=int, default=1)
    arguments.add_argument("--threads", default="1,2", help="numbers of threads, each measured in a process of its own")
    arguments.add_argument("--pairs", type=int, default=100)
    arguments.add_argument("--warm-up", type=int, default=10)
    arguments.add_argument("--pause", type=float, default=5, help="milliseconds before each timed run (5)")
    arguments.add_argument("--target", default="host")
    arguments.add_argument("--json", type=pathlib.Path, help="write the results there as well")
    arguments.add_argument("--folder", type=pathlib.Path, help="keep the exported and compiled network there")
    arguments.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    options.size = options.size or (32 if options.network.startswith("cifar") else 224)
    if options.worker:
        measure(options)
        return

    with tempfile.TemporaryDirectory() as temporary:
        options.folder = (options.folder or pathlib.Path(temporary)).resolve()
        options.folder.mkdir(parents=True, exist_ok=True)
        print(f"exporting {options.network} to ONNX", file=sys.stderr, flush=True)
        export(options)
        print(f"compiling {options.network} with {options.resnetc}", file=sys.stderr, flush=True)
        subprocess.run([options.resnetc, "compile", ROOT / "networks" / f"{options.network}.rn", "-o", options.folder,
                        "--set", f"height={options.size}", "--set", f"width={options.size}", "--target", options.target,
                        "--weights", options.folder / "weights.safetensors"], check=True, stdout=sys.stderr)  # fmt: skip
        results = []
        for threads in options.threads.split(","):
            print(f"measuring on {threads} thread(s)", file=sys.stderr, flush=True)
            worker = subprocess.run([sys.executable, __file__, "--worker", threads, "--network", options.network,
                                     "--size", str(options.size), "--batch", str(options.batch), "--pairs", str(options.pairs),
                                     "--warm-up", str(options.warm_up), "--pause", str(options.pause), "--folder", options.folder],
                                    stdout=subprocess.PIPE, text=True)  # fmt: skip
            if worker.returncode != 0:
                raise SystemExit(worker.returncode)
            results.append(json.loads(worker.stdout.splitlines()[-1]))

    print(f"{processor()}; {options.network} {options.size}x{options.size}, batch {options.batch}, "
          f"{options.pairs} pairs, target {results[0]['target']}")  # fmt: skip
    print("threads   resnetc ms   ONNX Runtime ms   ratio (10 % .. 90 %)    outputs differ by")
    for r in results:
        print(f"{r['threads']:7}   {r['resnetc_median_ms']:10.2f}   {r['onnxruntime_median_ms']:15.2f}   {r['ratio_median']:5.3f} "
              f"({r['ratio_10_percent']:.3f} .. {r['ratio_90_percent']:.3f})   {r['difference']:17.1e}")  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps({"processor": processor(), "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
