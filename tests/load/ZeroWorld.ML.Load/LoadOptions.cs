using System.Globalization;

namespace ZeroWorld.ML.Load;

/// <summary>What the command line says.</summary>
internal sealed record LoadOptions
{
    public const string Usage = """
        Measures a server in a process of its own, with a real redis-server, on made-up card transactions.
          --rounds N      interleaved rounds of every measurement, medians are shown (default 5)
          --seconds N     length of each measurement (default 3)
          --in-flight N   requests in flight in the closed loops (default 48)
          --connections N connections that share them (default 2)
          --only NAME     only infer, predict or lean, again and again, for a profiler
          --embedded      the embedded online store instead of redis-server
          --json          the result as JSON
        """;

    public int Rounds { get; private init; } = 5;

    public double Seconds { get; private init; } = 3;

    public int InFlight { get; private init; } = 48;

    public int Connections { get; private init; } = 2;

    public string? Only { get; private init; }

    public bool IsEmbedded { get; private init; }

    public bool IsJson { get; private init; }

    /// <returns><see langword="null"/> when the command line is not understood.</returns>
    public static LoadOptions? TryParse(string[] arguments)
    {
        var options = new LoadOptions();
        for (var index = 0; index < arguments.Length; index++)
        {
            var value = arguments.ElementAtOrDefault(index + 1);
            switch (arguments[index])
            {
                case "--rounds" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) && rounds > 0:
                    options = options with { Rounds = rounds };
                    index++;
                    break;
                case "--seconds" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds > 0:
                    options = options with { Seconds = seconds };
                    index++;
                    break;
                case "--in-flight" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var inFlight) && inFlight > 0:
                    options = options with { InFlight = inFlight };
                    index++;
                    break;
                case "--connections" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var connections) && connections > 0:
                    options = options with { Connections = connections };
                    index++;
                    break;
                case "--only" when value is "infer" or "predict" or "lean":
                    options = options with { Only = value };
                    index++;
                    break;
                case "--embedded":
                    options = options with { IsEmbedded = true };
                    break;
                case "--json":
                    options = options with { IsJson = true };
                    break;
                default:
                    return null;
            }
        }

        return options;
    }
}
