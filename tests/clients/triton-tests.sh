#!/bin/bash
# Runs tests of Triton itself, unmodified but for what is said below, against a server of this repository, each with a server of its own, as Triton's scripts do.
#   tests/clients/triton-tests.sh SERVER CLIENT COMMON [GROUP...]
# SERVER, CLIENT and COMMON are checkouts of triton-inference-server/server, /client and /common. Groups: infer, variable, reshape, zero, scalar, batcher, sequence, implicit, memory,
# lifecycle, validation, requests, http, settings, status, cancellation, queue, cache, config, ensembles, ragged, optional, texts, pending, timeouts, large, and with a Python that has PyTorch torch; all but that without one. Needs what run.sh needs, python3-requests and curl. Ports 8000 to 8002 must be free. Models are made by Triton's own generators (ONNX, operator set 17).
# Not what Triton runs: models of other backends (their tests end with "unknown model", and are counted as passed where nothing else is wrong), and sequences of texts that begin with a file.
# Lifecycle and validation: where Triton's script takes models of other backends, the ONNX ones stand in for them under their names; models that take long to load or to run, and those of Python, are made by this script.
set -uo pipefail
qa=$(cd "$1" && pwd)/qa client=$(cd "$2" && pwd) common=$(cd "$3" && pwd)
shift 3
here=$(cd "$(dirname "$0")" && pwd)
server=$(cd "$here/../.." && pwd)/artifacts/bin/ZeroWorld.ML.Serving.Server/release/ZeroWorld.ML.Serving.Server.dll
groups=" ${*:-infer variable reshape zero scalar batcher sequence implicit memory lifecycle validation requests http settings status cancellation queue cache config ensembles ragged optional texts pending timeouts large} "
work=$(mktemp -d)
pid=
stop() { [[ -z $pid ]] || { kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null || true; pid=; }; }
trap 'stop; rm -rf "$work"' EXIT
. "$here/tritonclient.sh"
mkdir "$work/made" "$work/stub"

# BF16 of a package that Debian does not have: a type that no test here uses.
printf 'import numpy as np\nbfloat16 = np.dtype([("bf16", np.uint16)])\n' > "$work/stub/ml_dtypes.py"
export PYTHONPATH=$work/python:$work/stub:$qa/common TRITONSERVER_IPADDR=127.0.0.1 BACKENDS=onnx ENSEMBLES=0 CPU_ONLY=1

make_models() { # FOLDER GENERATOR [OPTIONS]
    local folder=$work/made/$1 generator=$2
    shift 2
    [[ -d $folder ]] && return
    mkdir "$folder"
    (cd "$qa/common" && "$python" "$generator.py" "$@" --onnx_opset=17 --models_dir="$folder") > "$work/made.log" 2>&1 || { tail -5 "$work/made.log"; exit 1; }
    rm -rf "$folder"/*bf16*
    sed -i 's/KIND_GPU/KIND_CPU/' "$folder"/*/config.pbtxt
}

take() { # MODEL...: into an empty model folder
    rm -rf "$work/models"
    mkdir "$work/models"
    cp -r "$@" "$work/models/"
}

place= options=()
start() {
    stop
    # Not without the signal that a shell takes from what runs in its background.
    env --default-signal=INT dotnet "$server" --DataDirectory="$work/data" --Models:Folder="${place:-$work}/models" --Server:Name=triton --Server:SharedMemory=true "${options[@]}" > "$work/server.log" 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        curl -sf http://127.0.0.1:8000/v2/health/ready > /dev/null && return
        kill -0 "$pid" || break
        sleep 0.1
    done
    cat "$work/server.log" >&2
    exit 1
}

# Models of other backends, which are not there.
foreign='(plan|libtorch|simple|sequence|fan|custom)_'
passed=0 failed=0
run() { # FOLDER SCRIPT [TEST]
    local folder=$1 script=$2
    shift 2
    start
    (cd "${place:-$qa/$folder}" && SERVER_PID=$pid timeout 300 "$python" "$([[ -z ${place:-} || $script = /* ]] || echo "$qa/$folder/")$script.py" "$@") > "$work/test.log" 2>&1
    local code=$?
    # Tests of several backends at once end where a model of another one is not there.
    local others
    others=$(grep -E '^[A-Za-z_.]*(Error|Exception)\b' "$work/test.log" | grep -vE "unknown model: '$foreign")
    if [[ $code -eq 0 ]] || { [[ -z ${place:-} && -z $others ]] && grep -qE "unknown model: '$foreign" "$work/test.log"; }; then
        echo "ok      $folder ${*:-}"
        passed=$((passed + 1))
    else
        echo "FAILED  $folder ${*:-}"
        grep -E '^[A-Za-z_.]*(Error|Exception)\b' "$work/test.log" | sort | uniq -c | head -5 | cut -c1-300
        failed=$((failed + 1))
    fi
    stop
}

wants() { [[ $groups == *" $1 "* ]]; }

if wants infer; then
    make_models models gen_qa_models --onnx
    take "$work"/made/models/*
    run L0_infer infer_test
    TEST_SYSTEM_SHARED_MEMORY=1 run L0_infer infer_test
fi
if wants variable; then
    make_models variable gen_qa_models --onnx --variable
    take "$work"/made/variable/*
    run L0_infer_variable infer_variable_test
fi
if wants reshape; then
    make_models reshape gen_qa_reshape_models --onnx --variable
    take "$work"/made/reshape/*
    run L0_infer_reshape infer_reshape_test
fi
if wants zero; then
    make_models zero gen_qa_identity_models --onnx
    take "$work"/made/zero/*
    run L0_infer_zero infer_zero_test
fi
if wants scalar; then
    make_models scalar gen_qa_ort_scalar_models
    take "$work"/made/scalar/*
    run L0_scalar_io scalar_test
fi

# MODEL SETTINGS of dynamic_batching
take_batched() {
    take "$work/made/$1/onnx_float32_float32_float32"
    local config=$work/models/onnx_float32_float32_float32/config.pbtxt
    sed -i 's/^max_batch_size:.*/max_batch_size: 8/; s/^version_policy:.*/version_policy: { specific { versions: [1] }}/' "$config"
    [[ $1 = models ]] || sed -i 's/16/-1/g' "$config"
    echo "instance_group [ { kind: KIND_CPU count: 1 } ] dynamic_batching { $2 }" >> "$config"
}

