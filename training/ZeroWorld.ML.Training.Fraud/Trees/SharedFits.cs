namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The last fits of one trainer, for all blends that it is a part of: a search over blends fits each part once per fold.</summary>
/// <remarks>Remembers eight models and the log odds that each gave last, 8 bytes per row. Thread safe; a model has one caller at a time.</remarks>
internal sealed class SharedFits(TreeSettings settings)
{
    private const int ModelsMax = 8;

    private readonly TreeFraudTrainer _trainer = new(settings);
    private readonly Lock _lock = new();
    private readonly List<(TrainingTable Table, ReadOnlyMemory<int> Rows, int Seed, Model Model)> _known = [];

    internal IReadOnlyDictionary<string, string> Parameters => _trainer.Parameters;

    internal Model Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            // The same rows are the same memory: a fold hands out one array.
            foreach (var known in _known)
            {
                if (ReferenceEquals(known.Table, table) && known.Rows.Equals(rows) && known.Seed == seed)
                {
                    return known.Model;
                }
            }
        }

        var model = new Model(_trainer.FitTrees(table, rows, seed, checkpoint, cancellationToken));
        lock (_lock)
        {
            if (_known.Count == ModelsMax)
            {
                _known.RemoveAt(0);
            }

            _known.Add((table, rows, seed, model));
        }

        return model;
    }

    /// <summary>One model, with the log odds that it gave last.</summary>
    internal sealed class Model(TreeFraudModel trees)
    {
        private (TrainingTable Table, ReadOnlyMemory<int> Rows, double[] LogOdds)? _last;

        internal TreeFraudModel Trees { get; } = trees;

        internal IReadOnlyList<double> LogOdds(TrainingTable table, ReadOnlyMemory<int> rows, CancellationToken cancellationToken)
        {
            if (_last is not { } last || !ReferenceEquals(last.Table, table) || !last.Rows.Equals(rows))
            {
                _last = last = (table, rows, Trees.LogOdds(table, rows, cancellationToken));
            }

            return last.LogOdds;
        }
    }
}
