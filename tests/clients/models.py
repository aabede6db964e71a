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

# What one example asks for by its name. With the sequences below there are as many models as another one counts.
classes = 3 * 334
image = [[helper.make_tensor_value_info("data_0", T.FLOAT, [1, 3, 224, 224])], [helper.make_tensor_value_info("fc6_1", T.FLOAT, [1, classes, 1, 1])]]
write_model(
    sys.argv[1], "densenet_onnx",
    [helper.make_node("ReduceMean", ["data_0"], ["means"], axes=[2, 3]),
     helper.make_node("Constant", [], ["times"], value=helper.make_tensor("times", T.INT64, [4], [1, classes // 3, 1, 1])),
     helper.make_node("Tile", ["means", "times"], ["fc6_1"])], image,
    f'''max_batch_size: 0
input {{ name: "data_0" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 3, 224, 224 ] reshape {{ shape: [ 1, 3, 224, 224 ] }} }}
output {{ name: "fc6_1" data_type: TYPE_FP32 dims: [ {classes} ] reshape {{ shape: [ 1, {classes}, 1, 1 ] }} label_filename: "labels.txt" }}
''')
with open(os.path.join(sys.argv[1], "densenet_onnx", "labels.txt"), "w") as file:
    file.writelines(f"class {index}\n" for index in range(classes))


def control(name, kind, setting="int32_false_true: [ 0, 1 ]"):
    return f'control_input {{ name: "{name}" control {{ kind: CONTROL_SEQUENCE_{kind} {setting} }} }}'


def write_sequence(name, nodes, inputs, outputs, batching):
    infos = [[helper.make_tensor_value_info(tensor, dtype, ["rows", 1]) for tensor, dtype in side.items()] for side in (inputs, outputs)]
    write_model(sys.argv[1], name, nodes, infos, "max_batch_size: 8\nsequence_batching { " + " ".join(batching) + " }\n")


# Sequences: one that adds START to INPUT, one that adds the sequence's id in its last answer besides, and one that adds up, with an id that is a text.
idle, oldest = "max_sequence_idle_microseconds: 10000000", "oldest { max_candidate_sequences: 1024 max_queue_delay_microseconds: 10000 }"
write_sequence(
    "simple_sequence", [helper.make_node("Add", ["INPUT", "START"], ["sum"]), helper.make_node("Mul", ["sum", "READY"], ["OUTPUT"])],
    {"INPUT": T.INT32, "START": T.INT32, "READY": T.INT32}, {"OUTPUT": T.INT32}, [idle, control("START", "START"), control("READY", "READY")])
last = [helper.make_node("Cast", ["CORRID"], ["id"], to=T.INT32), helper.make_node("Mul", ["id", "END"], ["last"]), helper.make_node("Add", ["sum", "last"], ["OUTPUT"])]
write_sequence(
    "simple_dyna_sequence", [helper.make_node("Add", ["INPUT", "START"], ["sum"]), *last],
    {"INPUT": T.INT32, "START": T.INT32, "END": T.INT32, "CORRID": T.UINT64}, {"OUTPUT": T.INT32},
    [idle, oldest, control("START", "START"), control("END", "END"), control("CORRID", "CORRID", "data_type: TYPE_UINT64")])
write_sequence(
    "simple_string_dyna_sequence", [helper.make_node("Add", ["INPUT", "SUM_IN"], ["sum"]), *last, helper.make_node("Identity", ["OUTPUT"], ["SUM_OUT"])],
    {"INPUT": T.INT32, "SUM_IN": T.INT32, "END": T.INT32, "CORRID": T.STRING}, {"OUTPUT": T.INT32, "SUM_OUT": T.INT32},
    [idle, oldest, control("END", "END"), control("CORRID", "CORRID", "data_type: TYPE_STRING"),
     'state { input_name: "SUM_IN" output_name: "SUM_OUT" data_type: TYPE_INT32 dims: [ 1 ] }'])