batch() { # HOLD TEST: as many requests wait before the first run
    if [[ $1 = 0 ]]; then run L0_batcher batcher_test "BatcherTest.$2"; else TRITONSERVER_DELAY_SCHEDULER=$1 run L0_batcher batcher_test "BatcherTest.$2"; fi
}

if wants batcher; then
    make_models models gen_qa_models --onnx
    make_models variable gen_qa_models --onnx --variable
    export BATCHER_TYPE=FIXED
    delayed='preferred_batch_size: [ 2, 6 ], max_queue_delay_microseconds: 10000000'
    take_batched models "$delayed"
    for test in static_batch_preferred static_batch_lt_any_preferred static_batch_not_preferred static_batch_gt_max_preferred multi_batch_not_preferred multi_batch_gt_max_preferred \
        multi_batch_sum_gt_max_preferred multi_same_output0 multi_same_output1 multi_different_outputs multi_different_output_order; do batch 0 "test_$test"; done
    batch 6 test_multi_batch_use_biggest_preferred
    batch 3 test_multi_batch_use_best_preferred
    batch 3 test_multi_batch_delayed_use_max_batch
    batch 2 test_multi_batch_delayed_sum_gt_max_preferred
    take_batched models 'preferred_batch_size: [ 4, 6 ]'
    batch 4 test_preferred_batch_only_aligned
    batch 5 test_preferred_batch_only_unaligned
    batch 7 test_preferred_batch_only_use_biggest_preferred
    batch 3 test_preferred_batch_only_use_no_preferred_size
    export BATCHER_TYPE=VARIABLE
    take_batched variable "$delayed"
    for test in not_preferred_different_shape preferred_different_shape different_shape; do batch 0 "test_multi_batch_$test"; done
    batch 4 test_multi_batch_delayed_preferred_different_shape
fi

sequences() { # FOLDER IMPLICIT FILE
    local models=$work/made/$1
    export IMPLICIT_STATE=$2 INITIAL_STATE_FILE=$3 BATCHER_TYPE=FIXED
    for no_batching in 0 1; do
        export NO_BATCHING=$no_batching MODEL_INSTANCES=$((1 + 3 * no_batching))
        if [[ $no_batching = 1 ]]; then take "$models"/*nobatch*; else take "$models"/*; rm -rf "$work"/models/*nobatch*; fi
        # A model of that generator, and one that begins with a file of no text, are none that ONNX Runtime loads.
        rm -rf "$work"/models/*float32
        for model in "$work"/models/*; do
            sed -i "s/kind: KIND_CPU/kind: KIND_CPU\ncount: $MODEL_INSTANCES/; s/^max_batch_size: 8/max_batch_size: 4/" "$model/config.pbtxt"
            if [[ $3 = 1 ]]; then
                mkdir "$model/initial_state"
                printf '\x64\x00\x00\x00' > "$model/initial_state/input_state_data"
                sed -i 's/zero_data: *true/data_file: "input_state_data"/' "$model/config.pbtxt"
            fi
        done
        for test in simple_sequence length1_sequence batch_size no_sequence_start no_sequence_start2 no_sequence_end no_correlation_id; do
            run L0_sequence_batcher "$([[ $3 = 1 ]] && echo "$work/without_texts" || echo sequence_batcher_test)" "SequenceBatcherTest.test_$test"
        done
    done
}

if wants sequence; then
    make_models sequence gen_qa_sequence_models --onnx
    sequences sequence 0 0
fi
if wants implicit; then
    sed 's/return (np.dtype(object), np.int32, np.bool_)/return (np.int32, np.bool_)/' "$qa/L0_sequence_batcher/sequence_batcher_test.py" > "$work/without_texts.py"
    make_models implicit gen_qa_implicit_models --onnx
    make_models initial gen_qa_implicit_models --onnx --initial-state zero
    sequences implicit 1 0
    sequences initial 1 0
    sequences initial 1 1
fi

# NAME [SOURCE]: a model of the folder that is served, as Triton's generator made it, under a name
add() {
    local source=${2:-onnx_float32_float32_float32}
    cp -r "$work/made/models/$source" "$place/models/$1"
    sed -i "s/name: \"$source\"/name: \"$1\"/" "$place/models/$1/config.pbtxt"
}

# MODEL: an ensemble over it
add_simple() {
    mkdir -p "$place/models/simple_$1"/{1,3}
    local name=$1 tensor tensors= maps=
    for tensor in INPUT0 INPUT1; do
        tensors+="input { name: \"$tensor\" data_type: TYPE_FP32 dims: [ 16 ] }"$'\n'
        maps+="input_map { key: \"$tensor\" value: \"$tensor\" }"$'\n'
    done
    for tensor in OUTPUT0 OUTPUT1; do
        tensors+="output { name: \"$tensor\" data_type: TYPE_FP32 dims: [ 16 ] }"$'\n'
        maps+="output_map { key: \"$tensor\" value: \"$tensor\" }"$'\n'
    done
    cat > "$place/models/simple_$1/config.pbtxt" << END
name: "simple_$1"
platform: "ensemble"
max_batch_size: 1
version_policy: { specific { versions: [1, 3] }}
$tensors
ensemble_scheduling { step { model_name: "$name" model_version: -1
$maps } }
END
    sed -i 's/max_batch_size:.*/max_batch_size: 1/' "$place/models/$1/config.pbtxt"
}

