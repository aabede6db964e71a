using ZeroWorld.ML.Models;
using static TorchSharp.torch;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Datatypes of the Open Inference Protocol and those of libtorch.</summary>
internal static class TorchDtypes
{
    public const string Expected = "BOOL, UINT8, INT8, INT16, INT32, INT64, FP16, BF16, FP32, FP64";

    public static bool TryToScalar(TensorDtype dtype, out ScalarType scalar)
    {
        (var isKnown, scalar) = dtype switch
        {
            TensorDtype.Bool => (true, ScalarType.Bool),
            TensorDtype.UInt8 => (true, ScalarType.Byte),
            TensorDtype.Int8 => (true, ScalarType.Int8),
            TensorDtype.Int16 => (true, ScalarType.Int16),
            TensorDtype.Int32 => (true, ScalarType.Int32),
            TensorDtype.Int64 => (true, ScalarType.Int64),
            TensorDtype.Float16 => (true, ScalarType.Float16),
            TensorDtype.BFloat16 => (true, ScalarType.BFloat16),
            TensorDtype.Float32 => (true, ScalarType.Float32),
            TensorDtype.Float64 => (true, ScalarType.Float64),
            _ => (false, default),
        };
        return isKnown;
    }
}
