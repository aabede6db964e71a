#!/usr/bin/python3
# Writes the models that the examples of Triton's clients ask for into the folder argv[1], in the layout of a model folder. Needs python3-onnx.
import os
import sys

from onnx import TensorProto as T
from onnx import helper, save

NAMES = ("INPUT0", "INPUT1"), ("OUTPUT0", "OUTPUT1")


def write(root, name, nodes, dtype, inputs=2):
    infos = [[helper.make_tensor_value_info(n, dtype, ["rows", 16]) for n in names[:inputs]] for names in NAMES]
    write_model(root, name, nodes, infos, "max_batch_size: 8\n")


def write_model(root, name, nodes, infos, config):
    model = helper.make_model(helper.make_graph(nodes, name, *infos), opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    folder = os.path.join(root, name, "1")
    os.makedirs(folder, exist_ok=True)
    save(model, os.path.join(folder, "model.onnx"))
    with open(os.path.join(root, name, "config.pbtxt"), "w") as file:
        file.write(config)


def add_and_subtract(root, name, dtype):
    """OUTPUT0 is the sum and OUTPUT1 the difference; of text and INT8 through INT32."""
    direct = dtype == T.INT32
    nodes = [] if direct else [helper.make_node("Cast", [n], [n + "i"], to=T.INT32) for n in NAMES[0]]
    operands = list(NAMES[0]) if direct else [n + "i" for n in NAMES[0]]
    for operator, output in zip(("Add", "Sub"), NAMES[1]):
        nodes.append(helper.make_node(operator, operands, [output if direct else output + "i"]))
    if not direct:
        nodes += [helper.make_node("Cast", [n + "i"], [n], to=dtype) for n in NAMES[1]]
    write(root, name, nodes, dtype)


add_and_subtract(sys.argv[1], "simple", T.INT32)
add_and_subtract(sys.argv[1], "simple_int8", T.INT8)
add_and_subtract(sys.argv[1], "simple_string", T.STRING)
write(sys.argv[1], "simple_identity", [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"])], T.STRING, inputs=1)

# What one example asks for by its name, and what makes as many models as another one counts.
image = [[helper.make_tensor_value_info("data_0", T.FLOAT, [3, 224, 224])], [helper.make_tensor_value_info("fc6_1", T.FLOAT, [3, 1, 1])]]
write_model(sys.argv[1], "densenet_onnx", [helper.make_node("ReduceMean", ["data_0"], ["fc6_1"], axes=[1, 2])], image, "max_batch_size: 0\n")
for name in ("other_1", "other_2", "other_3"):
    write(sys.argv[1], name, [helper.make_node("Identity", ["INPUT0"], ["OUTPUT0"])], T.STRING, inputs=1)
