using System.Globalization;

namespace ZeroWorld.ML.Serving;

/// <summary>Which sequence a request belongs to: <c>sequence_id</c> of the Open Inference Protocol. The number 5 and the text "5" are two.</summary>
/// <param name="Number">0: it has no number.</param>
/// <param name="Text"><see langword="null"/> or empty: it has no text.</param>
public readonly record struct SequenceId(ulong Number, string? Text = null)
{
    /// <summary>Whether the request belongs to none.</summary>
    public bool IsNone => Number == 0 && string.IsNullOrEmpty(Text);

    public override string ToString() => Text ?? Number.ToString(CultureInfo.InvariantCulture);
}
