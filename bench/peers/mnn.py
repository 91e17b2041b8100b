"""MNN, from the ONNX file by its own converter."""

import pathlib

import numpy as np

TITLE = "MNN"
PACKAGE = "MNN"
SETTINGS = "CPU backend, high precision (float32), input and output copied as its interface wants"


def convert(case, path):
    # The package's mnnconvert command does this too. But it reports each use to its makers, and installs a package with pip to do so.
    import _tools

    partial = f"{path}.partial"
    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", str(case.file(".onnx")), "--MNNModel", partial, "--bizCode", "resnetc"])
    pathlib.Path(partial).rename(path)


def prepare(case, threads, picture, output):
    import MNN

    path = case.file(f".{MNN.version()}.mnn")
    if not path.exists():
        convert(case, path)
    interpreter = MNN.Interpreter(str(path))
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
