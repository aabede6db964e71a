"""Writes the file of a model that gives back what it gets, as its configuration declares it, in place of Triton's own "identity" backend. For triton-tests.sh.

identity_model.py FOLDER...: each has a config.pbtxt, and gets 1/model.onnx. An output is the input of the same number. An input that is optional is zero where none is sent.
"""
import os
import re
import sys

import onnx
from google.protobuf import text_format
from onnx import TensorProto, helper
from tritonclient.grpc import model_config_pb2

KINDS = {"TYPE_FP32": "FLOAT", "TYPE_FP64": "DOUBLE", "TYPE_FP16": "FLOAT16"}


def write(folder):
    path = os.path.join(folder, "config.pbtxt")
    with open(path) as file:
        text = re.sub("backend:.*|platform:.*", "", file.read())
    config = text_format.Parse(text, model_config_pb2.ModelConfig())

    def kind(tensor):
        name = model_config_pb2.DataType.Name(tensor.data_type)
        return getattr(TensorProto, KINDS.get(name, name.removeprefix("TYPE_")))

    def info(tensor):
        dims = tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims
        return helper.make_tensor_value_info(tensor.name, kind(tensor), (["rows"] if config.max_batch_size else []) + [None if size < 0 else size for size in dims])

    def default(tensor):
        sizes = [1] * (len(tensor.dims) + (config.max_batch_size > 0))
        return helper.make_tensor(tensor.name, kind(tensor), sizes, [0])

    nodes = [helper.make_node("Identity", [config.input[place].name], [output.name]) for place, output in enumerate(config.output)]
    graph = helper.make_graph(nodes, "identity", [info(tensor) for tensor in config.input], [info(tensor) for tensor in config.output], [default(tensor) for tensor in config.input if tensor.optional])
    os.makedirs(os.path.join(folder, "1"), exist_ok=True)
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), os.path.join(folder, "1", "model.onnx"))
    with open(path, "w") as file:
        file.write(text + '\nbackend: "onnxruntime"\n')


for target in sys.argv[1:]:
    write(target)
