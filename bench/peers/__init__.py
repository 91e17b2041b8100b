"""What is timed: one module each, with one function.

    TITLE      how tables call it
    PACKAGE    the Python package whose version tables give; None for resnetc
    SETTINGS   one line: how it is set up
    prepare(case, threads, picture, output) -> run

`prepare` converts the network (keeping what it wrote under case.file(...) for the next call), loads it and fixes its buffers. Each
call of `run` computes `output` from `picture`, numpy arrays that live as long as the process. Whatever fails raises; an exception's
text is what tables show as the reason.
"""

import time

ALL = ("resnetc", "onnxruntime", "openvino", "ncnn", "mnn", "pytorch", "tvm")
ON_GPU = ("resnetc", "onnxruntime_cuda", "pytorch_cuda")  # where resnetc's target is cuda


def faster(*ways):
    """The quickest of several ways to run, for a peer that leaves the choice to its user."""

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
