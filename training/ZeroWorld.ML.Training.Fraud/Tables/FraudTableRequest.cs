using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>A table to learn from, and where the package goes.</summary>
public sealed record FraudTableRequest
{
    /// <summary>Parts of the rows that are fitted on: what tells checkpoints of the same settings apart.</summary>
    internal const string FitRows = "fit rows";

    internal const string TrainingRows = "training rows";

    /// <param name="fold">From 0.</param>
    internal static string FoldRows(int fold) => FormattableString.Invariant($"fold {fold}");

    /// <value>The rows, in the order of their file.</value>
    public required ColumnFrame Frame { get; init; }

    /// <value>Type of every column: int64, float64, timestamp or string.</value>
    public required IReadOnlyDictionary<string, FeatureType> Types { get; init; }

    public required FraudTableColumns Columns { get; init; }

    /// <value>Test rows in a table of their own, with the same columns; <see langword="null"/>: the later rows of <see cref="Frame"/>.</value>
    public ColumnFrame? Test { get; init; }

    public FraudTableSettings Settings { get; init; } = new();

    public ModelName Model { get; init; } = new(ModelName.DefaultProject, "fraud");

    /// <value>Fingerprint of the data, for the model's lineage: that of the training set, where the table is one.</value>
    public required string DataFingerprint { get; init; }

    /// <value>Folder of the package: a new or an empty one.</value>
    public required string OutputDirectory { get; init; }

    /// <value>Runs exported models: for the parity check and for the champion's scores.</value>
    public required IModelScorer Scorer { get; init; }

    /// <value>The model in place, or <see langword="null"/>.</value>
    public ModelPackage? Champion { get; init; }

    /// <value><see cref="TableTrial.FoldPrecisions"/> of trials that an earlier run of the same data and settings has done, by <see cref="TableTrial.Key"/>: they are not done again.</value>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> KnownTrials { get; init; } = new Dictionary<string, IReadOnlyList<double>>();

    /// <value>Called with every trial when its last fold is done: what it has written is a checkpoint.</value>
    public Func<TableTrial, Task>? OnTrial { get; init; }

    /// <value>Where fits that can be taken up keep their state; <see langword="null"/>: nowhere.</value>
    public CheckpointFolder? Checkpoints { get; init; }

    /// <summary>A fit, from its checkpoint where there is one.</summary>
    /// <param name="part">Which part of the rows it is of.</param>
    internal IFraudModel Fit(ITrainer<IFraudModel> trainer, string part, TrainingTable table, int[] rows, int seed, CancellationToken cancellationToken) => trainer switch
    {
        // Its parts are trials of their own, whose checkpoints it shares.
        LogisticTreesTrainer both => both.Of(Fit(both.Logistic, part, table, rows, seed, cancellationToken), Fit(both.Trees, part, table, rows, seed, cancellationToken)),
        IResumableTrainer<IFraudModel> resumable when Checkpoints is { } folder =>
            resumable.Fit(table, rows, seed, folder.For(FormattableString.Invariant($"{part}: {TableTrial.KeyOf(trainer.Algorithm, trainer.Parameters)}, seed {seed}")), cancellationToken),
        _ => trainer.Fit(table, rows, seed, cancellationToken),
    };
}
