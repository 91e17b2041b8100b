"""MNN, from the ONNX file by its own converter, and for integers by its own quantizer."""

import dataclasses
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

TITLE = "MNN"
PACKAGE = "MNN"
RUN = "CPU backend, high precision, input and output copied as its interface wants"
SETTINGS = {
    "f32": RUN,
    "int8": f"quantized by its mnnquant with the same pictures in PNG (KL, MAX_ABS, i8, weights for each channel); {RUN}",
}

# The package's commands mnnconvert and mnnquant call the functions of `_tools` too. But they report each use to their makers, and install
# a package with pip to do so. And mnnquant of 3.6.1 aborts, because it gives three words to a function that takes a list.


def convert(case, path):
    import _tools

    partial = f"{path}.partial"
    _tools.mnnconvert(["mnnconvert", "-f", "ONNX", "--modelFile", str(case.file(".onnx")), "--MNNModel", partial, "--bizCode", "resnetc"])
    pathlib.Path(partial).rename(path)


def quantize(source, path, pictures):
    """mnnquant's model of the float32 model `source` for one picture, calibrated with `pictures` (N, channels, height, width).

    Its method EMA makes models of ResNets whose outputs are mostly noise, and ADMM crashes: so KL, its default."""
    from PIL import Image

    count, channels, height, width = pictures.shape
    if channels not in (1, 3):
        raise RuntimeError(f"mnnquant reads pictures of 1 or 3 channels, not of {channels}")
    low, step = float(pictures.min()), float(np.ptp(pictures)) / 255
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        pictures_folder = pathlib.Path(folder, "pictures")
        pictures_folder.mkdir()
        for k, picture in enumerate(np.rint((pictures - low) / step).astype(np.uint8)):
            Image.fromarray(picture[0] if channels == 1 else picture.transpose(1, 2, 0)).save(pictures_folder / f"{k:03}.png")
        target, config = pathlib.Path(folder, "quantized.mnn"), pathlib.Path(folder, "config.json")
        config.write_text(json.dumps({
            "input_type": "image", "path": str(pictures_folder), "used_sample_num": count, "width": width, "height": height,
            "format": "GRAY" if channels == 1 else "RGB", "mean": [-low / step] * channels, "normal": [step] * channels,
            "feature_quantize_method": "KL", "weight_quantize_method": "MAX_ABS",
        }))  # fmt: skip
        # In a process of its own, because it crashes with some networks. After errors that it reports, its status is 0.
        done = subprocess.run([sys.executable, "-c", "import sys, _tools; _tools.mnnquant(sys.argv)", source, target, config])
        if done.returncode != 0 or not target.exists():
            raise RuntimeError(f"mnnquant wrote no model and ended with status {done.returncode}")
        target.rename(path)


def model(case, version):
    """The file of the network as MNN reads it."""
    path = case.file(f".{version}.mnn")
    if not path.exists():
        convert(case, path)
    if case.precision == "f32":
        return path
    quantized = case.file(f".{version}.{case.precision}.mnn")
    if not quantized.exists():
        quantize(path, quantized, np.load(case.network_file("calibration.npy")))
    return quantized


def prepare(case, threads, picture, output):
    import MNN

    # mnnquant reads pictures one by one. So the model that it makes has a batch of one, and the session's is changed.
    path = model(case if case.precision == "f32" else dataclasses.replace(case, batch=1), MNN.version())
    interpreter = MNN.Interpreter(str(path))
    session = interpreter.createSession({"backend": "CPU", "numThread": threads, "precision": "high"})
    source = interpreter.getSessionInput(session, case.input)
    if tuple(source.getShape()) != picture.shape:
        interpreter.resizeTensor(source, picture.shape)
        interpreter.resizeSession(session)
    sink = interpreter.getSessionOutput(session, case.output)
    given = MNN.Tensor(picture.shape, MNN.Halide_Type_Float, picture, MNN.Tensor_DimensionType_Caffe)
    result = MNN.Tensor(output.shape, MNN.Halide_Type_Float, output, MNN.Tensor_DimensionType_Caffe)

    def run():
        source.copyFrom(given)
        interpreter.runSession(session)
        sink.copyToHostTensor(result)
        np.copyto(output, np.asarray(result.getNumpyData()).reshape(output.shape))

    return run
