"""What is timed. Each contender is one module with one function.

    TITLE      its name in tables
    PACKAGE    the Python package whose version tables give; None for resnetc
    SETTINGS   one line: how it is set up; or a line for each precision
    prepare(case, threads, picture, output) -> run

`prepare` converts the network (and keeps its files under case.file(...) for the next call), loads it and fixes its buffers. Each
call of `run` computes `output` from `picture`, which are numpy arrays that live as long as the process. Every failure is an exception;
tables show its text as the reason.
"""

import time

ALL = ("resnetc", "onnxruntime", "openvino", "ncnn", "mnn", "pytorch", "tvm")
INT8 = ("resnetc", "onnxruntime", "openvino", "mnn")  # that read a quantized ONNX model, or calibrate
BF16 = ("resnetc", "resnetc_f32", "openvino", "pytorch")  # that round a float32 model's values themselves, and resnetc without rounding
OF_PRECISION = {"f32": ALL, "int8": INT8, "bf16": BF16}
OWN = ("resnetc", "resnetc_f32")  # not peers, but resnetc's libraries
ON_GPU = ("resnetc", "onnxruntime_cuda", "pytorch_cuda")  # where resnetc's target is cuda


def faster(*ways):
    """The fastest of several ways to run, for a peer that leaves the choice to its user."""

    def seconds(way):
        for _ in range(2):
            way()
        times = []
        for _ in range(5):
            start = time.perf_counter()
            way()
            times.append(time.perf_counter() - start)
        return min(times)

    return min(ways, key=seconds)
