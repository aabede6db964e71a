using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>The fit of boosted trees beside XGBoost's of the system's python3, on the same rows and the same cores; and the reasons of one row.</summary>
internal static class FraudBenchmark
{
    private const int Columns = 20;
    private const int TestRows = 100_000;
    private const int Trees = 100;
    private const int Rounds = 4;
    private const double ReasonBarMs = 1;
    private const double FitBar = 1;

    // As our own fit: from rows in memory to a model, binning included; 1,024 bins, L2 of 1, all cores. `taskset -c 0` gives both one.
    private const string XgBoost = """
        import sys, time, numpy as np, xgboost as xgb
        from sklearn.metrics import average_precision_score
        path, rows, columns, depth, trees, threads = sys.argv[1], *map(int, sys.argv[2:])
        X = np.fromfile(path + '.x', dtype=np.float32).reshape(-1, columns); y = np.fromfile(path + '.y', dtype=np.uint8).astype(np.float32)
        settings = dict(objective='binary:logistic', tree_method='hist', max_bin=1024, max_depth=depth, eta=0.1, reg_lambda=1, nthread=threads)
        cpu, wall = time.process_time(), time.perf_counter()
        model = xgb.train(settings, xgb.DMatrix(X[:rows], label=y[:rows], nthread=threads), num_boost_round=trees)
        print(time.process_time() - cpu, time.perf_counter() - wall, average_precision_score(y[rows:], model.predict(xgb.DMatrix(X[rows:]))))
        """;

    public static async Task RunAsync(string[] options, CancellationToken cancellationToken)
    {
        var rows = options.FirstOrDefault(static option => option.StartsWith("--rows=", StringComparison.Ordinal)) is { } given
            ? int.Parse(given["--rows=".Length..], CultureInfo.InvariantCulture)
            : 200_000;
        var only = options.FirstOrDefault(static option => option.StartsWith("--only=", StringComparison.Ordinal))?["--only=".Length..];
        var table = Table(rows + TestRows);
        int[] fit = [.. Enumerable.Range(0, rows)];
        if (only is null or "reasons")
        {
            Reasons(table, fit, cancellationToken);
        }

        if (only is null or "fit")
        {
            await FitAsync(table, fit, 3, cancellationToken);
            await FitAsync(table, fit, 6, cancellationToken);
        }
    }

