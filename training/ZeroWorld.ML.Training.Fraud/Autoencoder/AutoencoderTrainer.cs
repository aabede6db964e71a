namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Autoencoder: a network learns to write genuine rows through a narrow layer, and rows that it writes badly are unusual. Labels choose the rows and scale the score.</summary>
/// <remarks>
/// Features are scaled by the training rows and cut at ±10; layers n - h - c - h - n with tanh between them, mean squared error, Adam (Kingma and Ba 2015). The last fifth of the
/// genuine rows in time is held out: the fit stops when their loss gets no better, and keeps the best pass. The logarithm of a row's error becomes log odds by
/// <see cref="PlattScaling"/> on the training rows, two numbers. Deterministic: one thread, rows of pass p drawn by (seed, p). Memory: the network, four times, and an index of
/// the rows. A checkpoint is written after every pass. Thread safe.
/// </remarks>
public sealed class AutoencoderTrainer : IResumableTrainer<AutoencoderModel>
{
    private const double HeldOutShare = 0.2;
    private const int HeldOutRowsMax = 20_000;
    private const int BatchRows = 64;
    private const int ScalingRowsMax = 200_000;

    private readonly AutoencoderSettings _settings;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a setting is outside its range.</exception>
    public AutoencoderTrainer(AutoencoderSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        TrainingRows.CheckSettings("Autoencoder", settings.FindProblem());
        _settings = settings;
        Parameters = TrainingRows.WithThreads(settings.ToParameters());
    }

    public string Algorithm => FraudAlgorithms.Autoencoder;

    public IReadOnlyDictionary<string, string> Parameters { get; }

    /// <inheritdoc/>
    public AutoencoderModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, CancellationToken cancellationToken) =>
        Fit(table, rows, seed, null, cancellationToken);

    /// <inheritdoc/>
    public AutoencoderModel Fit(TrainingTable table, ReadOnlyMemory<int> rows, int seed, FitCheckpoint? checkpoint, CancellationToken cancellationToken)
    {
        TrainingRows.CheckBothClasses(table, rows);
        int[] genuine = Array.FindAll(rows.ToArray(), row => !table.Label(row));
        var fit = genuine[..Math.Max(1, (int)(genuine.Length * (1 - HeldOutShare)))];
        var held = RowSample.Spread(genuine.Length > fit.Length ? genuine.AsSpan(fit.Length) : genuine, HeldOutRowsMax);
        var scaler = FeatureScaler.Fit(table, genuine);
        var columns = table.FeatureNames.Count;
        var network = new AutoencoderNetwork(columns, _settings.Hidden, Math.Min(_settings.Code, Math.Max(1, columns / 2)), seed);
        var state = AutoencoderState.TryRead(checkpoint?.TryRead(), network.Weights.Length) ?? AutoencoderState.Start(network.Weights);
        network.Load(state.Weights);
        var stopping = new EarlyStopping(_settings.Patience, state.BestStep, state.BestLoss);
        while (state.Step < _settings.EpochsMax && !stopping.IsOver(state.Step))
        {
            cancellationToken.ThrowIfCancellationRequested();
            RunPass(network, state, table, scaler, fit, seed, cancellationToken);
            state.Step++;
            if (stopping.Observe(state.Step, MeanError(network, table, scaler, held)))
            {
                network.Weights.CopyTo(state.Best, 0);
                (state.BestStep, state.BestLoss) = (stopping.BestStep, stopping.BestLoss);
            }

            network.Weights.CopyTo(state.Weights, 0);
            checkpoint?.Write(state.ToBytes());
        }

        var passes = stopping.BestStep == 0 ? state.Step : stopping.BestStep;
        network.Load(stopping.BestStep == 0 ? state.Weights : state.Best);
        var unscaled = new AutoencoderModel(network, scaler, 1, 0, passes);
        var sample = RowSample.Spread(rows.Span, ScalingRowsMax);
        var scaling = PlattScaling.Fit(unscaled.LogOdds(table, sample, cancellationToken), table.LabelsOf(sample));
        return new AutoencoderModel(network, scaler, scaling.Slope, scaling.Offset, passes);
    }

    // Rows of the pass: drawn with replacement where there are more than it takes, else all of them in a drawn order.
    private void RunPass(
        AutoencoderNetwork network, AutoencoderState state, TrainingTable table, FeatureScaler scaler, int[] fit, int seed, CancellationToken cancellationToken)
    {
        var random = new Random(unchecked((seed * 1_000_003) + state.Step));
        int[] order;
        if (fit.Length > _settings.EpochRowsMax)
        {
            order = new int[_settings.EpochRowsMax];
            for (var index = 0; index < order.Length; index++)
            {
                order[index] = fit[random.Next(fit.Length)];
            }
        }
        else
        {
            order = [.. fit];
            random.Shuffle(order);
        }

        var features = new float[table.FeatureNames.Count];
        for (var start = 0; start < order.Length; start += BatchRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = Math.Min(order.Length, start + BatchRows);
            network.ClearGradient();
            for (var index = start; index < end; index++)
            {
                AutoencoderModel.Read(table, order[index], scaler, features);
                network.AddGradient(features, 1f / (end - start));
            }

            network.Step(state.Adam, _settings.LearningRate);
        }
    }

    private static double MeanError(AutoencoderNetwork network, TrainingTable table, FeatureScaler scaler, int[] rows)
    {
        var features = new float[table.FeatureNames.Count];
        var sum = 0.0;
        foreach (var row in rows)
        {
            AutoencoderModel.Read(table, row, scaler, features);
            sum += network.Error(features);
        }

        return sum / rows.Length;
    }
}
