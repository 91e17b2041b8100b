"""What is timed: one module each, with one function.

    TITLE      how tables call it
    PACKAGE    the Python package whose version tables give; None for resnetc
    SETTINGS   one line: how it is set up
    prepare(case, threads, picture, output) -> run

`prepare` converts the network (keeping what it wrote under case.file(...) for the next call), loads it and fixes its buffers. Each
call of `run` computes `output` from `picture`, numpy arrays that live as long as the process. Whatever fails raises; an exception's
text is what tables show as the reason.
"""

ALL = ("resnetc", "onnxruntime", "openvino", "ncnn", "mnn", "pytorch", "tvm")