# FOLDER TYPE(int32, float32) DIMS ROWS SECONDS VERSION...: returns what it gets; takes about that long for inputs that hold -77777, or for all where SECONDS ends with "!"
add_slow() {
    local folder=$1 type=$2 dims=$3 rows=$4 seconds=$5 version
    shift 5
    for version; do
        mkdir -p "$folder/$version"
        "$python" - "$folder/$version/model.onnx" "$type" "$rows" "$seconds" << 'END'
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
path, name, rows, seconds = sys.argv[1:]
kind = getattr(TensorProto, name.upper().replace("FLOAT32", "FLOAT"))
shape = ["rows", "n"] if int(rows) else ["n"]
runs = int(float(seconds.rstrip("!")) * 1000)
body = helper.make_graph(
    [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("MatMul", ["m", "m"], ["next"])],
    "body",
    [helper.make_tensor_value_info("i", TensorProto.INT64, []), helper.make_tensor_value_info("go", TensorProto.BOOL, []), helper.make_tensor_value_info("m", TensorProto.FLOAT, [256, 256])],
    [helper.make_tensor_value_info("on", TensorProto.BOOL, []), helper.make_tensor_value_info("next", TensorProto.FLOAT, [256, 256])])
nodes = [] if seconds.endswith("!") else [
    helper.make_node("Equal", ["INPUT0", "mark"], ["found"]),
    helper.make_node("Cast", ["found"], ["ones"], to=TensorProto.INT64),
    helper.make_node("ReduceSum", ["ones"], ["count"], keepdims=0),
    helper.make_node("Mul", ["count", "runs"], ["trips"])]
nodes += [
    helper.make_node("Loop", ["runs" if seconds.endswith("!") else "trips", "", "zeros"], ["last"], body=body),
    helper.make_node("ReduceSum", ["last"], ["sum"], keepdims=0),
    helper.make_node("Cast", ["sum"], ["nothing"], to=kind),
    helper.make_node("Add", ["INPUT0", "nothing"], ["OUTPUT0"])]
graph = helper.make_graph(
    nodes, "slow", [helper.make_tensor_value_info("INPUT0", kind, shape)], [helper.make_tensor_value_info("OUTPUT0", kind, shape)],
    [numpy_helper.from_array(np.array(-77777, name), "mark"), numpy_helper.from_array(np.array(runs, np.int64), "runs"), numpy_helper.from_array(np.zeros((256, 256), np.float32), "zeros")])
onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)
END
    done
    local kind=TYPE_INT32
    [[ $type = int32 ]] || kind=TYPE_FP32
    mkdir -p "$folder/warmup"
    "$python" -c "import sys, numpy as np; np.full(1, -77777, sys.argv[1]).tofile(sys.argv[2])" "$type" "$folder/warmup/mark"
    cat > "$folder/config.pbtxt" << END
backend: "onnxruntime"
max_batch_size: $rows
input { name: "INPUT0" data_type: $kind dims: [ $dims ] }
output { name: "OUTPUT0" data_type: $kind dims: [ $dims ] }
instance_group { count: 1 kind: KIND_CPU }
END
    [[ $seconds = *! ]] || echo "model_warmup { name: \"slow\" batch_size: 1 inputs { key: \"INPUT0\" value { data_type: $kind dims: [ 1 ] input_data_file: \"mark\" } } }" >> "$folder/config.pbtxt"
}

whole=_float32_float32_float32 lifecycle=$qa/L0_lifecycle/lifecycle_test.py changed=$work/changed
live() { # TEST: in a folder with models beside it, which the test itself changes
    run L0_lifecycle "$changed" "LifeCycleTest.test_$1"
}

# CONTROL [MODEL...]: what follows is for a server with that control, models emptied
life() {
    place=$work/life
    rm -rf "$place"
    mkdir -p "$place/models"
    options=(--Models:Control="$1")
    [[ $1 != Poll ]] || options+=(--Models:PollInterval=00:00:01)
    shift
    cp "$lifecycle" "$changed.py"
    local name
    for name; do add "${name}_float32_float32_float32"; done
}

if wants memory; then
    make_models models gen_qa_models --onnx
    take "$(dirname "$qa")/docs/examples/model_repository/simple" "$work/made/models/onnx_int32_int32_int32"
    rm -rf "$work"/models/onnx_int32_int32_int32/[23]
    for type in grpc http; do
        for test in invalid_create_shm valid_create_set_register unregister_before_register unregister_after_register reregister_after_register unregister_after_inference \
            register_after_inference too_big_shm large_shm_register_offset mixed_raw_shm unregisterall infer_offset_out_of_bound infer_byte_size_out_of_bound infer_integer_overflow \
            register_out_of_bound register_reserved_names register_invalid_shm_key; do
            CLIENT_TYPE=$type run L0_shared_memory shared_memory_test "SharedMemoryTest.test_$test"
        done
    done
fi

