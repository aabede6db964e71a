using System.Globalization;

namespace ZeroWorld.ML.Load;

/// <summary>What the command line of <c>fifty</c> says.</summary>
internal sealed record FiftyOptions
{
    public const string Argument = "fifty";

    public const string Usage = """
        fifty: measures Predict of a model of 50 features in 5 views against ModelInfer of the same model, with a redis-server, with a cluster of 3 shards,
        and with a cluster of which one shard answers 50 ms late, by the requests that do not need that shard.
          --rounds N      interleaved rounds of every measurement, medians are shown (default 5)
          --seconds N     length of each measurement (default 2)
          --in-flight N   requests in flight in the closed loops (default 48)
          --only NAME     only redis, cluster or slow
          --json          the result as JSON
        """;

    public int Rounds { get; private init; } = 5;

    public double Seconds { get; private init; } = 2;

    public int InFlight { get; private init; } = 48;

    public string? Only { get; private init; }

    public bool IsJson { get; private init; }

    /// <returns><see langword="null"/> when the command line is not understood.</returns>
    public static FiftyOptions? TryParse(ReadOnlySpan<string> arguments)
    {
        var options = new FiftyOptions();
        for (var index = 0; index < arguments.Length; index++)
        {
            var value = index + 1 < arguments.Length ? arguments[index + 1] : null;
            switch (arguments[index])
            {
                case "--rounds" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    break;
                case "--seconds" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds > 0:
                    options = options with { Seconds = seconds };
                    break;
                case "--in-flight" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var inFlight) && inFlight > 1:
                    options = options with { InFlight = inFlight };
                    break;
                case "--only" when value is "redis" or "cluster" or "slow":
                    options = options with { Only = value };
                    break;
                case "--json":
                    options = options with { IsJson = true };
                    continue;
                default:
                    return null;
            }

            index++;
        }

        return options;
    }

    public bool Includes(string name) => Only is null || Only == name;
}
