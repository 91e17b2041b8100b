"""Evaluates an ONNX graph in float64: with ONNX's reference implementation, and PyTorch for the operators that it is slow in."""

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun


def padded(x, pads, value):
    """Pads as ONNX states them: all beginnings, then all ends."""
    top, left, bottom, right = pads or (0, 0, 0, 0)
    return F.pad(torch.from_numpy(np.ascontiguousarray(x)), (left, right, top, bottom), value=value)


def explicit(auto_pad, pads, lengths=(), kernel=(), strides=(), dilations=None):
    """The padding: all beginnings, then all ends. With SAME_UPPER, as much as a window at every stride needs, the odd pixel at the end."""
    if auto_pad in (None, "", "NOTSET"):
        return pads
    if auto_pad != "SAME_UPPER" or not lengths:
        raise NotImplementedError(f"auto_pad {auto_pad}")
    totals = [max(0, (-(-n // s) - 1) * s + d * (k - 1) + 1 - n)
              for n, k, s, d in zip(lengths, kernel, strides or (1, 1), dilations or (1, 1))]  # fmt: skip
    return [t // 2 for t in totals] + [t - t // 2 for t in totals]


def cells(length, kernel, stride, ceil):
    """How often a window fits in a padded length."""
    return -(-(length - kernel) // stride) + 1 if ceil else (length - kernel) // stride + 1


class Conv(OpRun):
    def _run(self, x, w, b=None, auto_pad=None, dilations=None, group=None, kernel_shape=None, pads=None, strides=None):  # noqa: PLR0913
        x, w = np.asarray(x), torch.from_numpy(np.ascontiguousarray(w))
        b = None if b is None else torch.from_numpy(np.ascontiguousarray(b))
        if w.dim() == 3:
            x = F.pad(torch.from_numpy(np.ascontiguousarray(x)), tuple(explicit(auto_pad, pads) or (0, 0)))
            y = F.conv1d(x, w, b, tuple(strides or (1,)), 0, tuple(dilations or (1,)), group or 1)
        else:
            x = padded(x, explicit(auto_pad, pads, x.shape[2:], w.shape[2:], strides, dilations), 0.0)
            y = F.conv2d(x, w, b, tuple(strides or (1, 1)), 0, tuple(dilations or (1, 1)), group or 1)
        return (y.numpy(),)


class MaxPool(OpRun):
    def _run(self, x, auto_pad=None, ceil_mode=None, dilations=None, kernel_shape=None, pads=None, storage_order=None, strides=None):  # noqa: PLR0913
        if any(d != 1 for d in dilations or ()):
            raise NotImplementedError("dilations")
        return (pooled(x, explicit(auto_pad, pads), kernel_shape, strides, ceil_mode, -np.inf, lambda v: v.amax((-2, -1))),)


class AveragePool(OpRun):
    def _run(self, x, auto_pad=None, ceil_mode=None, count_include_pad=None, dilations=None, kernel_shape=None, pads=None, strides=None):  # noqa: PLR0913
        pads = explicit(auto_pad, pads)
        total = pooled(x, pads, kernel_shape, strides, ceil_mode, 0.0, lambda v: v.sum((-2, -1)))
        inside = np.ones_like(x)
        if count_include_pad:
            inside, pads = padded(inside, pads, 1.0).numpy(), None  # what is behind the padding never counts
        return (total / pooled(inside, pads, kernel_shape, strides, ceil_mode, 0.0, lambda v: v.sum((-2, -1))),)


class BatchNormalization(OpRun):
    """ONNX's own takes a momentum in versions before 14 for training, but there it only says how the statistics came to be."""

    def _run(self, x, scale, bias, mean, var, epsilon=None, momentum=None, spatial=None, training_mode=None):  # noqa: PLR0913
        if training_mode or spatial == 0 or len(self.onnx_node.output) > 1:
            raise NotImplementedError("statistics of this run, or of each pixel")
        shape = (1, -1) + (1,) * (x.ndim - 2)
        factor = scale / np.sqrt(var + (1e-5 if epsilon is None else epsilon))
        return (x * factor.reshape(shape) + (bias - mean * factor).reshape(shape),)


def pooled(x, pads, kernel, strides, ceil, outside, combine):
    strides = strides or (1, 1)
    x = padded(x, pads, outside)
    counts = [cells(x.shape[2 + i], kernel[i], strides[i], ceil) for i in range(2)]
    missing = [max(0, (counts[i] - 1) * strides[i] + kernel[i] - x.shape[2 + i]) for i in range(2)]
    x = F.pad(x, (0, missing[1], 0, missing[0]), value=outside)
    windows = x.unfold(2, kernel[0], strides[0]).unfold(3, kernel[1], strides[1])
    return combine(windows[:, :, : counts[0], : counts[1]]).numpy()


def widened(model):
    """The model with float64 wherever it has float32."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)

    def widen(tensor):
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))

    for tensor in wide.graph.initializer:
        widen(tensor)
    for value in (*wide.graph.input, *wide.graph.output):
        value.type.tensor_type.elem_type = TensorProto.DOUBLE
    for node in wide.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                widen(attribute.t)
            elif node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.DOUBLE
    return wide


def in_float64(model, pictures):
    """The first output for each picture."""
    run = ReferenceEvaluator(widened(model), new_ops=[Conv, MaxPool, AveragePool, BatchNormalization])
    outputs = []
    for picture in pictures:
        output = run.run(None, {model.graph.input[0].name: picture.astype(np.float64)})[0]
        if output.dtype != np.float64:
            raise SystemExit(f"an output is {output.dtype}")
        outputs.append(output)
    return outputs
