namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>What libtorch says, in a form for callers.</summary>
internal static class TorchErrors
{
    private const int LengthMax = 500;

    /// <summary>The message without the place in libtorch's source and without its stack.</summary>
    public static string ToText(Exception exception)
    {
        var text = exception.Message;
        var end = text.IndexOf("\nException raised from", StringComparison.Ordinal);
        text = (end < 0 ? text : text[..end]).ReplaceLineEndings(" ").Trim();
        return text.Length <= LengthMax ? text : $"{text[..LengthMax]}...";
    }
}
