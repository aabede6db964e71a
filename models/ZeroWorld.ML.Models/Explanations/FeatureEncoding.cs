using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Models;

/// <summary>How raw columns become the features that a model of a plain table reads: numbers with medians for missing ones, marks beside them, texts by <see cref="CategoryFeatures"/>.</summary>
/// <remarks>The graph of such a model does the same inside; this stands beside it for reasons, which need the features. Immutable and thread safe.</remarks>
public sealed class FeatureEncoding
{
    /// <summary>Input of the graph: FP32 [rows, numbers], NaN for a missing value.</summary>
    public const string NumbersInput = TreeEnsembleGraph.Input;

    /// <summary>Input of the graph: FP64 [rows, times], microseconds since the epoch in UTC, the row's own time first; NaN for a missing time.</summary>
    public const string TimesInput = "times";

    /// <summary>Input of the graph: BYTES [rows, texts], an empty text for a missing value.</summary>
    public const string TextsInput = "categories";

    private readonly float[] _medians;
    private readonly int[] _marked;
    private readonly CategoryFeatures[] _texts;

    /// <param name="clock">The numbers that are made of times, which are the last ones of all; <see langword="null"/> for none.</param>
    /// <param name="medians">What stands for a missing number, one per number.</param>
    /// <param name="marked">Indexes of numbers with a feature beside them that says whether they are missing.</param>
    /// <param name="texts">One per column of texts.</param>
    /// <exception cref="ArgumentException">A mark is of no number, or the clock has more of them than there are.</exception>
    public FeatureEncoding(ClockFeatures? clock, IReadOnlyList<float> medians, IReadOnlyList<int> marked, IReadOnlyList<CategoryFeatures> texts)
    {
        ArgumentNullException.ThrowIfNull(medians);
        ArgumentNullException.ThrowIfNull(marked);
        ArgumentNullException.ThrowIfNull(texts);
        (Clock, _medians, _marked, _texts) = (clock, [.. medians], [.. marked], [.. texts]);
        if (_marked.Any(column => column < 0 || column >= _medians.Length))
        {
            throw new ArgumentException($"A mark is of a number that is not there; expected 0 to {_medians.Length - 1}.", nameof(marked));
        }

        if (RawNumbers < 0)
        {
            throw new ArgumentException($"There are {_medians.Length} numbers and {clock!.Count} of them are made of times.", nameof(clock));
        }
    }

    public ClockFeatures? Clock { get; }

    public IReadOnlyList<float> Medians => _medians;

    public IReadOnlyList<int> Marked => _marked;

    public IReadOnlyList<CategoryFeatures> Texts => _texts;

    /// <value>Numbers that are given and not made of times: columns of <see cref="NumbersInput"/>.</value>
    public int RawNumbers => _medians.Length - (Clock?.Count ?? 0);

    /// <value>Features that come out.</value>
    public int FeatureCount => _medians.Length + _marked.Length + _texts.Sum(static text => text.Count);

    /// <summary>Encodes one row whose clock's numbers are made already.</summary>
    /// <param name="numbers">All numbers, those of the clock last; NaN for a missing one.</param>
    /// <param name="texts">One per column of texts.</param>
    /// <param name="features">Receives <see cref="FeatureCount"/> numbers.</param>
    public void Encode(ReadOnlySpan<float> numbers, ReadOnlySpan<string> texts, Span<float> features)
    {
        for (var column = 0; column < _medians.Length; column++)
        {
            features[column] = float.IsNaN(numbers[column]) ? _medians[column] : numbers[column];
        }

        var place = _medians.Length;
        foreach (var column in _marked)
        {
            features[place++] = float.IsNaN(numbers[column]) ? 1 : 0;
        }

        for (var column = 0; column < _texts.Length; column++)
        {
            var width = _texts[column].Count;
            _texts[column].Encode(texts[column], features.Slice(place, width));
            place += width;
        }
    }
}
