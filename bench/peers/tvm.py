"""TVM, from the ONNX file through Relax."""

import os

import numpy as np

TITLE = "TVM"
PACKAGE = "apache-tvm"
SETTINGS = "Relax with its default pipeline for LLVM, untuned: its package has no ready schedules for CPUs, and tuning takes hours"

CPUS = {"avx512": "x86-64-v4", "avx2": "x86-64-v3", "sse41": "x86-64-v2"}


def prepare(case, threads, picture, output):
    os.environ["TVM_NUM_THREADS"] = str(threads)  # read once, when the library starts
    import onnx
    import tvm
    from tvm import relax
    from tvm.relax.frontend.onnx import from_onnx

    target = tvm.target.Target({"kind": "llvm", "mcpu": CPUS[case.target], "num-cores": threads})
    module = from_onnx(onnx.load(str(case.file(".onnx"))), keep_params_in_input=False)
    with target:
        built = tvm.compile(module, target=target, relax_pipeline=relax.get_default_pipeline(target))
    main = relax.VirtualMachine(built, tvm.cpu())["main"]
    given = tvm.runtime.tensor(picture)

    def run():
        np.copyto(output, main(given).numpy())

    return run
