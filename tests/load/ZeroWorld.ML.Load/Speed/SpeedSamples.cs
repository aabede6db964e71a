namespace ZeroWorld.ML.Load;

/// <summary>One measurement.</summary>
/// <param name="PerSecond">Answers, or rows, per second.</param>
/// <param name="ServerMicroseconds">The server's processor time per answer.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
internal sealed record SpeedSample(double PerSecond, double ServerMicroseconds, double P50, double P99);

/// <summary>What a request allocates at the server, in bytes, and the large objects that were seen while tensors of 64 kB, and of 320 kB, came and went.</summary>
internal sealed record SpeedMemory(double Small, double SmallBare, double Floats, double Strings, int LargeInBatches, int LargeInFloats, int LargeInStrings);

/// <summary>The measurements by server and name, one per round.</summary>
internal sealed class SpeedSamples
{
    private readonly Dictionary<(string Server, string Name), List<SpeedSample>> _samples = [];

    /// <summary>Whether what is added counts; rounds that warm up do not.</summary>
    public bool IsKept { get; set; }

    public IEnumerable<(string Server, string Name, IReadOnlyList<SpeedSample> Rounds)> All => _samples.Select(static pair => (pair.Key.Server, pair.Key.Name, (IReadOnlyList<SpeedSample>)pair.Value));

    public void Add(string server, string name, SpeedSample sample)
    {
        if (IsKept)
        {
            if (!_samples.TryGetValue((server, name), out var samples))
            {
                _samples[(server, name)] = samples = [];
            }

            samples.Add(sample);
        }
    }

    /// <returns>The median; <see cref="double.NaN"/> when it was not measured.</returns>
    public double Median(string server, string name, Func<SpeedSample, double> value) => _samples.TryGetValue((server, name), out var samples) ? Loops.Median(samples.Select(value)) : double.NaN;

    /// <returns>The median of the rounds' ratios; <see cref="double.NaN"/> when one of the two was not measured.</returns>
    public double Ratio((string Server, string Name) first, (string Server, string Name) second, Func<SpeedSample, double> value) =>
        _samples.TryGetValue(first, out var ours) && _samples.TryGetValue(second, out var theirs)
            ? Loops.Median(ours.Zip(theirs, (one, other) => value(one) / value(other)))
            : double.NaN;
}
