"""Loads every model configuration of Triton's own tests that is to be refused, and says whether it was; ensembles in Triton's words. For triton-tests.sh.

model_config.py TESTS MODELS MODEL: TESTS is qa/L0_model_config, MODELS the folder of a server on port 8000 with explicit control, MODEL a file for models whose own does not matter.
"""
import glob
import json
import os
import re
import shutil
import sys
import urllib.error
import urllib.request

import onnx
from google.protobuf import text_format
from onnx import TensorProto, helper
from tritonclient.grpc import model_config_pb2

tests, models, any_model = sys.argv[1:]

# Words of its own, or a model that answers more than once, which are none here.
OWN_WORDS = {
    "ensemble_scheduling_no_set", "has_backend", "instance_group_set", "invalid_decoupled_branching", "invalid_decoupled_branching_2", "model_warm_up_set", "no_input_map", "no_model_name", "no_output_map",
    "no_required_version", "no_required_version_2", "no_required_version_3", "no_step", "no_step_2", "non_existing_model", "optimization_set", "output_to_tensor_overmapped", "redundant_tensor_as_input",
    "redundant_tensor_as_output", "self_circular_dependency", "tensor_to_input_overmapped", "unreachable_input", "unreachable_output", "unreachable_output_2", "unreachable_output_3",
}

# What a file does not say is taken from the model here.
TAKEN = {"too_few_inputs"}


def call(path):
    try:
        request = urllib.request.Request("http://127.0.0.1:8000" + path, b"{}", {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def write_identity(name):
    """A model that gives each output the first input, as its configuration declares them."""
    path = os.path.join(models, name, "config.pbtxt")
    with open(path) as file:
        config = text_format.Parse(file.read(), model_config_pb2.ModelConfig())
    kind = TensorProto.INT32 if name.startswith("int32") else TensorProto.FLOAT
    shape = lambda dims: (["rows"] if config.max_batch_size else []) + [None if size < 0 else size for size in dims]
    info = lambda tensors: [helper.make_tensor_value_info(tensor.name, kind, shape(tensor.dims)) for tensor in tensors]
    nodes = [helper.make_node("Identity", [config.input[min(place, len(config.input) - 1)].name], [output.name]) for place, output in enumerate(config.output)]
    graph = helper.make_graph(nodes, "identity", info(config.input), info(config.output))
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), os.path.join(models, name, "1", "model.onnx"))
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(re.sub("backend:.*|platform:.*", "", text) + '\nplatform: "onnxruntime_onnx"\n')


def lay_out(target, platform):
    for name in os.listdir(models):
        call(f"/v2/repository/models/{name}/unload")
        shutil.rmtree(os.path.join(models, name)) if os.path.isdir(os.path.join(models, name)) else os.remove(os.path.join(models, name))
    name = os.path.basename(target)
    if os.path.exists(os.path.join(target, "config.pbtxt")):
        shutil.copytree(target, os.path.join(models, name))
    else:
        shutil.copytree(target, models, dirs_exist_ok=True)
    for model in [model for model in os.listdir(models) if os.path.isdir(os.path.join(models, model))]:
        os.makedirs(os.path.join(models, model, "1"), exist_ok=True)
        if re.match(r"(fp32|int32)_dim", model):
            write_identity(model)
        elif platform or "/onnx/" in target:
            shutil.copy(any_model, os.path.join(models, model, "1", "model.onnx"))
    if platform:
        path = os.path.join(models, name, "config.pbtxt")
        with open(path) as file:
            text = file.read()
        with open(path, "w") as file:
            file.write(re.sub(".*platform:.*", "", text) + f'\nplatform: "{platform}"\n')
    return name


failed = False
for kind, platform in [("noautofill_platform", "onnxruntime_onnx"), ("autofill_noplatform/ensemble", None), ("autofill_noplatform/onnx", None)]:
    for target in sorted(glob.glob(os.path.join(tests, kind, "*"))):
        name = lay_out(target, platform)
        if name in TAKEN:
            continue
        code, text = call(f"/v2/repository/models/{name}/load")
        refused = 400 <= code < 500
        if kind.endswith("ensemble") and name not in OWN_WORDS:
            expected = [open(path).read().strip() for path in glob.glob(os.path.join(models, "expected*")) + glob.glob(os.path.join(models, name, "expected*"))]
            refused &= any(re.search(words, json.loads(text)["error"]) for words in expected)
        failed |= not refused
        print(f"{'ok     ' if refused else 'FAILED '} L0_model_config {kind}/{name}" + ("" if refused else f": {code} {text}"))
sys.exit(failed)
