"""A compiled library through its C interface."""

import ctypes
import mmap

import numpy as np

TITLE = "resnetc"
PACKAGE = None
SETTINGS = "as compiled; weights copied into its own memory, as the peers do (copy_weights); reads and writes the caller's buffers"


class Options(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("max_batch", ctypes.c_int32),
        ("threads", ctypes.c_int32),
        ("parallel_for", ctypes.c_void_p),
        ("parallel_for_data", ctypes.c_void_p),
        ("target", ctypes.c_char_p),
        ("verify_contents", ctypes.c_int32),
        ("device", ctypes.c_int32),
        ("device_context", ctypes.c_void_p),
        ("keep_denormals", ctypes.c_int32),
        ("copy_weights", ctypes.c_int32),
    ]


def prepare(case, threads, picture, output):
    library = ctypes.CDLL(str(case.network_file(f"lib{case.network}.so")))
    function = lambda suffix: getattr(library, f"{case.network}_{suffix}")  # noqa: E731
    text = function("status_string")
    text.restype = ctypes.c_char_p

    def check(status):
        if status != 0:
            raise RuntimeError(text(status).decode())

    with open(case.network_file(f"{case.network}.weights"), "rb") as file:
        weights = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
    options = Options(size=ctypes.sizeof(Options), max_batch=case.batch, threads=threads, copy_weights=1)
    context = ctypes.c_void_p()
    check(function("create")(ctypes.c_void_p(weights.ctypes.data), ctypes.c_size_t(weights.nbytes), ctypes.byref(options),
                             ctypes.byref(context)))  # fmt: skip
    outputs = (ctypes.c_void_p * 1)(output.ctypes.data)
    sizes = (ctypes.c_size_t * 1)(output.nbytes)
    arguments = (context, ctypes.c_void_p(picture.ctypes.data), ctypes.c_size_t(picture.nbytes), outputs, sizes,
                 ctypes.c_int32(case.batch))  # fmt: skip
    run_outputs = function("run_outputs")

    def run():
        check(run_outputs(*arguments))

    return run
