using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>ONNX Runtime itself, without anything around it: what a served model must equal.</summary>
internal static class RawSession
{
    /// <returns>Outputs by name; <see langword="null"/> where the engine gives what is no tensor of the protocol.</returns>
    public static Dictionary<string, TensorBuffer>? Run(string path, IReadOnlyList<string> names, IReadOnlyList<TensorBuffer> inputs)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, IntraOpNumThreads = 1 };
        using var session = new InferenceSession(path, options);
        var values = inputs.Select(ToValue).ToList();
        try
        {
            using var runOptions = new RunOptions();
            using var outputs = session.Run(runOptions, [.. names.Take(values.Count)], values, session.OutputNames);
            var tensors = new Dictionary<string, TensorBuffer>();
            for (var index = 0; index < outputs.Count; index++)
            {
                if (ToTensor(outputs[index]) is not { } tensor)
                {
                    return null;
                }

                tensors[session.OutputNames[index]] = tensor;
            }

            return tensors;
        }
        finally
        {
            values.ForEach(static value => value.Dispose());
        }
    }

    private static OrtValue ToValue(TensorBuffer tensor)
    {
        if (tensor.Dtype == TensorDtype.Bytes)
        {
            var strings = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape.ToArray());
            for (var index = 0; index < tensor.ElementCount; index++)
            {
                strings.StringTensorSetElementAt(tensor.Strings.Span[index].AsSpan(), index);
            }

            return strings;
        }

        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, ToElementType(tensor.Dtype), tensor.Shape.ToArray());
        tensor.Data.Span.CopyTo(tensor.Data.IsEmpty ? default : value.GetTensorMutableRawData());
        return value;
    }

    private static TensorBuffer? ToTensor(OrtValue value)
    {
        if (!value.IsTensor)
        {
            return null;
        }

        var info = value.GetTensorTypeAndShape();
        if (info.ElementDataType == TensorElementType.String)
        {
            return TensorBuffer.OfStrings(info.Shape, Enumerable.Range(0, (int)info.ElementCount).Select(index => value.GetStringElementAsSpan(index).ToArray()).ToArray());
        }

        var dtype = Enum.GetValues<TensorDtype>().FirstOrDefault(dtype => dtype != TensorDtype.Bytes && ToElementType(dtype) == info.ElementDataType);
        return dtype == default ? null : TensorBuffer.Of(dtype, info.Shape, info.ElementCount == 0 ? default : value.GetTensorMutableRawData().ToArray());
    }

    private static TensorElementType ToElementType(TensorDtype dtype) => dtype switch
    {
        TensorDtype.Bool => TensorElementType.Bool,
        TensorDtype.UInt8 => TensorElementType.UInt8,
        TensorDtype.UInt16 => TensorElementType.UInt16,
        TensorDtype.UInt32 => TensorElementType.UInt32,
        TensorDtype.UInt64 => TensorElementType.UInt64,
        TensorDtype.Int8 => TensorElementType.Int8,
        TensorDtype.Int16 => TensorElementType.Int16,
        TensorDtype.Int32 => TensorElementType.Int32,
        TensorDtype.Int64 => TensorElementType.Int64,
        TensorDtype.Float16 => TensorElementType.Float16,
        TensorDtype.BFloat16 => TensorElementType.BFloat16,
        TensorDtype.Float32 => TensorElementType.Float,
        TensorDtype.Float64 => TensorElementType.Double,
        _ => TensorElementType.String,
    };

    /// <summary>Why two tensors are not the same, apart from rounding of floating-point numbers; <see langword="null"/> when they are.</summary>
    public static string? FindDifference(TensorBuffer expected, TensorBuffer got)
    {
        if (expected.Dtype != got.Dtype || !expected.Shape.SequenceEqual(got.Shape))
        {
            return $"is {got.Dtype} [{string.Join(',', got.Shape.ToArray())}], the engine gives {expected.Dtype} [{string.Join(',', expected.Shape.ToArray())}]";
        }

        for (var index = 0; index < expected.ElementCount; index++)
        {
            if (expected.Dtype == TensorDtype.Bytes)
            {
                if (!expected.Strings.Span[index].AsSpan().SequenceEqual(got.Strings.Span[index]))
                {
                    return $"differs at element {index}";
                }

                continue;
            }

            var (a, b) = (ToDouble(expected, index), ToDouble(got, index));
            var tolerance = expected.Dtype is TensorDtype.Float16 or TensorDtype.BFloat16 ? 1e-2 : expected.Dtype == TensorDtype.Float32 ? 1e-5 : expected.Dtype == TensorDtype.Float64 ? 1e-9 : 0;
            if (!a.Equals(b) && !(Math.Abs(a - b) <= tolerance * Math.Max(1, Math.Abs(a))))
            {
                return $"is {b:R} at element {index}, the engine gives {a:R}";
            }
        }

        return null;
    }

    private static double ToDouble(TensorBuffer tensor, int index) => tensor.Dtype switch
    {
        TensorDtype.Bool or TensorDtype.UInt8 => tensor.Data.Span[index],
        TensorDtype.Int8 => tensor.AsSpan<sbyte>()[index],
        TensorDtype.UInt16 => tensor.AsSpan<ushort>()[index],
        TensorDtype.Int16 => tensor.AsSpan<short>()[index],
        TensorDtype.UInt32 => tensor.AsSpan<uint>()[index],
        TensorDtype.Int32 => tensor.AsSpan<int>()[index],
        TensorDtype.UInt64 => tensor.AsSpan<ulong>()[index],
        TensorDtype.Int64 => tensor.AsSpan<long>()[index],
        TensorDtype.Float16 => (double)tensor.AsSpan<Half>()[index],
        TensorDtype.BFloat16 => BitConverter.Int32BitsToSingle(tensor.AsSpan<ushort>()[index] << 16),
        TensorDtype.Float32 => tensor.AsSpan<float>()[index],
        _ => MemoryMarshal.Cast<byte, double>(tensor.Data.Span)[index],
    };
}
