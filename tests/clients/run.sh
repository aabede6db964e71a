#!/bin/bash
# Runs the examples of Triton's Python client, unmodified, against a server of this repository, and prints what each of them ended with.
#   tests/clients/run.sh CLIENT COMMON
# CLIENT and COMMON are checkouts of triton-inference-server/client and /common. Needs, on Debian: python3-grpcio python3-protobuf protobuf-compiler-grpc python3-numpy
# python3-packaging python3-pil python3-rapidjson python3-geventhttpclient python3-aiohttp python3-onnx. Build the server before: dotnet build -c Release.
set -euo pipefail
client=$1 common=$2
here=$(cd "$(dirname "$0")" && pwd)
server=$(cd "$here/../.." && pwd)/artifacts/bin/ZeroWorld.ML.Serving.Server/release/ZeroWorld.ML.Serving.Server.dll
work=$(mktemp -d)
pid=
stop() { [[ -z $pid ]] || { kill "$pid" 2> /dev/null && wait "$pid" || true; pid=; }; }
trap 'stop; rm -rf "$work"' EXIT

. "$here/tritonclient.sh"
"$python" "$here/models.py" "$work/models"
read -r http grpc metrics < <("$python" -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')

start() {
    stop
    dotnet "$server" --DataDirectory="$work/data" --Models:Folder="$work/models" --Server:HttpPort="$http" --Server:GrpcPort="$grpc" --Server:MetricsPort="$metrics" \
        --Server:Name=triton --Server:SharedMemory=true "$@" > "$work/server.log" 2>&1 &
    pid=$!
    for _ in $(seq 600); do
        curl -sf "http://127.0.0.1:$http/v2/health/ready" > /dev/null && return
        kill -0 "$pid" || break
        sleep 0.1
    done
    cat "$work/server.log" >&2
    exit 1
}

failed=0
run() { # PORT EXAMPLE [ARGUMENTS]
    local port=$1 example=$2
    shift 2
    if (cd "$work" && PYTHONPATH="$work/python" timeout 120 "$python" "$client/src/python/examples/$example.py" -u "127.0.0.1:$port" "$@") > "$work/example.log" 2>&1; then
        echo "ok      $example $*"
    else
        echo "FAILED  $example $*"
        tail -5 "$work/example.log" | sed 's/^/        /'
        failed=$((failed + 1))
    fi
}

start
for name in infer async_infer aio_infer string_infer keepalive shm shm_string custom_args; do run "$grpc" "simple_grpc_${name}_client"; done
run "$grpc" simple_grpc_health_metadata
for name in deflate gzip; do run "$grpc" simple_grpc_infer_client -C "$name"; done
run "$grpc" simple_grpc_infer_client -t 5
for name in infer async_infer aio_infer string_infer shm shm_string; do run "$http" "simple_http_${name}_client"; done
run "$http" simple_http_health_metadata
for name in deflate gzip; do run "$http" simple_http_infer_client --request-compression-algorithm "$name" --response-compression-algorithm "$name"; done
for name in grpc_client grpc_explicit_int_content_client grpc_explicit_int8_content_client grpc_explicit_byte_content_client; do run "$grpc" "$name"; done
run "$grpc" reuse_infer_objects_client -i grpc
run "$http" reuse_infer_objects_client -i http
"$python" -c 'from PIL import Image; import sys; Image.linear_gradient("L").convert("RGB").save(sys.argv[1])' "$work/picture.jpg"
for how in "" "-a" "-c 3" "--streaming -a"; do run "$grpc" image_client -i grpc -m densenet_onnx -s INCEPTION $how "$work/picture.jpg"; done
run "$grpc" grpc_image_client -m densenet_onnx -s INCEPTION -c 3 "$work/picture.jpg"
for dyna in "" --dyna; do
    for name in grpc_sequence_stream_infer grpc_aio_sequence_stream_infer grpc_sequence_sync_infer; do run "$grpc" "simple_${name}_client" $dyna; done
    run "$http" simple_http_sequence_sync_infer_client $dyna
done
start --Models:Control=Explicit
run "$grpc" simple_grpc_model_control

# The other one counts a model less.
rm -r "$work/models/simple_string_dyna_sequence"
start --Models:Control=Explicit
run "$http" simple_http_model_control
echo "not run: pictures over HTTP, whose example needs a module that Python of today cannot load; the ensemble of pictures, whose step decodes JPEG; decoupled answers and CUDA shared memory, which this server does not have and does not advertise."
exit $((failed > 0))
