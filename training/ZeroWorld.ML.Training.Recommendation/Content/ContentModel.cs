namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Attributes of every item with their weights. Users are their histories.</summary>
internal sealed class ContentModel : IRecommender
{
    private readonly ItemAttributes _attributes;
    private readonly float[] _weights;
    private readonly float[] _lengths;

    internal ContentModel(string algorithm, ItemAttributes attributes, int items, RecencyWeights recency)
    {
        (Algorithm, _attributes, Recency) = (algorithm, attributes, recency);
        var counts = new int[attributes.Tokens.Count];
        for (var item = 0; item < items; item++)
        {
            foreach (var token in attributes.TokensOf(item))
            {
                counts[token]++;
            }
        }

        // One more than all, so that an attribute of every item still says something.
        _weights = [.. counts.Select(count => (float)Math.Log((items + 1.0) / Math.Max(1, count)))];
        _lengths = new float[items];
        for (var item = 0; item < items; item++)
        {
            _lengths[item] = LengthOf(attributes.TokensOf(item));
        }
    }

    public string Algorithm { get; }

    public int ItemCount => _lengths.Length;

    internal RecencyWeights Recency { get; }

    internal ItemAttributes Attributes => _attributes;

    /// <summary>The share of an attribute in an item's vector of length 1.</summary>
    internal float ValueOf(int item, int token) => _weights[token] / _lengths[item];

    public void Score(UserHistory history, Span<float> scores)
    {
        var profile = new float[_weights.Length];
        var items = Recency.Recent(history.Items);
        for (var index = 0; index < items.Length; index++)
        {
            Add(profile, _attributes.TokensOf(items[index]), Recency.At(items.Length - 1 - index));
        }

        Score(profile, scores);
    }

    /// <summary>Items like one that is not in the catalogue, by its attributes; unknown ones count nothing.</summary>
    internal void ScoreLike(IEnumerable<string> tokens, Span<float> scores)
    {
        var profile = new float[_weights.Length];
        Add(profile, [.. tokens.Select(token => _attributes.TryGetToken(token, out var index) ? index : -1).Where(static index => index >= 0).Distinct()], 1);
        Score(profile, scores);
    }

    private void Score(float[] profile, Span<float> scores)
    {
        for (var item = 0; item < scores.Length; item++)
        {
            var sum = 0f;
            foreach (var token in _attributes.TokensOf(item))
            {
                sum += profile[token] * _weights[token];
            }

            scores[item] = _lengths[item] > 0 ? sum / _lengths[item] : 0;
        }
    }

    private void Add(float[] profile, ReadOnlySpan<int> tokens, float weight)
    {
        var length = LengthOf(tokens);
        foreach (var token in tokens)
        {
            profile[token] += weight * _weights[token] / length;
        }
    }

    private float LengthOf(ReadOnlySpan<int> tokens)
    {
        var squares = 0f;
        foreach (var token in tokens)
        {
            squares += _weights[token] * _weights[token];
        }

        return MathF.Sqrt(squares);
    }
}
