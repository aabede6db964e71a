using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>What ONNX Runtime says, in a form for callers.</summary>
internal static class OnnxErrors
{
    // What the arena, CUDA, cuBLAS and the C++ library say; the engine has one code for all of its failures.
    private static readonly string[] OutOfMemoryWords =
        ["Failed to allocate memory", "is smaller than requested bytes", "out of memory", "ALLOC_FAILED", "std::bad_alloc", "bad allocation"];

    /// <summary>Whether it failed because its device has no memory left, which a smaller run or a later one may not.</summary>
    public static bool IsOutOfMemory(OnnxRuntimeException exception) =>
        OutOfMemoryWords.Any(words => exception.Message.Contains(words, StringComparison.Ordinal));

    /// <summary>The message without the code in front and without the place in the engine's source.</summary>
    public static string ToText(OnnxRuntimeException exception)
    {
        var text = exception.Message;
        if (text.StartsWith("[ErrorCode:", StringComparison.Ordinal) && text.IndexOf(']', StringComparison.Ordinal) is > 0 and var end)
        {
            text = text[(end + 1)..].TrimStart();
        }

        // "/onnxruntime_src/.../file.cc:123 function ... Message": the file tells a caller nothing.
        if (text.StartsWith('/') && text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space)
        {
            text = text[(space + 1)..];
        }

        return text.ReplaceLineEndings(" ");
    }
}