if wants lifecycle; then
    make_models models gen_qa_models --onnx
    life None openvino libtorch onnx
    rm "$place/models/libtorch$whole"/[13]/*
    sed "s/Request for unknown model: 'libtorch_float32_float32_float32' has no available versions/could not be loaded/" "$lifecycle" > "$changed.py"
    live parse_error_modelfail_nostrict
    life None libtorch
    mv "$place/models/libtorch$whole/3" "$place/models/libtorch$whole/003"
    live parse_ignore_zero_prefixed_version
    life None libtorch
    mv "$place/models/libtorch$whole/3" "$place/models/libtorch$whole/abc"
    live parse_ignore_non_intergral_version
    life Poll openvino onnx plan libtorch
    mv "$place/models/libtorch$whole" "$place/"
    sed "s/has no available versions/is not found/" "$lifecycle" > "$changed.py"
    live dynamic_model_load_unload
    life None openvino onnx plan libtorch
    mv "$place/models/libtorch$whole" "$place/"
    live dynamic_model_load_unload_disabled
    for control in Poll None; do
        life $control
        add libtorch_int32_int32_int32 onnx_int32_int32_int32
        sed -i 's/^version_policy.*/version_policy: { all {} }/' "$place/models/libtorch_int32_int32_int32/config.pbtxt"
        sed "s/is not at ready state/is not found/" "$lifecycle" > "$changed.py"
        live "dynamic_version_load_unload$([[ $control = Poll ]] || echo _disabled)"
    done
    life Poll libtorch plan
    for name in libtorch plan; do
        folder=$place/models/$name$whole
        sed '/^version_policy/d' "$folder/config.pbtxt" > "$place/config.pbtxt.$name"
        sed 's/output0_labels/wrong_output0_labels/' "$folder/config.pbtxt" > "$place/config.pbtxt.wrong.$name"
        sed 's/label/label9/' "$folder/output0_labels.txt" > "$folder/wrong_output0_labels.txt"
    done
    live dynamic_model_modify
    life Poll onnx plan
    live dynamic_file_delete

    for what in control control_ensemble; do
        life Explicit onnx
        add_simple "onnx$whole"
        live "model_$what"
    done
    life Explicit onnx
    rm "$place/models/onnx$whole"/*/*
    live model_control_fail
    for names in "plan$whole,simple_onnx$whole" '*'; do
        life Explicit onnx plan
        add_simple "onnx$whole"
        add_simple "plan$whole"
        options+=(--Models:Load="$names")
        live multiple_model_repository_control_startup_models
    done

    life Explicit onnx
    rm "$place/models/onnx$whole"/[13]/*
    live config_override
    life Explicit onnx
    rm -r "$place/models/onnx$whole/1"
    options+=(--Models:Load="onnx$whole")
    live file_override
    live file_override_security

    slow=identity_zero_1_int32
    for protocol in grpc http; do
        [[ $protocol = http ]] || export TRITONSERVER_USE_GRPC=1
        for what in 2 3; do
            life Explicit
            options+=(--Models:Load=$slow)
            add_slow "$place/models/$slow" int32 -1 0 12 1 2
            cp "$place/models/$slow/config.pbtxt" "$place/config.pbtxt.v2"
            echo 'version_policy: { specific { versions: [1] }}' >> "$place/models/$slow/config.pbtxt"
            cp "$place/models/$slow/config.pbtxt" "$place/config.pbtxt.new"
            echo 'version_policy: { specific { versions: [2] }}' >> "$place/config.pbtxt.v2"
            live model_availability_on_reload_$what
        done
        unset TRITONSERVER_USE_GRPC
    done
    for what in dynamic ensemble; do
        life None
        # A server that stops takes connections to the end, and refuses what comes.
        sed 's/"failed to connect to all addresses; last error.*"/"The server is stopping."/; s/+ "Failed to connect to remote host: Connection refused",/,/' "$lifecycle" > "$changed.py"
        add_slow "$place/models/custom_zero_1_float32" float32 1 1 6! 1
        mkdir -p "$place/models/ensemble_zero_1_float32/1"
        cp "$qa/L0_lifecycle/ensemble_zero_1_float32/config.pbtxt" "$place/models/ensemble_zero_1_float32/"
        live shutdown_$what
    done
    life Explicit
    add_slow "$place/models/$slow" int32 -1 0 10 1
    add_slow "$place/models/custom_zero_1_float32" float32 1 1 10 1
    mkdir -p "$place/models/ensemble_zero_1_float32/1"
    cp "$qa/L0_lifecycle/ensemble_zero_1_float32/config.pbtxt" "$place/models/ensemble_zero_1_float32/"
    live concurrent_model_load_unload

    # With less of it, as each load is checked by runs of the model here.
    life Explicit
    add_slow "$place/models/$slow" int32 -1 0 0 1
    sed 's/num_threads = 32/num_threads = 8/; s/num_iterations = 1024/num_iterations = 32/; s/assertIn(error_message, /assertIn(error_message.split(":")[0], /' "$lifecycle" > "$changed.py"
    live concurrent_same_model_load_unload_stress
    # Without a GPU.
    life Explicit onnx
    rm -r "$place/models/onnx$whole"/{config.pbtxt,output0_labels.txt,2,3}
    sed 's/default_kinds = \[cpu, gpu\]/default_kinds = [cpu]/' "$lifecycle" > "$changed.py"
    PARALLEL_BACKENDS=onnx live concurrent_model_instance_load_sanity
    # Of the backend that is here.
    life Explicit
    add identity_fp32 onnx_float32_float32_float32
    options+=(--Models:Load=identity_fp32)
    rm -r "$place/models/identity_fp32"/{config.pbtxt,2,3}
    sed 's/"backend": "identity"/"backend": "onnxruntime"/' "$lifecycle" > "$changed.py"
    live model_config_overwite
    place= options=()
fi

# NAME REQUIRED OPTIONAL: the sum of its inputs, of which the optional ones have values in the file
add_sum() {
    mkdir -p "$place/models/$1/1"
    "$python" - "$place/models/$1/1/model.onnx" "$2" "$3" << 'END'
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
path, required, optional = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
names = [f"INPUT{i}" for i in range(required + optional)]
graph = helper.make_graph(
    [helper.make_node("Sum", names, ["OUTPUT0"])], "sum", [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in names],
    [helper.make_tensor_value_info("OUTPUT0", TensorProto.FLOAT, [1])], [numpy_helper.from_array(np.zeros(1, np.float32), name) for name in names[required:]])
onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)
END
}

if wants validation; then
    make_models models gen_qa_models --onnx
    life None
    add_sum input_all_required 3 0
    add_sum input_optional 3 1
    add_sum input_all_optional 0 4
    run L0_input_validation input_validation_test InputValTest
    life None
    add onnx_object_int32_int32 onnx_object_int32_int32
    mkdir -p "$place/models/pt_identity"
    add_slow "$place/models/pt_identity" float32 8 8 0 1
    sed -i '/model_warmup/d' "$place/models/pt_identity/config.pbtxt"
    # Of two inputs that are both wrong the first is told here.
    sed "s/for inference input 'INPUT1'/for inference input 'INPUT0'/" "$qa/L0_input_validation/input_validation_test.py" > "$changed.py"
    for what in input_shape_validation input_string_shape_validation; do
        run L0_input_validation "$changed" "InputShapeTest.test_$what"
    done
    # Without a name that is one here, of a model in another project.
    life Explicit
    sed '/"model\/subdir"/d' "$qa/L0_input_validation/input_validation_test.py" > "$changed.py"
    run L0_input_validation "$changed" ModelNameValidationTest
    place= options=()
fi

# NAME SOURCE: an identity that Triton's generator made, under a name
add_identity() {
    cp -r "$work/made/zero/$2" "$place/models/$1"
    sed -i "s/name: *\"$2\"/name: \"$1\"/" "$place/models/$1/config.pbtxt"
}

# NAME: gives NaN, infinities and 1 to 3 for any input
add_nan() {
    mkdir -p "$place/models/$1/1"
    "$python" - "$place/models/$1/1/model.onnx" << 'END'
import sys
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
values = numpy_helper.from_array(np.array([np.nan, np.inf, -np.inf, 1, 2, 3], np.float32), "values")
graph = helper.make_graph(
    [helper.make_node("ReduceSum", ["INPUT0"], ["sum"], keepdims=0), helper.make_node("Mul", ["sum", "zero"], ["nothing"]), helper.make_node("Add", ["nothing", "values"], ["OUTPUT0"])],
    "nan", [helper.make_tensor_value_info("INPUT0", TensorProto.FLOAT, [None])], [helper.make_tensor_value_info("OUTPUT0", TensorProto.FLOAT, [6])],
    [values, numpy_helper.from_array(np.array(0, np.float32), "zero")])
onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), sys.argv[1])
END
}

if wants requests; then
    make_models zero gen_qa_identity_models --onnx
    make_models models gen_qa_models --onnx
    life None
    add_identity string_identity onnx_nobatch_zero_1_object
    sed -i 's/-1/8/' "$place/models/string_identity/config.pbtxt"
    for backend in onnx plan libtorch; do add_identity ${backend}_nobatch_zero_1_float32 onnx_nobatch_zero_1_float32; done
    add_identity python_string onnx_nobatch_zero_1_object
    sed -i 's/-1/1/' "$place/models/python_string/config.pbtxt"
    add_nan nan_inf_output
    mkdir -p "$place/models/add_with_initializer/1"
    cp "$qa/L0_initializer_as_input/models/add_with_initializer/config.pbtxt" "$place/models/add_with_initializer/"
    (cd "$place/models/add_with_initializer/1" && "$python" "$qa/L0_initializer_as_input/generate_test_model.py")
    mkdir "$work/stub/tritongrpcclient"
    touch "$work/stub/tritongrpcclient/__init__.py"
    cp "$package/service_pb2.py" "$work/stub/tritongrpcclient/grpc_service_pb2.py"
    cp "$package/service_pb2_grpc.py" "$work/stub/tritongrpcclient/grpc_service_pb2_grpc.py"
    run L0_string_io string_client_test
    run L0_nullchar_string nullchar_string_client -m python_string
    run L0_nullchar_string nullchar_string_client -m python_string -i grpc -u localhost:8001
    run L0_nan_inf nan_inf_test
    run L0_output_name output_name_test
    run L0_initializer_as_input test
    place= options=()
    take "$work"/made/models/onnx_*
    run L0_client_nobatch client_test
fi

if wants http; then
    make_models zero gen_qa_identity_models --onnx
    life Explicit
    for name in onnx_zero_1_float32 onnx_zero_1_object onnx_zero_1_float16 onnx_zero_3_float32; do add_identity $name $name; done
    add_identity onnx_zero_1_object_1_element onnx_zero_1_object
    sed -i '0,/-1/{s/-1/1/}' "$place/models/onnx_zero_1_object_1_element/config.pbtxt"
    add_identity onnx_zero_1_float32_queue onnx_zero_1_float32
    echo 'dynamic_batching { max_queue_delay_microseconds: 1000000 preferred_batch_size: [ 8 ] default_queue_policy { max_queue_size: 1 } }' >> "$place/models/onnx_zero_1_float32_queue/config.pbtxt"
    add_identity simple_identity onnx_zero_1_object
    mkdir -p "$place/models/simple_identity_int64"
    add_slow "$place/models/simple_identity_int64" int64 -1 8 0 1
    sed -i '/model_warmup/d; s/TYPE_FP32/TYPE_INT64/' "$place/models/simple_identity_int64/config.pbtxt"
    options+=(--Models:Load='*')
    # A full queue is 429 here and a negative dimension 400, and a body that is too deep is told as such wherever it comes. A body of 2.7 GB takes more memory than a test should.
    sed '/_descriptive_status/,/t.join/ s/503,/429,/; /_negative_dim/,/error_message =/ s/500,/400,/; s/Unable to parse .shape.: attempt to access JSON non-unsigned-integer as unsigned-integer/shape/;
        s/Invalid value for .ready.: expected a boolean/The maximum configured depth of 100 has been exceeded/; s/def test_loading_large_invalid_model/def not_run/' "$qa/L0_http/http_test.py" > "$changed.py"
    run L0_http "$changed"
    place=
    take "$(dirname "$qa")/docs/examples/model_repository/simple"
    printf 'model-repository:admin-key=admin-value\ninference,metadata:infer-key=infer-value\n' > "$work/restricted"
    options=(--Server:RestrictedFile="$work/restricted")
    run L0_http http_restricted_api_test
    options=()
fi

if wants settings; then
    take "$(dirname "$qa")/docs/examples/model_repository/simple"
    run L0_logging logging_endpoint_test
    # Traces go to a collector, and neither tensors nor files are traced.
    sed 's/"global_unittest.log"/""/; s/\["triton"\]}/["opentelemetry"]}/; s/"trace_mode": "triton"/"trace_mode": "opentelemetry"/; s/\["TIMESTAMPS", "TENSORS"\]/["TIMESTAMPS"]/; s/"log_frequency": "34"/"log_frequency": "0"/;
        s/"log_frequency": {"value": \["34"\]}/"log_frequency": {"value": ["0"]}/' "$qa/L0_trace/trace_endpoint_test.py" > "$changed.py"
    options=(--Tracing:Endpoint=http://127.0.0.1:4317 --Tracing:Rate=1)
    run L0_trace "$changed"
    options=()
fi

if wants status; then
    make_models models gen_qa_models --onnx
    life Poll
    options+=(--Tracing:Endpoint=http://127.0.0.1:4317)
    for model in "$work"/made/models/onnx_*; do
        name=$(basename "$model")
        for backend in onnx plan libtorch; do add "${name/onnx/$backend}" "$name"; done
    done
    # All of one runtime here, fewer types of it, and no CUDA.
    sed '/"cuda_shared_memory",/d; s/"tensorrt_plan"/"onnxruntime_onnx"/; s/144/140/g' "$qa/L0_server_status/server_status_test.py" > "$changed.py"
    TRITON_SERVER_VERSION=$(sed -n 's/.*<VersionPrefix>\(.*\)<.*/\1/p; s/.*<Version>\(.*\)<.*/\1/p' "$here/../../Directory.Build.props" | head -1)
    export TRITON_SERVER_VERSION
    run L0_server_status "$changed" ServerMetadataTest
    rm -r "$place"/models/{onnx,libtorch}_int32_int32_int32/{2,3}
    cp -r "$place"/models/plan_float16_float32_float32/{1,7}
    sed -i "s/requested model version is not available for model/is not found/" "$changed.py"
    run L0_server_status "$changed" ModelMetadataTest
    place= options=()
