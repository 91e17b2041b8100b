"""Exports a network for the peers as ONNX and TorchScript, with its pictures and PyTorch's outputs. compare.py starts this process.

    python3 bench/export.py weights NETWORK FILE
    python3 bench/export.py models CASE
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


if __name__ == "__main__":
    if sys.argv[1] == "weights":
        export_weights(sys.argv[2], sys.argv[3])
    else:
        export_models(Case.from_json(sys.argv[2]))
