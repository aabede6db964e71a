using System.Runtime.InteropServices;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Elements of an output tensor as one of the types that answers have: every datatype fits one of them without loss.</summary>
internal readonly struct OutputElements
{
    private readonly TensorBuffer _tensor;

    private OutputElements(TensorBuffer tensor, FeatureType type)
    {
        _tensor = tensor;
        Type = type;
    }

    public FeatureType Type { get; }

    /// <exception cref="ServingException"><see cref="ServingError.BackendFailed"/>: unsigned 64-bit values above the greatest int64 have no column type.</exception>
    public static OutputElements Of(TensorBuffer tensor) => new(tensor, tensor.Dtype switch
    {
        TensorDtype.Bool => FeatureType.Bool,
        TensorDtype.Float16 or TensorDtype.BFloat16 or TensorDtype.Float32 => FeatureType.Float32,
        TensorDtype.Float64 => FeatureType.Float64,
        TensorDtype.Bytes => FeatureType.Bytes,
        _ => FeatureType.Int64,
    });

    public bool GetBool(int index) => _tensor.Data.Span[index] != 0;

    public float GetFloat32(int index) => _tensor.Dtype switch
    {
        TensorDtype.Float32 => At<float>(index),
        TensorDtype.Float16 => (float)At<Half>(index),
        _ => BitConverter.Int32BitsToSingle(At<ushort>(index) << 16),
    };

    public double GetFloat64(int index) => At<double>(index);

    public long GetInt64(int index) => _tensor.Dtype switch
    {
        TensorDtype.Int8 => At<sbyte>(index),
        TensorDtype.Int16 => At<short>(index),
        TensorDtype.Int32 => At<int>(index),
        TensorDtype.Int64 => At<long>(index),
        TensorDtype.UInt8 => At<byte>(index),
        TensorDtype.UInt16 => At<ushort>(index),
        TensorDtype.UInt32 => At<uint>(index),
        _ => At<ulong>(index) is <= long.MaxValue and var value
            ? (long)value
            : throw new ServingException(ServingError.BackendFailed, $"The model answered {At<ulong>(index)}, which is greater than an int64 column can hold; call it with ModelInfer."),
    };

    public byte[] GetBytes(int index) => _tensor.Strings.Span[index];

    private T At<T>(int index)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_tensor.Data.Span)[index];
}