fi

if wants cancellation; then
    life None
    add_slow "$place/models/custom_identity_int32" int32 -1 1024 12! 1
    for test in async_infer stream_infer; do
        run L0_request_cancellation grpc_cancellation_test "GrpcCancellationTest.test_grpc_$test"
        run L0_request_cancellation grpc_cancellation_test "GrpcCancellationTest.test_aio_grpc_$([[ $test = stream* ]] && echo stream_infer || echo async_infer)"
    done
    life None
    add_slow "$place/models/dynamic_batch" float32 -1 2 14! 1
    add_slow "$place/models/sequence_direct" float32 -1 1 14! 1
    cp -r "$place"/models/sequence_{direct,oldest}
    echo 'dynamic_batching { max_queue_delay_microseconds: 600000 }' >> "$place/models/dynamic_batch/config.pbtxt"
    echo 'sequence_batching { direct { } max_sequence_idle_microseconds: 6000000 }' >> "$place/models/sequence_direct/config.pbtxt"
    echo 'sequence_batching { oldest { max_candidate_sequences: 1 } max_sequence_idle_microseconds: 6000000 }' >> "$place/models/sequence_oldest/config.pbtxt"
    mkdir -p "$place/models/ensemble_model/1"
    cat > "$place/models/ensemble_model/config.pbtxt" << 'END'
