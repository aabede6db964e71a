using System.Numerics.Tensors;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What labels are expected before anything of a text is read: added to the margins of short texts, and to those of longer ones less and less.</summary>
/// <param name="Logs">One per label, in nats of its margin; 0 or less.</param>
/// <param name="Whole">Features of a text, each as often as it counts, up to which all of it is added.</param>
/// <param name="Gone">As many from which on nothing is; above <paramref name="Whole"/>.</param>
/// <remarks>Immutable.</remarks>
public sealed record TextPriors(IReadOnlyList<float> Logs, float Whole, float Gone)
{
    // Read for every text.
    private readonly float[] _logs = [.. Logs];

    /// <value>One per label, in nats of its margin; 0 or less.</value>
    public IReadOnlyList<float> Logs => _logs;

    /// <param name="values">Of the text's features.</param>
    internal void AddTo(Span<float> margins, ReadOnlySpan<float> values)
    {
        var share = Math.Min((Gone - TensorPrimitives.Sum(values)) / (Gone - Whole), 1);
        if (share > 0)
        {
            TensorPrimitives.MultiplyAdd(_logs, share, margins, margins);
        }
    }
}
