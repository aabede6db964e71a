using System.Diagnostics;
using System.Globalization;
using ZeroWorld.ML.Testing;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>The same training by NumPy and PyTorch of the system's python3, on the same pairs and cores; each prints its seconds of processor and peak memory.</summary>
internal static class PeerTraining
{
    private const int Dimensions = 128;
    private const int NeuMfSteps = 60;

    private const string Als = """
        import sys, time, resource, numpy as np
        pairs = np.loadtxt(sys.argv[1], dtype=np.int32)
        d, reg, a0 = 128, 0.007, 0.3
        n = pairs.max(0) + 1
        def rows(axis):
            order = np.argsort(pairs[:, axis], kind='stable')
            return np.split(pairs[order, 1 - axis], np.cumsum(np.bincount(pairs[:, axis], minlength=n[axis]))[:-1])
        by = [rows(0), rows(1)]
        V = np.random.default_rng(1).normal(0, 0.1 / d ** 0.5, (n[1], d)).astype(np.float32)
        def solve(seen, F, count):
            G = a0 * (F.T @ F); I = np.eye(d, dtype=np.float32); X = np.zeros((count, d), np.float32)
            for r, s in enumerate(seen):
                if len(s):
                    Y = F[s]
                    X[r] = np.linalg.solve(G + Y.T @ Y + np.float32(reg * (len(s) + a0 * len(F))) * I, Y.sum(0))
            return X
        t = time.process_time()
        U = solve(by[0], V, n[0]); V = solve(by[1], U, n[1])
        print(time.process_time() - t, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        """;

    private const string NeuMf = """
        import sys, time, resource, numpy as np, torch, torch.nn as nn
        users, items, steps, batch = map(int, sys.argv[1:])
        torch.manual_seed(1)
        class Net(nn.Module):
            def __init__(s):
                super().__init__()
                s.p, s.q, s.m, s.n = nn.Embedding(users, 64), nn.Embedding(items, 64), nn.Embedding(users, 32), nn.Embedding(items, 32)
                s.mlp = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU()); s.out = nn.Linear(80, 1)
            def forward(s, u, i):
                return s.out(torch.cat([s.p(u) * s.q(i), s.mlp(torch.cat([s.m(u), s.n(i)], 1))], 1)).squeeze(1)
        net = Net(); opt = torch.optim.Adam(net.parameters(), 1e-3); loss = nn.BCEWithLogitsLoss()
        def run(count):
            for _ in range(count):
                u, i, y = torch.randint(users, (batch,)), torch.randint(items, (batch,)), (torch.rand(batch) < 0.2).float()
                opt.zero_grad(); loss(net(u, i), y).backward(); opt.step()
        run(5); t = time.process_time(); run(steps)
        print((time.process_time() - t) / steps / batch, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        """;

    internal static async Task AlsAsync(InteractionSet train, CancellationToken cancellationToken)
    {
        using var folder = new TempFolder();
        var pairs = folder.Combine("pairs.txt");
        await File.WriteAllLinesAsync(pairs, Enumerable.Range(0, train.UserCount).SelectMany(user => train.ItemsOf(user).ToArray().Select(item => $"{user} {item}")), cancellationToken);
        ImplicitAlsTrainer Trainer(int epochs) => new(new ImplicitAlsSettings { Dimensions = Dimensions, Epochs = epochs });

        // Two fits that differ by one epoch: reading, starting and the last half epoch fall out.
        Trainer(1).Fit(train, 1, cancellationToken);
        var one = RecommendationBenchmark.Measure(() => Trainer(1).Fit(train, 1, cancellationToken), out _).Seconds;
        var three = RecommendationBenchmark.Measure(() => Trainer(3).Fit(train, 1, cancellationToken), out _).Seconds;
        var (peer, peerMemory) = await RunAsync(Als, [pairs], cancellationToken);
        var epoch = (three - one) / 2;
        Console.WriteLine(
            $"als             epoch of {train.Count} pairs, {Dimensions} dimensions: {epoch:F2} s of processor, {epoch / peer:F2} of NumPy ({peer:F2} s; bar 1.0); peak {RecommendationBenchmark.PeakMiB()} MiB beside {peerMemory} MiB");
    }

    internal static async Task NeuMfAsync(InteractionSet train, CancellationToken cancellationToken)
    {
        var settings = new NeuMfSettings { Factors = new SampledFactorSettings { Dimensions = 64, Negatives = 4, Epochs = 1 }, Layers = [64, 32, 16], Epochs = 1 };
        var (trainer, pairs) = (new NeuMfTrainer(settings), new SampledPairs(train));
        var network = NeuMfNetwork.Start(BiasedFactors.Start(train.UserCount, train.ItemCount, 64, 0.1, 1), train.UserCount, settings.Layers, 1);
        var random = new FastRandom(1);
        trainer.RunEpoch(network, pairs, ref random, 0, cancellationToken);
        var state = random;
        var own = RecommendationBenchmark.Measure(
            () =>
            {
                trainer.RunEpoch(network, pairs, ref state, 0, cancellationToken);
                return 0;
            },
            out _).Seconds;
        foreach (var batch in new[] { 256, 4096 })
        {
            var (perRow, memory) = await RunAsync(
                NeuMf, [Text(train.UserCount), Text(train.ItemCount), Text(NeuMfSteps), Text(batch)], cancellationToken);
            var peer = perRow * train.Count * 5;
            Console.WriteLine(
                $"neumf           epoch of {train.Count} pairs with 4 negatives, 64 factors, 64-32-16: {own:F1} s of processor, {own / peer:F3} of PyTorch with batches of {batch} ({peer:F0} s; bar 1.0); peak {RecommendationBenchmark.PeakMiB()} MiB beside {memory} MiB");
        }
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    /// <returns>The two numbers that the script prints.</returns>
    private static async Task<(double Value, double Memory)> RunAsync(string script, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-c", script, .. arguments]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start.");
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        var numbers = output.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return process.ExitCode == 0 && numbers.Length == 2
            ? (double.Parse(numbers[0], CultureInfo.InvariantCulture), double.Parse(numbers[1], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"python3 ended with {process.ExitCode} and '{output}'; it needs numpy and torch (python3-torch).");
    }
}
