using System.Diagnostics;
using System.Numerics.Tensors;
using ZeroWorld.ML.Models.Retrieval;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>Recommendation: retrieval against a plain read of the same bytes, training against NumPy and PyTorch on the same cores. Times are of the processor, all threads together.</summary>
internal static class RecommendationBenchmark
{
    private const int Items = 50_000;
    private const int Length = 128;
    private const int Top = 100;
    private const int Queries = 60;

    /// <param name="options"><c>--data=FOLDER</c> with the NCF files of MovieLens-1M, for training; <c>--only=NAME</c> of <c>retrieval</c>, <c>als</c>, <c>ease</c>, <c>neumf</c>.</param>
    public static async Task RunAsync(string[] options, CancellationToken cancellationToken)
    {
        var data = Option(options, "--data=");
        var only = Option(options, "--only=");
        if (only is null or "retrieval")
        {
            Retrieval(cancellationToken);
        }

        if (data is null)
        {
            Console.WriteLine("training: needs --data=FOLDER with the NCF files of MovieLens-1M");
            return;
        }

        var (split, _, _) = NcfMovieLensReproduction.Read(data);
        if (only is null or "ease")
        {
            var (seconds, _) = Measure(() => new EaseTrainer(1000).Fit(split.Train, 1, cancellationToken), out var wall);
            Console.WriteLine($"ease            {split.Train.ItemCount} items: {wall:F1} s, {seconds:F1} s of processor, peak {PeakMiB()} MiB (bar 20 s)");
        }

        if (only is null or "als")
        {
            await PeerTraining.AlsAsync(split.Train, cancellationToken);
        }

        if (only is null or "neumf")
        {
            await PeerTraining.NeuMfAsync(split.Train, cancellationToken);
        }
    }

    internal static long PeakMiB() => Process.GetCurrentProcess().PeakWorkingSet64 >> 20;

    /// <returns>Seconds of processor of this process, all threads.</returns>
    internal static (double Seconds, T Result) Measure<T>(Func<T> run, out double wall)
    {
        var (started, before) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var result = run();
        wall = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return ((Environment.CpuUsage.TotalTime - before).TotalSeconds, result);
    }

    private static string? Option(string[] options, string name) => options.FirstOrDefault(option => option.StartsWith(name, StringComparison.Ordinal))?[name.Length..];

    private static void Retrieval(CancellationToken cancellationToken)
    {
        var (vectors, queries) = (Vectors(Items, 1), Vectors(Queries, 2));
        ReadOnlySpan<float> Query(int index) => queries.AsSpan(index * Length, Length);

        // Interleaved: what the machine does meanwhile happens to all.
        var (reads, exacts) = (new double[Queries], new double[Queries]);
        var exact = new ScoredItem[Queries][];
        for (var index = 0; index < Queries; index++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var sum = 0f;
            reads[index] = Measure(() => sum = TensorPrimitives.Sum(vectors), out _).Seconds;
            exacts[index] = Measure(() => exact[index] = TopItems.ByProduct(vectors, Query(index), Top), out _).Seconds;
            GC.KeepAlive(sum);
        }

        Console.WriteLine(
            $"exact           top {Top} of {Items} x {Length}: {1000 * Median(exacts):F2} ms of one core (bar 5 ms), {Median(exacts) / Median(reads):F2} of reading the vectors once ({1000 * Median(reads):F2} ms)");
        var (build, graph) = Measure(() => HnswIndex.Build(vectors, Length, new HnswOptions(), cancellationToken), out _);
        foreach (var width in new[] { 100, 200, 400, 800 })
        {
            var (times, hits) = (new double[Queries], 0);
            for (var index = 0; index < Queries; index++)
            {
                ScoredItem[] found = [];
                times[index] = Measure(() => found = graph.Find(Query(index), Top, width), out _).Seconds;
                hits += found.Select(static item => item.Item).Intersect(exact[index].Select(static item => item.Item)).Count();
            }

            Console.WriteLine(
                $"hnsw            width {width,4}: recall@{Top} {hits / (double)(Queries * Top):F4}, {1000 * Median(times):F3} ms of one core, {Median(times) / Median(exacts):F3} of exact (bars 0.98 and 1 ms)");
        }

        Console.WriteLine($"hnsw            built in {build:F1} s of processor, peak {PeakMiB()} MiB");
    }

    /// <summary>Factors as trained ones are: a few strong directions, many weak ones, lengths that differ by popularity.</summary>
    private static float[] Vectors(int count, int seed)
    {
        var random = new Random(seed);
        var vectors = new float[count * Length];
        for (var row = 0; row < count; row++)
        {
            var length = Math.Exp(0.5 * Normal(random));
            for (var axis = 0; axis < Length; axis++)
            {
                vectors[(row * Length) + axis] = (float)(length * Normal(random) / (1 + (0.2 * axis)));
            }
        }

        return vectors;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static double Median(double[] values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
