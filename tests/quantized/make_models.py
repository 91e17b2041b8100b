"""Makes the quantized models of this folder, and what ONNX Runtime computes with them: NAME.onnx, and NAME.safetensors with the input, each
tensor of integers (without a sign, under its name in the model) and the outputs, all as float32.

    python3 -m pip install -r bench/zoo-requirements.txt safetensors
    python3 tests/quantized/make_models.py
"""

import os
import tempfile

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from safetensors.numpy import save_file
from torch import nn

FOLDER = os.path.dirname(os.path.abspath(__file__))
SIZE = 12


class Block(nn.Module):
    """A block of a residual network, with a convolution on its skip edge where dimensions change."""

    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1)
        self.skip = nn.Conv2d(channels, width, 1, stride) if stride != 1 or channels != width else nn.Identity()

    def forward(self, x):
        return torch.relu(self.conv2(torch.relu(self.conv1(x))) + self.skip(x))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 1, 1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(8, 8, 1), Block(8, 16, 2))
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        return self.fc(self.layer1(self.pool(torch.relu(self.stem(x)))).mean((2, 3)))


class Mobile(nn.Module):
    """Depthwise windows, a gate, activations with exponentials, a concatenation, an average pool and a transposed batch of channels."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        self.expand = nn.Conv2d(8, 24, 1)
        self.depthwise = nn.Conv2d(24, 24, 5, 1, 2, groups=24)
        self.squeeze, self.excite = nn.Conv2d(24, 6, 1), nn.Conv2d(6, 24, 1)
        self.project = nn.Conv2d(24, 8, 1)
        self.branch = nn.Conv2d(8, 8, 3, 1, 1, groups=2)
        self.fc = nn.Linear(16 * 9, 10)

    def forward(self, x):
        x = nn.functional.silu(self.stem(x))
        y = nn.functional.hardswish(self.depthwise(nn.functional.leaky_relu(self.expand(x), 0.1)))
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(nn.functional.adaptive_avg_pool2d(y, 1)))))
        x = x + self.project(y * gate)
        x = torch.cat([x, torch.relu(self.branch(x))], 1)
        return self.fc(nn.functional.avg_pool2d(x, 2).flatten(1))


class Pictures(CalibrationDataReader):
    def __init__(self, pictures):
        self.rest = [{"image": p[None]} for p in pictures]

    def get_next(self):
        return self.rest.pop() if self.rest else None


def without_sums_rounded(model):
    """The style in which a convolution is not rounded before it is added: only what it is added to is."""
    made = {o: n for n in model.graph.node for o in n.output}
    for add in [n for n in model.graph.node if n.op_type == "Add"]:
        for i, name in enumerate(add.input):
            read = made.get(name)
            rounded = made.get(read.input[0]) if read is not None and read.op_type == "DequantizeLinear" else None
            conv = made.get(rounded.input[0]) if rounded is not None and rounded.op_type == "QuantizeLinear" else None
            if conv is not None and conv.op_type == "Conv":
                add.input[i] = conv.output[0]
                break
    used = {i for n in model.graph.node for i in n.input} | {o.name for o in model.graph.output}
    while True:
        dead = [n for n in model.graph.node if not any(o in used for o in n.output)]
        if not dead:
            return
        for node in dead:
            model.graph.node.remove(node)
        used = {i for n in model.graph.node for i in n.input} | {o.name for o in model.graph.output}


def integers_of(model):
    """The tensors of integers that depend on the picture, and whether each has a sign."""
    constants = {t.name: t for t in model.graph.initializer}
    signed = {}
    for node in model.graph.node:
        where = {"QuantizeLinear": 2, "QLinearConv": 7, "QGemm": 8, "QLinearConcat": 1, "QLinearAdd": 7, "QLinearMul": 7}.get(node.op_type)
        if where is None and node.op_type.startswith("QLinear"):
            where = 4
        if where is not None and node.input[0] not in constants or node.op_type == "QLinearConcat":
            signed[node.output[0]] = constants[node.input[where]].data_type == onnx.TensorProto.INT8
    return signed


def write(name, network, pictures, kind=QuantFormat.QDQ, change=None, **options):
    with tempfile.TemporaryDirectory() as folder:
        plain, path = os.path.join(folder, "plain.onnx"), os.path.join(FOLDER, name + ".onnx")
        torch.onnx.export(network, torch.from_numpy(pictures[:1]), plain, dynamo=False, input_names=["image"], output_names=["logits"])
        options = {"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8} | options
        quantize_static(plain, path, Pictures(pictures), quant_format=kind, **options)
        model = onnx.load(path)
        if change:
            change(model)
        model.graph.ClearField("value_info")
        for node in model.graph.node:
            node.ClearField("doc_string")
        onnx.checker.check_model(model)
        onnx.save(model, path)
        signed = integers_of(model)
        for tensor, sign in signed.items():
            model.graph.output.append(helper.make_tensor_value_info(tensor, onnx.TensorProto.INT8 if sign else onnx.TensorProto.UINT8, None))
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [o.name for o in session.get_outputs()]
        results = dict(zip(names, session.run(None, {"image": pictures[:1]})))
    tensors = {"image": pictures[:1], "logits": results["logits"]}
    for tensor, sign in signed.items():
        tensors[tensor] = results[tensor].astype(np.float32) + (128 if sign else 0)
    save_file({n: np.ascontiguousarray(t, np.float32) for n, t in tensors.items()}, os.path.join(FOLDER, name + ".safetensors"))
    os.chmod(os.path.join(FOLDER, name + ".safetensors"), 0o644)
    print(name, len(signed), "tensors of integers")


def main():
    torch.manual_seed(3)
    pictures = np.random.default_rng(3).standard_normal((4, 3, SIZE, SIZE)).astype(np.float32)
    residual, mobile = Residual().eval(), Mobile().eval()
    write("residual_qdq", residual, pictures, per_channel=True)
    write("residual_qlinear", residual, pictures, QuantFormat.QOperator, per_channel=True)
    write("residual_skips", residual, pictures, change=without_sums_rounded, per_channel=True)
    write("residual_signed", residual, pictures, activation_type=QuantType.QInt8,
          extra_options={"ActivationSymmetric": True, "DedicatedQDQPair": True, "AddQDQPairToWeight": True})  # fmt: skip
    write("residual_unsigned", residual, pictures, QuantFormat.QOperator, weight_type=QuantType.QUInt8)
    write("mobile_qdq", mobile, pictures, per_channel=True)
    write("mobile_qlinear", mobile, pictures, QuantFormat.QOperator)


if __name__ == "__main__":
    main()
