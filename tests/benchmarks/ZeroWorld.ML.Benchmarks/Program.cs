using System.Collections.Frozen;
using ZeroWorld.ML.Benchmarks;

var benchmarks = new Dictionary<string, (string Summary, Func<OnlineServer, CancellationToken, Task> Run)>(StringComparer.Ordinal)
{
    ["online-read"] = ("a fraud row by entity ids against one raw pipelined HMGET pair", OnlineReadBenchmark.RunAsync),
    ["feature-read"] = ("50 features in 5 views, both layouts: against raw HMGETs, at half load, in memory", FeatureReadBenchmark.RunAsync),
    ["window-append"] = ("one event appended by the script against one raw HSET of the block", WindowAppendBenchmark.RunAsync),
    ["bulk-append"] = ("the first load of 15,000 entities with 100 events each, and its repeat", BulkAppendBenchmark.RunAsync),
    ["materialize"] = ("a materialization from Parquet against pipelined HSETs of the same bytes", MaterializeBenchmark.RunAsync),
    ["materialize-large"] = ("the same with 1,000,000 entities", MaterializeBenchmark.RunLargeAsync),
    ["stream"] = ("catching up with a Redis stream", StreamBenchmark.RunAsync),
    ["window-kernel"] = ("the aggregates of one block, in process", WindowKernelBenchmark.RunAsync),
}.ToFrozenDictionary(StringComparer.Ordinal);

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
if (args is ["training-set", .. var options])
{
    await TrainingSetBenchmark.RunAsync(options, stop.Token);
    return 0;
}

if (args is ["fraud", .. var fraud])
{
    await FraudBenchmark.RunAsync(fraud, stop.Token);
    return 0;
}

if (args is ["recommendation", .. var training])
{
    await RecommendationBenchmark.RunAsync(training, stop.Token);
    return 0;
}

if (args is ["text", .. var texts])
{
    await TextBenchmark.RunAsync(texts, stop.Token);
    return 0;
}

if (args is ["disguises", .. var disguises])
{
    DisguiseBenchmark.Run(disguises, stop.Token);
    return 0;
}

if (args.Length == 0 || !benchmarks.TryGetValue(args[0], out var benchmark) || args.Skip(1).Any(static option => option is not "--garnet" && !option.StartsWith("--redis=", StringComparison.Ordinal)))
{
    Console.Error.WriteLine("Usage: ZeroWorld.ML.Benchmarks NAME [--garnet | --redis=HOST:PORT]   (default: a redis-server of its own)");
    foreach (var (name, (summary, _)) in benchmarks.OrderBy(static item => item.Key, StringComparer.Ordinal))
    {
        Console.Error.WriteLine($"  {name,-18}{summary}");
    }

    Console.Error.WriteLine("  training-set    a point-in-time training set against ASOF SQL and pandas   (--features=N --spine=N --memory=MiB --rounds=N --only)");
    Console.Error.WriteLine("  fraud           the fit of boosted trees against XGBoost, and the reasons of one row   (--rows=N --only=fit|reasons)");
    Console.Error.WriteLine("  recommendation  retrieval, and training against NumPy and PyTorch   (--data=FOLDER --only=retrieval|ease|als|neumf)");
    Console.Error.WriteLine("  text            fit and score against scikit-learn, text to decision, the moderation stream   (--data=FILE --only=fit|score|stream)");
    Console.Error.WriteLine("  disguises       recall on hidden words in eleven languages   (--sentences=FOLDER --data=FILE --languages=eng,deu --copies=N --texts)");
    return 2;
}

await using var server = await OnlineServer.StartAsync(args[1..], stop.Token);
await benchmark.Run(server, stop.Token);
return 0;
