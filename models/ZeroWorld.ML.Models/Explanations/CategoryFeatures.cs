namespace ZeroWorld.ML.Models;

/// <summary>What a text becomes: a feature per value of the training rows, or one that holds the value's share of positives. Immutable and thread safe.</summary>
public sealed class CategoryFeatures
{
    private readonly Dictionary<string, int> _codes;

    /// <param name="values">All different.</param>
    /// <param name="shares">One per value, or <see langword="null"/>: each value has a feature of its own.</param>
    /// <param name="unknownShare">Of a value that is none of these; of no account without shares.</param>
    /// <exception cref="ArgumentException">A value occurs twice, or there is not one share per value.</exception>
    public CategoryFeatures(IReadOnlyList<string> values, IReadOnlyList<float>? shares, float unknownShare)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (shares is not null && shares.Count != values.Count)
        {
            throw new ArgumentException($"There are {shares.Count} shares of {values.Count} values; expected one each.", nameof(shares));
        }

        (Values, Shares, UnknownShare) = (values, shares, unknownShare);
        _codes = new Dictionary<string, int>(values.Count, StringComparer.Ordinal);
        for (var code = 0; code < values.Count; code++)
        {
            _codes.Add(values[code], code);
        }
    }

    public IReadOnlyList<string> Values { get; }

    public IReadOnlyList<float>? Shares { get; }

    public float UnknownShare { get; }

    /// <value>Features that come out.</value>
    public int Count => Shares is null ? Values.Count : 1;

    public bool Knows(string value) => _codes.ContainsKey(value);

    /// <param name="value">An empty text for a missing one. One that is none of <see cref="Values"/> is 0 in every feature, or has <see cref="UnknownShare"/>.</param>
    /// <param name="features">Receives <see cref="Count"/> numbers.</param>
    public void Encode(string value, Span<float> features)
    {
        var isKnown = _codes.TryGetValue(value, out var code);
        if (Shares is not null)
        {
            features[0] = isKnown ? Shares[code] : UnknownShare;
            return;
        }

        features.Clear();
        if (isKnown)
        {
            features[code] = 1;
        }
    }
}
