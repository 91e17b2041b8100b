"""ncnn, from TorchScript by pnnx."""

import pathlib
import subprocess

import numpy as np

from peers import faster

TITLE = "ncnn"
PACKAGE = "ncnn"
SETTINGS = ("converted by pnnx; Winograd, packing and sgemm on, 16-bit storage and arithmetic off; several pictures as one batch or in a "
            "loop, whichever is faster here")  # fmt: skip


def convert(case, parameters, weights):
    """ncnn's own format; pnnx writes more files beside its input."""
    import pnnx

    shape = ",".join(str(n) for n in (1, *case.input_shape))
    done = subprocess.run([pnnx.EXEC_PATH, case.file(".pt"), f"inputshape=[{shape}]", "fp16=0", f"ncnnparam={parameters}",
                           f"ncnnbin={weights}.partial"], capture_output=True, text=True)  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError("pnnx: " + ((done.stdout + done.stderr).strip().splitlines() or ["no word"])[-1])
    pathlib.Path(f"{weights}.partial").rename(weights)


def prepare(case, threads, picture, output):
    import ncnn

    parameters, weights = case.file(f".ncnn-{ncnn.__version__}.param"), case.file(f".ncnn-{ncnn.__version__}.bin")
    if not weights.exists():
        convert(case, parameters, weights)
    net = ncnn.Net()
    for option in dir(net.opt):
        if option.startswith(("use_fp16", "use_bf16", "use_int8")):
            setattr(net.opt, option, False)
    net.opt.num_threads = threads
    if net.load_param(str(parameters)) != 0 or net.load_model(str(weights)) != 0:
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
