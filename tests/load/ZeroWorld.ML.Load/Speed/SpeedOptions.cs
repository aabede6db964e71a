using System.Globalization;

namespace ZeroWorld.ML.Load;

/// <summary>What the command line of <c>speed</c> says.</summary>
internal sealed record SpeedOptions
{
    public const string Argument = "speed";

    public const string Usage = """
        speed: measures ModelInfer of a server in a process of its own, in turns with the least that can answer it, and prints the ratios with their bars.
          --rounds N      interleaved rounds of every measurement, medians are shown (default 5)
          --seconds N     length of each measurement (default 1)
          --warm-up N     seconds of the same before the first round (default 40)
          --only NAME     only the measurements whose names contain this, again and again, for a profiler
          --beside HOST:PORT/PROCESS
                          another server of the models 'small' and 'large' (tests/load writes them into --models), measured in the same rounds
          --models FOLDER keeps the models there
          --json          the result as JSON
        """;

    public int Rounds { get; private init; } = 5;

    public double Seconds { get; private init; } = 1;

    public TimeSpan WarmUp { get; private init; } = TimeSpan.FromSeconds(40);

    public string? Only { get; private init; }

    public Uri? Beside { get; private init; }

    public int BesideProcess { get; private init; }

    public string? Models { get; private init; }

    public bool IsJson { get; private init; }

    /// <returns><see langword="null"/> when the command line is not understood.</returns>
    public static SpeedOptions? TryParse(ReadOnlySpan<string> arguments)
    {
        var options = new SpeedOptions();
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
                case "--warm-up" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var warmUp):
                    options = options with { WarmUp = TimeSpan.FromSeconds(warmUp) };
                    break;
                case "--only" when value is not null:
                    options = options with { Only = value };
                    break;
                case "--models" when value is not null:
                    options = options with { Models = value };
                    break;
                case "--beside" when value?.Split('/') is [var address, var process] && Uri.TryCreate($"http://{address}", UriKind.Absolute, out var uri)
                        && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id):
                    options = options with { Beside = uri, BesideProcess = id };
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
}
