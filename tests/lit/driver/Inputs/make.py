"""Files for the tests, without numpy: checkpoints for tiny.rn and single.rn, arrays, and pictures.

    make.py checkpoint OUT.safetensors [drop=NAME] [extra=NAME] [shape|double=NAME] [nan|zero|negative|denormal=NAME] [prefix=PREFIX]
    make.py add CHECKPOINT OUT.safetensors TENSOR INDEX VALUE
    make.py copying OUT.safetensors [nan|large]
    make.py channels OUT.safetensors
    make.py tensors_named OUT.safetensors NAME=D0,D1,...
    make.py empty OUT.safetensors
    make.py npy OUT.npy TYPE D0,D1,...
    make.py npy_of OUT.npy D0,D1,... VALUE...
    make.py ppm OUT.ppm WIDTH HEIGHT
"""

import json
import random
import struct
import sys

BN = ["weight", "bias", "running_mean", "running_var"]


def tensors():
    shapes = {}

    def conv(name, *shape):
        shapes[name + ".weight"] = list(shape)

    def norm(name, channels):
        for part in BN:
            shapes[f"{name}.{part}"] = [channels]

    conv("conv1", 8, 3, 3, 3), norm("bn1", 8)
    for block, inner, outer in ((0, 8, 8), (1, 8, 16)):
        prefix = f"layer1.{block}."
        conv(prefix + "conv1", outer, inner, 3, 3), norm(prefix + "bn1", outer)
        conv(prefix + "conv2", outer, outer, 3, 3), norm(prefix + "bn2", outer)
    conv("layer1.1.downsample.0", 16, 8, 1, 1), norm("layer1.1.downsample.1", 16)
    shapes["fc.weight"], shapes["fc.bias"] = [4, 16], [4]
    return shapes


def count(shape):
    n = 1
    for d in shape:
        n *= d
    return n


def checkpoint(path, *changes):
    shapes = tensors()
    for change in changes:
        kind, name = change.split("=")
        if kind == "drop":
            del shapes[name]
        elif kind == "extra":
            shapes[name] = [2]
        elif kind == "shape":
            shapes[name] = shapes[name] + [1]
        elif kind == "double":
            shapes[name] = shapes[name] + [2]
    nan = {change.split("=")[1] for change in changes if change.startswith("nan=")}
    prefix = "".join(change.split("=")[1] for change in changes if change.startswith("prefix="))
    random.seed(1)
    tensors_of = {}
    for name, shape in sorted(shapes.items()):
        low, high = (0.5, 1.5) if name.endswith("running_var") else (-0.5, 0.5)
        values = [random.uniform(low, high) for _ in range(count(shape))]
        if name in nan:
            values[1] = float("nan")
        if f"zero={name}" in changes:
            values = [0.0] * len(values)
        if f"denormal={name}" in changes:
            values = [1e-40 * (1 + i % 7) for i in range(len(values))]
        if f"negative={name}" in changes:
            values[1] = -1.0
        tensors_of[name if name.startswith(prefix) else prefix + name] = shape, values
    save(path, tensors_of)


def add(source, path, name, index, value):
    """The same checkpoint with something added to one element of a tensor."""
    with open(source, "rb") as f:
        data = bytearray(f.read())
    (length,) = struct.unpack("<Q", data[:8])
    begin = 8 + length + json.loads(data[8 : 8 + length])[name]["data_offsets"][0] + 4 * int(index)
    (old,) = struct.unpack("<f", data[begin : begin + 4])
    data[begin : begin + 4] = struct.pack("<f", old + float(value))
    with open(path, "wb") as f:
        f.write(data)


def channels(path):
    """For channels.rn: every other 16 channels of `first` are 1e4 times as large, and every other 16 of `conv` do not read them."""
    random.seed(1)

    def weight(rows, columns, factor):
        return [rows, columns, 1, 1], [random.uniform(-1, 1) * factor(row, column) for row in range(rows) for column in range(columns)]

    save(path, {
        "first.weight": weight(512, 32, lambda row, _: 1e4 if row // 16 % 2 else 1),
        "conv.weight": weight(512, 512, lambda row, column: 0 if row // 16 % 2 and column // 16 % 2 else 1),
        "fc.weight": ([4, 512], [random.uniform(-1, 1) for _ in range(2048)]),
        "fc.bias": ([4], [0.0] * 4),
    })


def copying(path, *changes):
    """single.rn's 3x3 convolution as a copy: each output channel is its input channel's middle pixel, so direct sums are exact."""
    values = [0.0] * (16 * 16 * 9)
    for channel in range(16):
        values[(channel * 16 + channel) * 9 + 4] = 3e38 if "large" in changes else 1.0
    if "nan" in changes:
        values[0] = float("nan")
    save(path, {"conv1.weight": ([16, 16, 3, 3], values)})


def save(path, tensors_of):
    header, data = {}, b""
    for name, (shape, values) in tensors_of.items():
        begin = len(data)
        data += struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def tensors_named(path, *given):
    """Tensors of these names and shapes, of numbers around 0."""
    random.seed(1)
    shapes = {name: [int(d) for d in dims.split(",")] for name, dims in (one.split("=") for one in given)}
    save(path, {name: (shape, [random.uniform(-0.5, 0.5) for _ in range(count(shape))]) for name, shape in shapes.items()})


def empty(path):
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", 2) + b"{}")


def npy(path, kind, dims):
    shape = [int(d) for d in dims.split(",")]
    values = [i * 7919 % 251 if kind == "|u1" else i * 7919 % 251 / 251 for i in range(count(shape))]
    write_npy(path, kind, shape, values)


def npy_of(path, dims, *values):
    """An array of f32 with these elements."""
    write_npy(path, "<f4", [int(d) for d in dims.split(",")], [float(value) for value in values])


def write_npy(path, kind, shape, values):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    code = {"<f4": "f", "<f8": "d", "|u1": "B"}[kind]
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack(f"<{len(values)}{code}", *values))


def ppm(path, width, height):
    width, height = int(width), int(height)
    with open(path, "wb") as f:
        f.write(f"P6\n{width} {height}\n255\n".encode() + bytes(i * 37 % 256 for i in range(width * height * 3)))


globals()[sys.argv[1]](*sys.argv[2:])
