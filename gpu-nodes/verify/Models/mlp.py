#!/usr/bin/env python3
"""Writes mlp.onnx beside this file: y = relu(x W1 + b1) W2 + b2 over x [rows, 16], W1 [16, 32], W2 [32, 4], all FP32.

The weights are whole quarters by a formula that Mlp.cs repeats, so that every sum is exact in FP32 and in TF32 and every device must give
the same bits. Debian package: python3-onnx.
"""
import os

import onnx
from onnx import TensorProto, helper


def weights(rows, columns, step):
    return [((i * columns + j) * step % 7 - 3) / 4.0 for i in range(rows) for j in range(columns)]


def tensor(name, shape, values):
    return helper.make_tensor(name, TensorProto.FLOAT, shape, values)


graph = helper.make_graph(
    [
        helper.make_node("MatMul", ["x", "w1"], ["m1"]),
        helper.make_node("Add", ["m1", "b1"], ["a1"]),
        helper.make_node("Relu", ["a1"], ["h"]),
        helper.make_node("MatMul", ["h", "w2"], ["m2"]),
        helper.make_node("Add", ["m2", "b2"], ["y"]),
    ],
    "mlp",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 16])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 4])],
    [
        tensor("w1", [16, 32], weights(16, 32, 3)),
        tensor("b1", [32], weights(1, 32, 5)),
        tensor("w2", [32, 4], weights(32, 4, 2)),
        tensor("b2", [4], weights(1, 4, 1)),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="mlp.py")
onnx.checker.check_model(model)
onnx.save(model, os.path.join(os.path.dirname(os.path.abspath(__file__)), "mlp.onnx"))