    private static void Reasons(TrainingTable table, int[] fit, CancellationToken cancellationToken)
    {
        foreach (var (leaves, depth) in new[] { (8, 3), (16, 6), (31, 8) })
        {
            int[] few = fit[..Math.Min(fit.Length, 50_000)];
            var settings = new LightGbmSettings { Trees = Trees, LearningRate = 0.1, LeavesMax = leaves, DepthMax = depth };
            var ensemble = TreeReasons.WithCovers(new TreeFraudTrainer(settings).FitTrees(table, few, 1, null, cancellationToken).ToTreeEnsemble(), table, few);
            var model = new ReasonModel(ensemble, table.FeatureNames);
            var times = new double[2000];
            for (var index = -500; index < times.Length; index++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var row = table.Features(fit.Length + Math.Abs(index));
                var started = Stopwatch.GetTimestamp();
                var reasons = model.Explain(row, 5);
                var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
                if (reasons.Length == 0)
                {
                    throw new InvalidOperationException("No reasons came back.");
                }

                if (index >= 0)
                {
                    times[index] = took;
                }
            }

            Array.Sort(times);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"reasons         {ensemble.Trees.Count} trees of up to {leaves} leaves, depth {depth}, {Columns} columns: p50 {times[times.Length / 2]:F3} ms, p99 {times[times.Length * 99 / 100]:F3} ms per row, {times[times.Length / 2] / ReasonBarMs:F2} of the bar of {ReasonBarMs} ms"));
        }
    }

    private static async Task FitAsync(TrainingTable table, int[] fit, int depth, CancellationToken cancellationToken)
    {
        var trainer = new TreeFraudTrainer(new LightGbmSettings
        {
            Trees = Trees, LearningRate = 0.1, LeavesMax = 1 << depth, DepthMax = depth, LeafRowsMin = 1, L2 = 1, BinsMax = 1024, RowFraction = 1,
        });
        int[] test = [.. Enumerable.Range(fit.Length, TestRows)];
        using var folder = new TempFolder();
        Write(table, folder.Combine("rows"));
        string[] peerArguments = [folder.Combine("rows"), Text(fit.Length), Text(Columns), Text(depth), Text(Trees), Text(Environment.ProcessorCount)];

        // The best of each, side by side in turns, so that a busy moment meets both.
        var (cpu, wall, precision) = (double.PositiveInfinity, double.PositiveInfinity, 0.0);
        var (peerCpu, peerWall, peerPrecision) = (double.PositiveInfinity, double.PositiveInfinity, 0.0);
        for (var round = 0; round < Rounds; round++)
        {
            var (seconds, model) = RecommendationBenchmark.Measure(() => trainer.Fit(table, fit, 1, cancellationToken), out var elapsed);
            (cpu, wall) = (Math.Min(cpu, seconds), Math.Min(wall, elapsed));
            precision = BinaryMetrics.AveragePrecision(model.Score(table, test, cancellationToken), table.LabelsOf(test));
            if (await RunPeerAsync(peerArguments, cancellationToken) is [var roundCpu, var roundWall, var roundPrecision])
            {
                (peerCpu, peerWall, peerPrecision) = (Math.Min(peerCpu, roundCpu), Math.Min(peerWall, roundWall), roundPrecision);
            }
        }

        var fitted = string.Create(
            CultureInfo.InvariantCulture,
            $"fit             {fit.Length:N0} x {Columns} rows, {Trees} trees of depth {depth}, {Environment.ProcessorCount} processors: {wall:F2} s ({cpu:F2} s of processor), AP {precision:F4}");
        Console.WriteLine(double.IsInfinity(peerWall)
            ? $"{fitted}; python3-xgboost is not here to compare with"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{fitted}; xgboost hist {peerWall:F2} s ({peerCpu:F2} s), AP {peerPrecision:F4}: {wall / peerWall:F2} in time, {cpu / peerCpu:F2} in processor (bar {FitBar:F1})"));
    }

    private static void Write(TrainingTable table, string path)
    {
        using var features = File.Create(path + ".x");
        using var labels = File.Create(path + ".y");
        for (var row = 0; row < table.Rows; row++)
        {
            features.Write(MemoryMarshal.AsBytes(table.Features(row)));
            labels.WriteByte(table.Label(row) ? (byte)1 : (byte)0);
        }
    }

    /// <returns>What the script prints; nothing where xgboost is not installed.</returns>
    private static async Task<double[]> RunPeerAsync(string[] arguments, CancellationToken cancellationToken)
    {
        const string Python = "/usr/bin/python3";
        if (!File.Exists(Python))
        {
            return [];
        }

        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", XgBoost, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = await process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? [.. (await output).Split(' ', StringSplitOptions.TrimEntries).Select(static text => double.Parse(text, CultureInfo.InvariantCulture))]
            : error.Contains("ModuleNotFoundError", StringComparison.Ordinal)
                ? []
                : throw new InvalidOperationException($"python3 ended with {process.ExitCode}: {error}");
    }

    // Spending-like columns with heavy tails; interactions that trees find and a line does not. About 3 % are positive.
    private static TrainingTable Table(int rows)
    {
        var random = new Random(7);
        var features = new float[rows * Columns];
        var labels = new bool[rows];
        for (var row = 0; row < rows; row++)
        {
            var values = features.AsSpan(row * Columns, Columns);
            for (var column = 0; column < Columns; column++)
            {
                values[column] = (float)(column % 4 == 3 ? random.Next(30) : Math.Exp(random.NextDouble() * 6));
            }

            var logOdds = -5.2 + (values[0] > 150 ? 2 : 0) + (values[1] > 200 && values[3] > 20 ? 2.5 : 0) + (Math.Abs(Math.Log(values[2]) - 3) < 0.5 ? 1.5 : 0)
                + (values[7] < 3 ? 1 : 0) + (0.3 * Math.Log(values[4])) + (values[5] * values[6] > 10_000 ? 1.2 : 0);
            labels[row] = random.NextDouble() < 1 / (1 + Math.Exp(-logOdds));
        }

        long[] order = [.. Enumerable.Range(0, rows).Select(static row => (long)row)];
        return TrainingTable.FromRows([.. Enumerable.Range(0, Columns).Select(static column => $"column_{column}")], features, labels, order, order, order);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
