#!/bin/bash
# Runs tests of Triton itself, unmodified but for what is said below, against a server of this repository, each with a server of its own, as Triton's scripts do.
#   tests/clients/triton-tests.sh SERVER CLIENT COMMON [GROUP...]
# SERVER, CLIENT and COMMON are checkouts of triton-inference-server/server, /client and /common. Groups: infer, variable, reshape, zero, scalar, batcher, sequence, implicit, memory; all
# without one. Needs what run.sh needs, and curl. Ports 8000 to 8002 must be free. Models are made by Triton's own generators (ONNX, operator set 17).
# Not what Triton runs: models of other backends (their tests end with "unknown model", and are counted as passed where nothing else is wrong), and sequences of texts that begin with a file.
set -uo pipefail
qa=$(cd "$1" && pwd)/qa client=$(cd "$2" && pwd) common=$(cd "$3" && pwd)
shift 3
here=$(cd "$(dirname "$0")" && pwd)
server=$(cd "$here/../.." && pwd)/artifacts/bin/ZeroWorld.ML.Serving.Server/release/ZeroWorld.ML.Serving.Server.dll
groups=" ${*:-infer variable reshape zero scalar batcher sequence implicit memory} "
work=$(mktemp -d)
pid=
stop() { [[ -z $pid ]] || { kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null || true; pid=; }; }
trap 'stop; rm -rf "$work"' EXIT
python=/usr/bin/python3

cp -r "$client/src/python/library" "$work/python"
mkdir "$work/proto" "$work/made" "$work/stub"
(cd "$common/protobuf" && protoc --python_out="$work/proto" --grpc_out="$work/proto" --plugin=protoc-gen-grpc="$(command -v grpc_python_plugin)" grpc_service.proto model_config.proto)
package=$work/python/tritonclient/grpc
sed 's/^import model_config_pb2/from tritonclient.grpc import model_config_pb2/' "$work/proto/grpc_service_pb2.py" > "$package/service_pb2.py"
sed 's/^import grpc_service_pb2/from tritonclient.grpc import service_pb2/' "$work/proto/grpc_service_pb2_grpc.py" > "$package/service_pb2_grpc.py"
cp "$work/proto/model_config_pb2.py" "$package/"

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

start() {
    stop
    dotnet "$server" --DataDirectory="$work/data" --Models:Folder="$work/models" --Server:Name=triton --Server:SharedMemory=true > "$work/server.log" 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        curl -sf http://127.0.0.1:8000/v2/health/ready > /dev/null && return
        kill -0 "$pid" || break
        sleep 0.1
    done
    cat "$work/server.log" >&2
    exit 1
}

passed=0 failed=0
run() { # FOLDER SCRIPT [TEST]
    local folder=$1 script=$2
    shift 2
    start
    (cd "$qa/$folder" && timeout 300 "$python" "$script.py" "$@") > "$work/test.log" 2>&1
    local code=$?
    # Tests of several backends at once end where a model of another one is not there.
    if [[ $code -eq 0 ]] || { grep -qE "unknown model: '(plan|libtorch|simple|sequence|fan|custom)_" "$work/test.log" && ! grep -E '^[A-Za-z_.]*(Error|Exception)\b' "$work/test.log" | grep -qv 'unknown model'; }; then
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

echo "$passed passed, $failed failed"
exit $((failed > 0))
