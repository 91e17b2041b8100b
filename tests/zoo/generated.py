"""Takes the weights out of an ONNX graph, and fills them with generated ones: the rule of docs/exactness.md for imported graphs.

tests/zoo/generated_weights.h has the same rule in C++, for the test run.
"""

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

import generator

PLACE = "generated"  # where the file says that the weights are, as ONNX's external data
MOST_INSIDE = 16  # elements of a constant that stays in the graph

WEIGHT, BIAS = "weight", "bias"
# The roles of an operator's inputs, by the input's index.
PRODUCTS = {"Conv": {1: WEIGHT, 2: BIAS}, "Gemm": {1: WEIGHT, 2: BIAS}, "MatMul": {1: WEIGHT}}
BY_CHANNEL = {
    "BatchNormalization": {1: WEIGHT, 2: BIAS, 3: "running_mean", 4: "running_var"},
    "LayerNormalization": {1: WEIGHT, 2: BIAS},
    "PRelu": {1: WEIGHT},
    "Mul": {0: WEIGHT, 1: WEIGHT},
    "Add": {0: BIAS, 1: BIAS},
}


def shape_for(operator, role, dims):
    """The shape that the generator is given for an initializer; None if it has no rule for it."""
    if operator in PRODUCTS and role == WEIGHT:
        return dims if len(dims) in (2, 4) else None
    wide = [d for d in dims if d != 1]
    return wide if len(wide) == 1 else None


def streams(graph):
    """The name of the stream and the shape for each initializer that the generator has a rule for, by the initializer's name. The first
    node that reads an initializer counts."""
    dims = {tensor.name: list(tensor.dims) for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT}
    found = {}
    for node in graph.node:
        roles = PRODUCTS.get(node.op_type) or BY_CHANNEL.get(node.op_type) or {}
        for index, name in enumerate(node.input):
            if index in roles and name in dims and name not in found:
                shape = shape_for(node.op_type, roles[index], dims[name])
                if shape:
                    found[name] = (f"{name}.{roles[index]}", shape)
    return found


def strip(model):
    """Leaves out the bytes of all weights that the generator has a rule for. Returns the names of larger constants that stay."""
    rules = streams(model.graph)
    kept = []
    for tensor in model.graph.initializer:
        if np.prod(tensor.dims, dtype=np.int64) <= MOST_INSIDE:
            continue
        if tensor.name not in rules:
            kept.append(tensor.name)
            continue
        for field in ("raw_data", "float_data"):
            tensor.ClearField(field)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=PLACE)
    del model.graph.value_info[:]
    return kept


def fill(model):
    """A copy of a stripped model that has its weights."""
    filled = onnx.ModelProto()
    filled.CopyFrom(model)
    rules = streams(model.graph)
    for tensor in filled.graph.initializer:
        if tensor.data_location == TensorProto.EXTERNAL:
            name, shape = rules[tensor.name]
            values = generator.weights(name, shape).reshape(list(tensor.dims))
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return filled
