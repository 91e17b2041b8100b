"""Exports a network for the peers as ONNX and TorchScript, with its pictures and PyTorch's outputs. compare.py starts this process.

    python3 bench/export.py weights NETWORK FILE
    python3 bench/export.py models CASE
    python3 bench/export.py pictures CASE FILE
    python3 bench/export.py quantized CASE PICTURES
"""

import pathlib
import sys
import warnings

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "exactness"))

from case import Case  # noqa: E402


def export_weights(network, path):
    from safetensors.numpy import save_file

    import generated_checkpoint

    save_file(generated_checkpoint.generated_model(network)[1], path)


def export_models(case):
    import torch

    import generator

    warnings.filterwarnings("ignore")  # the exporters warn of newer exporters, which need more packages
    model = case.model()
    picture = np.stack([generator.picture(case.input, k, case.input_shape) for k in range(case.batch)])
    np.save(case.file(".input.npy"), picture)
    with torch.inference_mode():
        np.save(case.file(".reference.npy"), model(torch.from_numpy(picture)).numpy())
    torch.onnx.export(model, (torch.from_numpy(picture),), str(case.file(".onnx")), opset_version=17, do_constant_folding=True,
                      input_names=[case.input], output_names=[case.output], dynamo=False)  # fmt: skip
    torch.jit.trace(model, torch.from_numpy(picture[:1])).save(str(case.file(".pt")))  # for ncnn, which takes pictures one by one
    case.file(".exported").touch()


def export_pictures(case, path):
    """Pictures for calibration, other ones than those that are timed."""
    import generator

    count, first = 16, 1000
    np.save(path, np.stack([generator.picture(case.input, first + k, case.input_shape) for k in range(count)]))


def export_quantized(case, pictures):
    """The ONNX model as ONNX Runtime quantizes it: QDQ, activations u8, weights i8 for each channel, ranges from the pictures."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Pictures(CalibrationDataReader):
        def __init__(self):
            every = np.load(pictures)
            batches = (np.resize(every[k : k + case.batch], (case.batch, *every.shape[1:])) for k in range(0, len(every), case.batch))
            self.batches = iter([{case.input: batch} for batch in batches])

        def get_next(self):
            return next(self.batches, None)

    prepared = case.file(".prepared.onnx")
    quant_pre_process(str(case.file(".onnx")), str(prepared))
    quantize_static(str(prepared), str(case.onnx()), Pictures(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)  # fmt: skip
    prepared.unlink()


if __name__ == "__main__":
    if sys.argv[1] == "weights":
        export_weights(sys.argv[2], sys.argv[3])
    elif sys.argv[1] == "models":
        export_models(Case.from_json(sys.argv[2]))
    elif sys.argv[1] == "pictures":
        export_pictures(Case.from_json(sys.argv[2]), sys.argv[3])
    else:
        export_quantized(Case.from_json(sys.argv[2]), sys.argv[3])
