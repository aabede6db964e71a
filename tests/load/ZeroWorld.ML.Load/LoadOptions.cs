using System.Globalization;

namespace ZeroWorld.ML.Load;

/// <summary>What the command line says: a command takes some of these settings, and has defaults of its own.</summary>
internal sealed record LoadOptions
{
    public const string Usage = """
        Measures a server in a process of its own, with a real redis-server, on made-up card transactions.
          --rounds N      interleaved rounds of every measurement, medians are shown (default 5)
          --seconds N     length of each measurement (default 3)
          --in-flight N   requests in flight in the closed loops (default 48)
          --connections N connections that share them (default 2)
          --only NAME     only infer, predict or lean, again and again, for a profiler
          --share N       of the closed loop's rate, at which the open loop asks with --only (default 0.5)
          --per-second N  the open loop's rate with --only, whatever the closed loop's is
          --embedded      the embedded online store instead of redis-server
          --json          the result as JSON
        """;

    private static readonly LoadOptions Defaults = new() { Seconds = 3 };

    public int Rounds { get; private init; } = 5;

    public double Seconds { get; init; } = 1;

    public TimeSpan WarmUp { get; init; }

    public int InFlight { get; init; } = 48;

    public int Connections { get; init; } = 2;

    public string? Only { get; private init; }

    /// <summary>Of the closed loop's rate, at which the open loop asks; above 0.</summary>
    public double Share { get; private init; } = 0.5;

    /// <summary>Calls per second of the open loop; <see langword="null"/>: <see cref="Share"/> says it.</summary>
    public double? PerSecond { get; private init; }

    public bool IsEmbedded { get; private init; }

    public Uri? Beside { get; private init; }

    public int BesideProcess { get; private init; }

    public string? Models { get; private init; }

    public string Device { get; private init; } = "cuda:0";

    public IReadOnlyList<int> Instances { get; init; } = [];

    public IReadOnlyList<int> Padding { get; private init; } = [];

    public bool IsJson { get; private init; }

    /// <returns><see langword="null"/> when the command line of the plain run is not understood.</returns>
    public static LoadOptions? TryParse(ReadOnlySpan<string> arguments) =>
        TryParse(arguments, Defaults, ["--rounds", "--seconds", "--in-flight", "--connections", "--only", "--share", "--per-second", "--embedded", "--json"], ["infer", "predict", "lean"]);

    /// <param name="arguments">The command line after the command's name.</param>
    /// <param name="defaults">What holds for what it does not say.</param>
    /// <param name="known">The settings that the command takes.</param>
    /// <param name="onlies">Values of <c>--only</c>; none: any.</param>
    /// <returns><see langword="null"/> when it is not understood.</returns>
    public static LoadOptions? TryParse(ReadOnlySpan<string> arguments, LoadOptions defaults, ReadOnlySpan<string> known, ReadOnlySpan<string> onlies = default)
    {
        var options = defaults;
        for (var index = 0; index < arguments.Length; index++)
        {
            var name = arguments[index];
            if (!known.Contains(name))
            {
                return null;
            }

            if (options.TryFlag(name) is { } flagged)
            {
                options = flagged;
                continue;
            }

            if (++index == arguments.Length || (name == "--only" && onlies.Length > 0 && !onlies.Contains(arguments[index])) || options.TryValue(name, arguments[index]) is not { } changed)
            {
                return null;
            }

            options = changed;
        }

        return options;
    }

    public bool Includes(string name) => Only is null || name.Contains(Only, StringComparison.Ordinal);

    private LoadOptions? TryFlag(string name) => name switch
    {
        "--embedded" => this with { IsEmbedded = true },
        "--json" => this with { IsJson = true },
        _ => null,
    };

    private LoadOptions? TryValue(string name, string value)
    {
        var count = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && whole > 0 ? whole : 0;
        var seconds = double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
        return name switch
        {
            "--rounds" when count > 0 => this with { Rounds = count },
            "--seconds" when seconds > 0 => this with { Seconds = seconds },
            "--warm-up" when seconds >= 0 => this with { WarmUp = TimeSpan.FromSeconds(seconds) },
            "--in-flight" when count > 1 => this with { InFlight = count },
            "--connections" when count > 0 => this with { Connections = count },
            "--only" => this with { Only = value },
            "--share" when seconds > 0 => this with { Share = seconds },
            "--per-second" when seconds > 0 => this with { PerSecond = seconds },
            "--models" => this with { Models = value },
            "--device" => this with { Device = value },
            "--instances" when ToCounts(value) is { } counts => this with { Instances = counts },
            "--padding" when ToCounts(value) is { } sizes => this with { Padding = sizes },
            "--beside" when value.Split('/') is [var address, var process] && Uri.TryCreate($"http://{address}", UriKind.Absolute, out var uri)
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id) => this with { Beside = uri, BesideProcess = id },
            _ => null,
        };
    }

    /// <returns><see langword="null"/> unless it is whole numbers of 1 or more with commas between.</returns>
    private static List<int>? ToCounts(string value)
    {
        var counts = value.Split(',').Select(static text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToList();
        return counts.TrueForAll(static count => count > 0) ? counts : null;
    }
}
