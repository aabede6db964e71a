# Makes the Python package of Triton's client in $work/python. For run.sh and triton-tests.sh, which set client, common and work; sets python.
# As its wheel has it: the sources, and the generated messages under other names.
cp -r "$client/src/python/library" "$work/python"
mkdir "$work/proto"
(cd "$common/protobuf" && protoc --python_out="$work/proto" --grpc_out="$work/proto" --plugin=protoc-gen-grpc="$(command -v grpc_python_plugin)" grpc_service.proto model_config.proto)
package=$work/python/tritonclient/grpc
sed 's/^import model_config_pb2/from tritonclient.grpc import model_config_pb2/' "$work/proto/grpc_service_pb2.py" > "$package/service_pb2.py"
sed 's/^import grpc_service_pb2/from tritonclient.grpc import service_pb2/' "$work/proto/grpc_service_pb2_grpc.py" > "$package/service_pb2_grpc.py"
cp "$work/proto/model_config_pb2.py" "$package/"
python=/usr/bin/python3
