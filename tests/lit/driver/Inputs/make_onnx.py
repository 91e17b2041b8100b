"""Small ONNX models for the tests, without the package onnx: protobuf written by hand.

    make_onnx.py OUT.onnx [open] [external=FILE] [strange] [loop] [away] [norm] [nan=TENSOR]
"""

import struct
import sys


def varint(value):
    value &= (1 << 64) - 1
    out = b""
    while True:
        byte = value & 0x7F
        value >>= 7
        if value == 0:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def dims(values):
    return b"".join(number(1, d) for d in values)


class Model:
    def __init__(self, external, nan):
        self.nodes, self.tensors, self.data, self.external, self.nan = b"", b"", b"", external, nan

    def tensor(self, name, *shape):
        count = 1
        for d in shape:
            count *= d
        values = [0.25 + 0.125 * ((i + len(name)) % 5) for i in range(count)]
        if name == self.nan:
            values[1] = float("nan")
        values = struct.pack("<%df" % count, *values)
        message = dims(shape) + number(2, 1) + data(8, name)
        if self.external:
            for key, value in (("location", self.external), ("offset", len(self.data)), ("length", len(values))):
                message += data(13, data(1, key) + data(2, str(value)))
            message += number(14, 1)
            self.data += values
        else:
            message += data(9, values)
        self.tensors += data(5, message)

    def node(self, op, inputs, output, domain="", **attributes):
        message = b"".join(data(1, i) for i in inputs) + data(2, output) + data(3, "/" + output + "/" + op) + data(4, op)
        for name, value in attributes.items():
            if isinstance(value, list):
                message += data(5, data(1, name) + b"".join(number(8, v) for v in value) + number(20, 7))
            else:
                message += data(5, data(1, name) + number(3, value) + number(20, 2))
        if domain:
            message += data(7, domain)
        self.nodes += data(1, message)

    def conv(self, source, name, out, into, kernel, stride=1):
        self.tensor(name + ".weight", out, into, kernel, kernel)
        self.node("Conv", [source, name + ".weight"], name, strides=[stride] * 2, pads=[kernel // 2] * 4)

    def bn(self, source, name, channels):
        parts = [name + "." + part for part in ("weight", "bias", "running_mean", "running_var")]
        for part in parts:
            self.tensor(part, channels)
        self.node("BatchNormalization", [source] + parts, name)

    def bytes(self, shape):
        dimensions = b"".join(data(1, data(2, d) if isinstance(d, str) else number(1, d)) for d in shape)
        image = data(1, "image") + data(2, data(1, number(1, 1) + data(2, dimensions)))
        graph = self.nodes + data(2, "net") + self.tensors + data(11, image) + data(12, data(1, "logits"))
        return number(1, 8) + data(2, "make_onnx") + data(7, graph) + data(8, data(1, "") + number(2, 17))


def main():
    out, options = sys.argv[1], dict((a.split("=", 1) + [""])[:2] for a in sys.argv[2:])
    m = Model(options.get("external"), options.get("nan"))
    m.conv("image", "conv1", 8, 3, 3)
    m.bn("conv1", "bn1", 8)
    m.node("Relu", ["bn1"], "stem")
    at, channels = "stem", 8
    for name, width, stride in (("layer1.0", 8, 1), ("layer1.1", 8, 1), ("layer2.0", 16, 2), ("layer2.1", 16, 1)):
        m.conv(at, name + ".conv1", width, channels, 3, stride)
        m.bn(name + ".conv1", name + ".bn1", width)
        m.node("Relu", [name + ".bn1"], name + ".relu")
        m.conv(name + ".relu", name + ".conv2", width, width, 3)
        m.bn(name + ".conv2", name + ".bn2", width)
        edge = at
        if stride != 1:
            m.conv(at, name + ".downsample.0", width, channels, 1, stride)
            m.bn(name + ".downsample.0", name + ".downsample.1", width)
            edge = name + ".downsample.1"
        m.node("Add", [name + ".bn2", edge], name + ".sum")
        m.node("Relu", [name + ".sum"], name + ".out")
        at, channels = name + ".out", width
    if "norm" in options:
        m.tensor("norm.weight", 16)
        m.tensor("norm.bias", 16)
        m.node("InstanceNormalization", [at, "norm.weight", "norm.bias"], "norm")
        at = "norm"
    if "strange" in options:
        m.node("Strange", [at], "odd", domain="mine")
        at = "odd"
    if "loop" in options:
        m.node("Loop", [at], "turn")
        at = "turn"
    m.node("GlobalAveragePool", [at], "pooled")
    m.node("Flatten", ["pooled"], "flat")
    m.tensor("fc.weight", 10, 16)
    m.tensor("fc.bias", 10)
    m.node("Gemm", ["flat", "fc.weight", "fc.bias"], "logits", transB=1)
    shape = ["batch", 3, "h", "w"] if "open" in options else ["batch", 3, 16, 16]
    with open(out, "wb") as f:
        f.write(m.bytes(shape))
    if m.external and ".." not in m.external:
        with open(out.rsplit("/", 1)[0] + "/" + m.external, "wb") as f:
            f.write(m.data)


main()