platform: "ensemble"
max_batch_size: 1
input [ { name: "INPUT0" data_type: TYPE_FP32 dims: [ -1 ] } ]
output [ { name: "OUTPUT0" data_type: TYPE_FP32 dims: [ -1 ] } ]
ensemble_scheduling { step [
  { model_name: "dynamic_batch" model_version: -1 input_map { key: "INPUT0" value: "INPUT0" } output_map { key: "OUTPUT0" value: "out" } },
  { model_name: "dynamic_batch" model_version: -1 input_map { key: "INPUT0" value: "out" } output_map { key: "OUTPUT0" value: "OUTPUT0" } } ] }
END
    run L0_request_cancellation scheduler_test
    place= options=()
fi

# TEST SECONDS BATCHING [SETTING]
queue() {
    life None
    options=("${@:4}")
    add_slow "$place/models/custom_zero_1_float32" float32 -1 32 "$2" 1
    sed -i '/model_warmup/d' "$place/models/custom_zero_1_float32/config.pbtxt"
    echo "dynamic_batching { preferred_batch_size: [ 4, 8 ] $3 }" >> "$place/models/custom_zero_1_float32/config.pbtxt"
    mkdir -p "$place/models/ensemble_zero_1_float32/1"
    cp "$qa/L0_model_queue/ensemble_zero_1_float32/config.pbtxt" "$place/models/ensemble_zero_1_float32/"
    run L0_model_queue model_queue_test "ModelQueueTest.test_$1"
}

