"""ncnn, from TorchScript by pnnx."""

import subprocess
import time

import numpy as np

TITLE = "ncnn"
PACKAGE = "ncnn"
SETTINGS = ("converted by pnnx; Winograd, packing and sgemm on, 16-bit storage and arithmetic off; several pictures as one batch or in a "
            "loop, whichever is faster here")  # fmt: skip


def convert(case):
    """ncnn's own format; pnnx writes several files beside its input."""
    import pnnx

    shape = ",".join(str(n) for n in (1, *case.input_shape))
    done = subprocess.run([pnnx.EXEC_PATH, case.file(".pt"), f"inputshape=[{shape}]", "fp16=0"], capture_output=True, text=True)
    if not case.file(".ncnn.bin").exists():
        raise RuntimeError("pnnx: " + ((done.stdout + done.stderr).strip().splitlines() or ["no word"])[-1])


def prepare(case, threads, picture, output):
    import ncnn

    if not case.file(".ncnn.bin").exists():
        convert(case)
    net = ncnn.Net()
    for option in dir(net.opt):
        if option.startswith(("use_fp16", "use_bf16", "use_int8")):
            setattr(net.opt, option, False)
    net.opt.num_threads = threads
    if net.load_param(str(case.file(".ncnn.param"))) != 0 or net.load_model(str(case.file(".ncnn.bin"))) != 0:
        raise RuntimeError("cannot load its own model")
    source, = net.input_names()
    sink, = net.output_names()

    def one_run(given):
        extractor = net.create_extractor()
        extractor.input(source, given)
        status, result = extractor.extract(sink)
        if status != 0:
            raise RuntimeError(f"extract returned {status}")
        return result

    def loop():
        for k in range(case.batch):
            output[k] = np.asarray(one_run(ncnn.Mat(picture[k])))

    def batched():
        result = one_run(ncnn.Mat(picture, 0))  # the first dimension counts pictures
        for k in range(case.batch):
            output[k] = np.asarray(result.batch(k))

    return loop if case.batch == 1 else faster(loop, batched)


def faster(*ways):
    def seconds(way):
        way()
        start = time.perf_counter()
        for _ in range(3):
            way()
        return time.perf_counter() - start

    return min(ways, key=seconds)
