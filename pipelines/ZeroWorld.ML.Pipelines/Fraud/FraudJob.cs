using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>The steps from a file of transactions to what a fraud decision needs online, each one runnable alone.</summary>
/// <remarks>Immutable and thread safe; repeating a step replaces its result.</remarks>
public sealed class FraudJob(IOfflineStore offline, Materializer materializer, string project, string trainingSetFolder)
{
    /// <summary>Path of the training set that <see cref="JoinAsync"/> writes.</summary>
    public string TrainingSetPath { get; } = Path.Combine(trainingSetFolder, "fraud.parquet");

    /// <summary>Makes the table <c>transactions</c> of a CSV(.gz) or Parquet file. Times without a zone are UTC.</summary>
    /// <exception cref="FeatureException">The file is missing or wrong: the message names file, line, column and value.</exception>
    public Task<TableSummary> ImportAsync(string path, CancellationToken cancellationToken) => offline.ImportAsync(
        new TableImport(project, FraudTables.Transactions, path, FraudTables.Columns, "UTC")
        {
            NotNull = [.. FraudTables.Columns.Select(static column => column.Name)],
        },
        cancellationToken);

    /// <summary>One row per transaction with the features as they were known at its moment.</summary>
    public Task<TrainingSet> JoinAsync(FeatureServicePlan plan, IProgress<long>? progress, CancellationToken cancellationToken) =>
        offline.BuildTrainingSetAsync(
            new TrainingSetRequest
            {
                Plan = plan,
                Spine = FraudTables.Transactions,
                TimeColumn = FraudTables.Time,
                KeyColumns = FraudTables.Keys,
                RequestColumns = FraudTables.RequestValues,
                PassThrough = FraudTables.PassThrough,
                OutputPath = TrainingSetPath,
            },
            progress,
            cancellationToken);

    /// <summary>Rows of the training set with <c>from &lt;= time &lt; to</c> (microseconds): ids, label, time and the service's columns.</summary>
    public Task<ColumnFrame> LoadAsync(FeatureService service, long from, long to, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(service);
        return offline.LoadAsync(
            TrainingSetPath,
            [.. FraudTables.PassThrough, FeatureService.TimeValue, .. service.Columns.Select(static column => column.Name)],
            new TimeFilter(FeatureService.TimeValue, from, to),
            cancellationToken);
    }

    /// <summary>Brings the service's views online as they stood at a moment.</summary>
    /// <param name="plan">The service.</param>
    /// <param name="until">Events that arrived later (microseconds) are left out.</param>
    public Task<Materialization> MaterializeAsync(FeatureServicePlan plan, long until, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return materializer.RunAsync([.. plan.Views.Select(static view => view.Field)], until, progress, cancellationToken);
    }
}