if wants queue; then
    # Not run: as many levels of priority as 64 bits hold, a caller's own timeout that only delays, and one that is rejected, since a batch is closed here before the time of its requests is over.
    delay='max_queue_delay_microseconds: 10000000'
    queue max_queue_size 6! 'default_queue_policy { max_queue_size: 8 }'
    queue policy_delay 0 "$delay default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 100000 }"
    queue timeout_override 0 "$delay default_queue_policy { allow_timeout_override: true default_timeout_microseconds: 1000000 }"
    queue priority_levels 0 "$delay priority_levels: 2 default_priority_level: 2" --Serving:Batching:PriorityStep=00:01:00
    place= options=()
fi

if wants cache; then
    # Not run: a cache of 200 bytes, since its unit is MiB here.
    make_models models gen_qa_models --onnx
    for test in ensemble_top_level_response_cache ensemble_all_models_cache_enabled ensemble_composing_model_cache_enabled; do
        life Explicit onnx
        options+=(--Serving:ResponseCache:MebibytesMax=1)
        add_simple "onnx$whole"
        rm -r "$place/models/onnx$whole/2"
        sed 's/os.getcwd(), "models", "ensemble_models"/os.getcwd(), "models"/' "$qa/L0_response_cache/ensemble_cache_test.py" > "$changed.py"
        run L0_response_cache "$changed" "EnsembleCacheTest.test_$test"
    done
    place= options=()
fi

if wants config; then
    make_models models gen_qa_models --onnx
    life Explicit
    start
    PYTHONPATH=$PYTHONPATH timeout 300 "$python" "$here/model_config.py" "$qa/L0_model_config" "$place/models" "$work/made/models/onnx_float32_float32_float32/1/model.onnx" > "$work/test.log" 2>&1
    code=$?
    grep -E '^(ok|FAILED)' "$work/test.log"
    [[ $code -eq 0 ]] || tail -5 "$work/test.log"
    passed=$((passed + $(grep -c '^ok' "$work/test.log")))
    failed=$((failed + $(grep -c '^FAILED' "$work/test.log")))
    stop
    place= options=()
fi

# FOLDER...: models that are served, TorchScript ones among them. Lists of texts are no tensors that libtorch has here.
take_torch() {
    take $(printf "%s/* " "$@")
    rm -rf "$work"/models/libtorch*{bf16,object}*
}

if wants torch; then
    make_models torch_models gen_qa_models --libtorch
    make_models torch_variable gen_qa_models --libtorch --variable
    make_models torch_reshape gen_qa_reshape_models --libtorch --variable
    make_models variable gen_qa_models --onnx --variable
    make_models torch_zero gen_qa_identity_models --libtorch
    make_models torch_sequence gen_qa_sequence_models --libtorch
    make_models reshape gen_qa_reshape_models --onnx --variable
    export BACKENDS=libtorch foreign='((plan|simple|sequence|fan|custom)_|libtorch_[a-z0-9_]*(object|bf16))'
    take_torch "$work/made/torch_models"
    run L0_infer infer_test
    take_torch "$work/made/torch_variable" "$work/made/variable"
    run L0_infer_variable infer_variable_test
    take_torch "$work/made/torch_reshape" "$work/made/reshape"
    run L0_infer_reshape infer_reshape_test
    take_torch "$work/made/torch_zero"
    run L0_infer_zero infer_zero_test
    sequences torch_sequence 0 0
    export BACKENDS=onnx foreign='(plan|libtorch|simple|sequence|fan|custom)_'
fi

# MODEL...: those of the folder that is served have no file, and give back what they get
identity() {
    local name
    for name; do "$python" "$here/identity_model.py" "${place:-$work}/models/$name"; done
}

# TEST PATTERN REPLACEMENT...: in the configuration of a model that is served
edit() { sed -i "${@:2}" "${place:-$work}/models/$1/config.pbtxt"; }

if wants ensembles; then
    make_models ensembles gen_qa_models --onnx --ensemble
    take "$work"/made/ensembles/*
    # A name with a comma is none here; the ensembles with it are for shapes that are not asked for.
    rm -rf "$work"/models/*,*
    (cd "$work/models" && identity $(ls -d nop_*))
    cp -r "$qa"/ensemble_models/* "$work/models/"
    rm -rf "$work"/models/{mix_platform,mix_ensemble}_*
    for name in "$qa"/ensemble_models/*; do mkdir -p "$work/models/$(basename "$name")/1"; done
    ENSEMBLES=1 run L0_infer infer_test
    # Not run: sequence_flags, parameters of answers that no model here gives.
    for test in add_sub add_sub_one_output; do
        take "$qa"/L0_simple_ensemble/models/{ensemble_add_sub_int32_int32_int32,simple}
        mkdir -p "$work/models/ensemble_add_sub_int32_int32_int32/1"
        cp -r "$work/made/ensembles/onnx_int32_int32_int32/1" "$work/models/simple/1"
        cp -r "$work/made/ensembles/onnx_int32_int32_int32/1" "$work/models/simple/2"
        edit simple 's/^platform:.*\|^backend:.*/platform: "onnxruntime_onnx"/'
        run L0_simple_ensemble ensemble_test "EnsembleTest.test_ensemble_$test"
    done
fi

