namespace ZeroWorld.ML.Models;

/// <summary>Datatype of a tensor's elements: the closed set of the Open Inference Protocol.</summary>
public enum TensorDtype
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool = 1,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Int8,
    Int16,
    Int32,
    Int64,
    Float16,
    BFloat16,
    Float32,
    Float64,

    /// <summary>Strings of bytes of any length, NUL included.</summary>
    Bytes,
}
