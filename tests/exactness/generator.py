"""The generator of weights and pictures that docs/exactness.md describes; ir/interpreter.h has the same in C++.

Every value depends only on its tensor's name and shape and on its index. So both sides of a comparison can make the same network
without sharing a file.
"""

import numpy as np

GAMMA = np.uint64(0x9E3779B97F4A7C15)


def fnv1a(name):
    """The 64-bit FNV-1a hash of a name's UTF-8 bytes."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 % (1 << 64)
    return value


def stream(name, count):
    """The first `count` outputs of SplitMix64 seeded with the hash of `name`."""
    with np.errstate(over="ignore"):
        z = np.uint64(fnv1a(name)) + GAMMA * np.arange(1, count + 1, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def unit(z):
    """Uniform in [0, 1), from the upper 53 bits."""
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def is_scale(name, shape):
    """Whether a tensor is a norm's scale, or a scale of its own: a parameter with another name, often with more dimensions, of 1."""
    if name.endswith(".bias"):
        return False
    return len(shape) == 1 or (shape[0] == np.prod(shape) and not name.endswith(".weight"))


def weights(name, shape):
    """The tensor `name`, float32."""
    shape = tuple(shape)
    z = stream(name, int(np.prod(shape, dtype=np.int64)))
    u = unit(z)
    if name.endswith(".running_var"):
        values = 0.5 + u
    elif name.endswith(".running_mean"):
        values = 0.2 * (u - 0.5)
    elif is_scale(name, shape):
        values = (0.5 + 0.5 * u) * np.where(z & np.uint64(1), -1.0, 1.0)
    elif len(shape) == 1 and name.endswith(".bias"):
        values = 0.2 * (u - 0.5)
    elif len(shape) in (2, 3, 4) and name.endswith(".weight"):
        values = (2.0 * u - 1.0) * np.sqrt(3.0 * 2.0 / np.prod(shape[1:]))
    else:
        raise ValueError(f"the generator has no rule for {name} {shape}")
    return values.astype(np.float32).reshape(shape)


def picture(name, index, shape):
    """Picture `index` of the float input `name`, planar, float32."""
    u = unit(stream(f"{name}#{index}", int(np.prod(shape))))
    return (2.0 * u - 1.0).astype(np.float32).reshape(shape)


def fill(model, gain=1):
    """Gives every tensor of a torch module's state its generated values; returns the tensors as numpy arrays by name. Those of two and more
    dimensions are multiplied by `gain`."""
    import torch

    arrays = {}
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        arrays[name] = weights(name, tensor.shape) * np.float32(gain if tensor.dim() > 1 and not is_scale(name, tensor.shape) else 1)
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(arrays[name]))
    return arrays