if wants ragged; then
    make_models ragged gen_qa_ragged_models --onnx
    make_models zero gen_qa_identity_models --onnx
    life None
    for name in ragged_element_count_acc_zero ragged_acc_shape batch_item_flatten; do
        cp -r "$work/made/ragged/onnx_batch_input" "$place/models/$name"
        edit $name "s/onnx_batch_input/$name/"
    done
    edit ragged_acc_shape 's/BATCH_ELEMENT_COUNT/BATCH_ACCUMULATED_ELEMENT_COUNT/; s/BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO/BATCH_MAX_ELEMENT_COUNT_AS_SHAPE/'
    edit batch_item_flatten '0,/-1/{s/-1/-1, -1/}; s/BATCH_ELEMENT_COUNT/BATCH_ACCUMULATED_ELEMENT_COUNT/; s/BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO/BATCH_ITEM_SHAPE_FLATTEN/'
    cp -r "$work/made/ragged/onnx_batch_item" "$place/models/batch_item"
    edit batch_item 's/onnx_batch_item/batch_item/'
    cp -r "$work/made/zero/onnx_nobatch_zero_1_float32" "$place/models/ragged_io"
    edit ragged_io 's/onnx_nobatch_zero_1_float32/ragged_io/; s/^max_batch_size:.*/max_batch_size: 4/; s/name: "INPUT0"/name: "INPUT0"\nallow_ragged_batch: true/'
    echo 'batch_output [{ target_name: "OUTPUT0" kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: "INPUT0" }] dynamic_batching { max_queue_delay_microseconds: 1000000 }' >> "$place/models/ragged_io/config.pbtxt"
    # Requests of a stream are worked on side by side here: those that share a run stand in it in the order of their sending where they are sent one after another.
    sed 's/^\( *\)for input in self.inputs:/&\n\1    import time; time.sleep(0.1)/' "$qa/L0_batch_input/batch_input_test.py" > "$changed.py"
    run L0_batch_input "$changed"
    place=
fi

if wants optional; then
    take "$qa/L0_initializer_as_input/models/add_with_initializer"
    run L0_initializer_as_input test
fi

if wants texts; then
    make_models zero gen_qa_identity_models --onnx
    take "$work/made/zero/onnx_zero_1_object" "$qa/python_models/string_identity"
    edit string_identity 's/\[ 1 \]/[ 8 ]/'
    identity string_identity
    run L0_string_io string_client_test
    take "$work"/made/zero/onnx_nobatch_zero_1_float32
    for name in libtorch plan; do
        cp -r "$work/models/onnx_nobatch_zero_1_float32" "$work/models/${name}_nobatch_zero_1_float32"
        edit ${name}_nobatch_zero_1_float32 "s/name: \"onnx_/name: \"${name}_/"
    done
    run L0_output_name output_name_test
    take "$qa/python_models/identity_fp32"
    cp -r "$work/models/identity_fp32" "$work/models/identity_bytes"
    edit identity_bytes 's/identity_fp32/identity_bytes/; s/TYPE_FP32/TYPE_STRING/'
    identity identity_fp32 identity_bytes
    sed "s/for output due to/for output 'OUTPUT0' due to/" "$qa/L0_parameters/class_count_test.py" > "$changed.py"
    CLIENT_TYPE=http run L0_parameters "$changed"
    CLIENT_TYPE=grpc run L0_parameters "$changed"
    take "$work"/made/zero/onnx_nobatch_zero_1_object
    for protocol in http grpc; do
        url=127.0.0.1:8000
        [[ $protocol = http ]] || url=127.0.0.1:8001
        run L0_nullchar_string nullchar_string_client -m onnx_nobatch_zero_1_object -i $protocol -u $url
    done
fi

if wants pending; then
    life None
    for test in default_scheduler dynamic_batch_scheduler fail_max_queue_size sequence_batch_scheduler_direct sequence_batch_scheduler_oldest ensemble_scheduler; do
        rm -rf "$place"/models/*
        for name in default dynamic max_queue_size sequence_direct sequence_oldest default_composing dynamic_composing; do
            add_slow "$place/models/$name" float32 1 4 4! 1
            echo 'parameters [ { key: "execute_delay_ms" value: { string_value: "2000" } } ]' >> "$place/models/$name/config.pbtxt"
        done
        delay='max_queue_delay_microseconds: 100000'
        echo "dynamic_batching { $delay }" | tee -a "$place/models/dynamic/config.pbtxt" >> "$place/models/dynamic_composing/config.pbtxt"
        echo "dynamic_batching { $delay default_queue_policy { max_queue_size: 4 } }" >> "$place/models/max_queue_size/config.pbtxt"
        echo "sequence_batching { direct { $delay minimum_slot_utilization: 1.0 } }" >> "$place/models/sequence_direct/config.pbtxt"
        echo "sequence_batching { oldest { $delay max_candidate_sequences: 4 } }" >> "$place/models/sequence_oldest/config.pbtxt"
        cp -r "$qa/L0_metrics/ensemble_delay" "$place/models/ensemble"
        mkdir -p "$place/models/ensemble/1"
        run L0_metrics metrics_queue_size_test "MetricsPendingRequestCountTest.test_$test"
    done
    place=
fi

if wants timeouts; then
    # Not run: those of other calls than infer, whose answers Triton delays for them.
    life None
    add_slow "$place/models/custom_identity_int32" int32 -1 32 2! 1
    for test in grpc_infer grpc_async_infer grpc_stream_infer http_infer http_async_infer; do
        run L0_client_timeout client_infer_timeout_test "ClientInferTimeoutTest.test_$test"
    done
    place=
fi

if wants large; then
    make_models zero gen_qa_identity_models --onnx
    take "$work"/made/zero/onnx_nobatch_zero_1_float32
    options=(--Server:MessageBytesMax=2147483647)
    run L0_large_payload large_payload_test LargePayLoadTest.test_onnx
    options=()
fi

echo "$passed passed, $failed failed"
exit $((failed > 0))
