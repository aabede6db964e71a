using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>What ONNX Runtime says, in a form for callers.</summary>
internal static class OnnxErrors
{
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
