using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Cli;

/// <summary>One value of several runs, side by side.</summary>
/// <param name="Kind"><see cref="Metric"/>, <see cref="Parameter"/> or <see cref="Tag"/>.</param>
/// <param name="Name">Of the value.</param>
/// <param name="Values">As text, one per run; <see langword="null"/> for a run that has none.</param>
internal sealed record RunDifference(string Kind, string Name, IReadOnlyList<string?> Values)
{
    public const string Metric = "metric";
    public const string Parameter = "parameter";
    public const string Tag = "tag";

    /// <summary>What differs between runs: metrics first, then parameters (what was asked for, and as <c>chosen.</c> what came out), then tags; each by name.</summary>
    /// <param name="all">Also what is equal in all of them.</param>
    public static IReadOnlyList<RunDifference> Of(IReadOnlyList<TrainingRun> runs, bool all) =>
    [
        .. Select(runs, Metric, static run => run.Metrics.ToDictionary(static entry => entry.Key, static entry => entry.Value.ToString("G6", CultureInfo.InvariantCulture)), all),
        .. Select(runs, Parameter, static run => run.Parameters, all),
        .. Select(runs, Tag, static run => run.Tags, all),
    ];

    private static IEnumerable<RunDifference> Select(IReadOnlyList<TrainingRun> runs, string kind, Func<TrainingRun, IReadOnlyDictionary<string, string>> select, bool all)
    {
        IReadOnlyDictionary<string, string>[] columns = [.. runs.Select(select)];
        return columns.SelectMany(static column => column.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(name => new RunDifference(kind, name, [.. columns.Select(column => column.GetValueOrDefault(name))]))
            .Where(difference => all || difference.Values.Distinct(StringComparer.Ordinal).Count() > 1);
    }
}
