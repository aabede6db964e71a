using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>What the training set of each <see cref="ParityCase"/> says, joined once by the engine and read back from Parquet.</summary>
internal static class OfflineParity
{
    public const string Project = "parity";
    private static readonly TempFolder s_folder = new();
    private static readonly ConcurrentDictionary<string, Lazy<Task<(DuckDbOfflineStore Store, FeatureCell[][] Rows)>>> s_answers = new();

    /// <summary>The offline store that holds the events of the case, and one row of cells per read.</summary>
    public static Task<(DuckDbOfflineStore Store, FeatureCell[][] Rows)> OfAsync(ParityCase item) =>
        s_answers.GetOrAdd(item.Name, _ => new(() => JoinAsync(item, CancellationToken.None))).Value;

    public static DuckDbOfflineStore OpenStore(string folder) => new(
        new ParquetOfflineOptions { DataDirectory = folder, Threads = 2 }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);

    /// <summary>Imports events as the source table of the plan's view, replacing what was there.</summary>
    public static Task ImportEventsAsync(
        IOfflineStore store, FeatureServicePlan plan, IEnumerable<ContractEvent> events, string folder, CancellationToken cancellationToken) =>
        ContractFiles.ImportAsync(
            store, plan, plan.Views[0].View.Source.Table,
            [
                new(ContractViews.EventTimeColumn, FeatureType.Timestamp), new(ContractViews.CreatedTimeColumn, FeatureType.Timestamp),
                new(ContractViews.KeyName, FeatureType.Int64), new(ContractViews.EventIdColumn, FeatureType.Int64),
                new("v", FeatureType.Float64), new("n", FeatureType.Int64), new("s", FeatureType.String),
            ],
            events.Select(static recorded => (IEnumerable<FeatureValue>)
            [
                FeatureValue.FromTimestamp(recorded.Event), FeatureValue.FromTimestamp(recorded.Created), recorded.Key, recorded.Id,
                recorded.Values["v"], recorded.Values["n"], recorded.Values["s"],
            ]),
            folder, cancellationToken);

    private static async Task<(DuckDbOfflineStore Store, FeatureCell[][] Rows)> JoinAsync(ParityCase item, CancellationToken cancellationToken)
    {
        var store = OpenStore(s_folder.Combine(item.Name));
        var plan = item.Plan(Project);
        var folder = Path.Combine(s_folder.Path, item.Name);
        Directory.CreateDirectory(folder);
        await ImportEventsAsync(store, plan, item.Events, folder, cancellationToken);
        await ContractFiles.ImportAsync(
            store, plan, ContractFiles.SpineTable,
            [
                new(ContractFiles.SpineTime, FeatureType.Timestamp), new(ContractViews.KeyName, FeatureType.Int64),
                new("v", FeatureType.Float64), new("n", FeatureType.Int64), new("s", FeatureType.String),
            ],
            item.Reads.Select(static read => (IEnumerable<FeatureValue>)[FeatureValue.FromTimestamp(read.Q), read.Key, .. read.Request]),
            folder, cancellationToken);
        var names = plan.Service.Columns.Select(static column => column.Name).ToList();
        var set = await store.BuildTrainingSetAsync(
            new TrainingSetRequest
            {
                Plan = plan,
                Spine = ContractFiles.SpineTable,
                TimeColumn = ContractFiles.SpineTime,
                KeyColumns = new Dictionary<string, string> { [ContractViews.KeyName] = ContractViews.KeyName },
                RequestColumns = new Dictionary<string, string> { ["v"] = "v", ["n"] = "n", ["s"] = "s" },
                PassThrough = [],
                WithStatuses = true,
                OutputPath = Path.Combine(folder, "set.parquet"),
            },
            null,
            cancellationToken);
        var frame = await store.LoadAsync(set.Path, [.. names, .. names.Select(static name => name + "__status")], null, cancellationToken);
        return (store, [.. item.Reads.Select((_, row) => names.Select((name, column) => OfflineContract.CellOf(frame, name, plan.Service.Columns[column].Type, row, false)).ToArray())]);
    }
}
