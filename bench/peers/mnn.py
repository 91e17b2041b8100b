"""MNN, from the ONNX file by its own converter."""

import numpy as np

TITLE = "MNN"
PACKAGE = "MNN"
SETTINGS = "CPU backend, high precision (float32), input and output copied as its interface wants"


def convert(case):
    # The package's mnnconvert command does this and reports each use to its makers, for which it installs packages: left out here.
    import MNN  # noqa: F401  loads what _tools needs
    import _tools

    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", str(case.file(".onnx")), "--MNNModel", str(case.file(".mnn")),
                       "--bizCode", "resnetc", "--keepInputFormat=1"])  # fmt: skip


def prepare(case, threads, picture, output):
    import MNN

    if not case.file(".mnn").exists():
        convert(case)
    interpreter = MNN.Interpreter(str(case.file(".mnn")))
    session = interpreter.createSession({"backend": "CPU", "numThread": threads, "precision": "high"})
    source = interpreter.getSessionInput(session, case.input)
    sink = interpreter.getSessionOutput(session, case.output)
    given = MNN.Tensor(picture.shape, MNN.Halide_Type_Float, picture, MNN.Tensor_DimensionType_Caffe)
    result = MNN.Tensor(output.shape, MNN.Halide_Type_Float, output, MNN.Tensor_DimensionType_Caffe)

    def run():
        source.copyFrom(given)
        interpreter.runSession(session)
        sink.copyToHostTensor(result)
        np.copyto(output, np.asarray(result.getNumpyData()).reshape(output.shape))

    return run
