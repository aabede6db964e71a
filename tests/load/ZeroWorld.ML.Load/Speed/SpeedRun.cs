using System.Diagnostics;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Load;

/// <summary>All measurements of ModelInfer, round by round: whatever else the machine does meets each of them.</summary>
internal sealed class SpeedRun(LoadOptions options, ChildProcess engine, ChildProcess bare, string models) : IDisposable
{
    public const string Argument = "speed";

    public const string Usage = """
        speed: measures ModelInfer of a server in a process of its own, in turns with the least that can answer it, and prints the ratios with their bars.
          --rounds N      interleaved rounds of every measurement, medians are shown (default 5)
          --seconds N     length of each measurement (default 1)
          --warm-up N     seconds of the same before the first round (default 40)
          --only NAME     only the measurements whose names contain this, again and again, for a profiler
          --beside HOST:PORT/PROCESS
                          another server of the models 'small' and 'large' (tests/load writes them into --models), measured in the same rounds
          --models FOLDER keeps the models there
          --json          the result as JSON
        """;

    public const string Engine = "engine";
    public const string Bare = "bare";
    public const string Beside = "beside";
    public const string ClientEcho = "echo 64 .NET";
    public const string ClientSmall = "small 64 .NET";
    public const int EchoInFlight = 64;
    public const int BatchingInFlight = 32;

    /// <summary>Requests of 32 rows in flight: barely enough for two processors, and enough.</summary>
    public const int BatchesFew = 4;
    public const int BatchesEnough = 16;
    private const int TensorsInFlight = 4;
    private readonly SpeedSamples _samples = new();
    private readonly RawSession _tiny = new(SpeedModels.PathOf(models, SpeedModels.Small), 1);
    private readonly RawSession[] _raw = [new(SpeedModels.PathOf(models, SpeedModels.Large), 1), new(SpeedModels.PathOf(models, SpeedModels.Large), Environment.ProcessorCount)];
    private readonly ZeroWorldClient _engineClient = new(engine.Grpc.ToString());
    private readonly ZeroWorldClient _bareClient = new(bare.Grpc.ToString());
    private readonly Process? _beside = options.Beside is null ? null : Process.GetProcessById(options.BesideProcess);

    private static readonly LoadOptions Defaults = new() { WarmUp = TimeSpan.FromSeconds(40) };

    /// <summary>Requests in flight of the table.</summary>
    public static IReadOnlyList<int> InFlights { get; } = [1, 8, 32];

    /// <returns><see langword="null"/> when the command line is not understood.</returns>
    public static LoadOptions? TryParse(ReadOnlySpan<string> arguments) =>
        LoadOptions.TryParse(arguments, Defaults, ["--rounds", "--seconds", "--warm-up", "--only", "--beside", "--models", "--json"]);

    public static async Task<SpeedReport> RunAsync(LoadOptions options)
    {
        using var folder = new TempFolder();
        var models = options.Models ?? Path.Combine(folder.Path, "models");
        SpeedModels.Write(models);
        await using var engine = await ChildProcess.StartAsync([], ModelServerChild.Argument, folder.Path, models);

        // A small heap that is collected in the foreground: what costs the least processor.
        await using var bare = await ChildProcess.StartAsync(
            [new("DOTNET_gcServer", "0"), new("DOTNET_gcConcurrent", "0")], BareServerChild.Argument, models);
        using var run = new SpeedRun(options, engine, bare, models);

        // Code is compiled anew while it runs, for as long as it finds something to do better.
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < options.WarmUp)
        {
            await run.MeasureAsync(isKept: false);
        }

        for (var round = 0; round < options.Rounds; round++)
        {
            await run.MeasureAsync(isKept: true);
            await Console.Error.WriteLineAsync($"round {round + 1} of {options.Rounds}");
        }

        return new SpeedReport(run._samples, options.Rounds, Environment.ProcessorCount, options.Only is null ? await run.MeasureMemoryAsync() : null);
    }

    public void Dispose()
    {
        _tiny.Dispose();
        _engineClient.Dispose();
        _bareClient.Dispose();
        Array.ForEach(_raw, static session => session.Dispose());
        _beside?.Dispose();
    }

    /// <summary>One round.</summary>
    private async Task MeasureAsync(bool isKept)
    {
        _samples.IsKept = isKept;
        foreach (var (model, target) in new[] { (SpeedModels.Small, SpeedRequests.Small), (SpeedModels.Large, SpeedRequests.Large) })
        {
            foreach (var inFlight in InFlights)
            {
                Closed(Engine, $"{model} {inFlight}", target, inFlight);
                Closed(Bare, $"{model} {inFlight}", target, inFlight);
                Closed(Beside, $"{model} {inFlight}", target, inFlight);
            }
        }

        Closed(Bare, "echo 1", SpeedRequests.Echo, 1);
        Closed(Bare, $"echo {EchoInFlight}", SpeedRequests.Echo, EchoInFlight);
        var saturation = Closed(Engine, $"small {EchoInFlight}", SpeedRequests.Small, EchoInFlight);
        await ClientAsync(Bare, ClientEcho, _bareClient, SpeedRequests.EchoMessages);
        await ClientAsync(Engine, ClientSmall, _engineClient, SpeedRequests.SmallMessages);
        Closed(Engine, $"unbatched {BatchingInFlight}", SpeedRequests.Unbatched, BatchingInFlight);
        Closed(Engine, $"batches of rows {BatchesFew}", SpeedRequests.LargeBatch, BatchesFew);
        Closed(Engine, $"batches of rows {BatchesEnough}", SpeedRequests.LargeBatch, BatchesEnough);
        Closed(Engine, "floats", SpeedRequests.Floats, TensorsInFlight);
        Closed(Engine, "strings", SpeedRequests.Strings, TensorsInFlight);
        if (saturation is { PerSecond: var perSecond } && options.Includes("open loop"))
        {
            var open = Loops.Open(engine.Grpc, SpeedRequests.Small, 2, perSecond / 2, options.Seconds);
            _samples.Add(Engine, "open loop", new SpeedSample(open.PerSecond, 0, open.P50 * 1000, open.P99 * 1000));
        }

        if (options.Includes("raw 1") || options.Includes("raw rows"))
        {
            var (tinyRows, tinyTimes) = _tiny.Measure(1, options.Seconds / 2);
            _samples.Add(Bare, "raw 1", new SpeedSample(tinyRows, 0, Loops.Percentile(tinyTimes, 0.5) * 1000, Loops.Percentile(tinyTimes, 0.99) * 1000));
            var best = _raw.Max(session => session.Measure(SpeedRequests.BatchRows, options.Seconds / 2).RowsPerSecond);
            _samples.Add(Bare, "raw rows", new SpeedSample(best, 0, 0, 0));
        }
    }

    private SpeedSample? Closed(string server, string name, GrpcTarget target, int inFlight)
    {
        if (!options.Includes(name) || (server == Beside && _beside is null))
        {
            return null;
        }

        var address = server == Engine ? engine.Grpc : server == Bare ? bare.Grpc : options.Beside!;
        var before = ProcessorTime(server);
        var result = Loops.Closed(address, target, Math.Min(2, inFlight), inFlight, options.Seconds);
        if (result.Failures > 0)
        {
            throw new InvalidOperationException($"{result.Failures} calls of '{name}' to {address} failed.");
        }

        var sample = new SpeedSample(result.PerSecond, (ProcessorTime(server) - before).TotalMicroseconds / result.Latencies.Length, result.P50 * 1000, result.P99 * 1000);
        _samples.Add(server, name, sample);
        return sample;
    }

    /// <summary>The same closed loop through the .NET client.</summary>
    private async Task ClientAsync(string server, string name, ZeroWorldClient client, ModelInferRequest[] messages)
    {
        if (options.Includes(name))
        {
            var before = ProcessorTime(server);
            var started = Stopwatch.GetTimestamp();
            var perSecond = await ClientLoop.MeasureAsync(EchoInFlight, options.Seconds, index => client.Inference.ModelInferAsync(messages[index % messages.Length]).ResponseAsync);
            var answers = perSecond * Stopwatch.GetElapsedTime(started).TotalSeconds;
            _samples.Add(server, name, new SpeedSample(perSecond, (ProcessorTime(server) - before).TotalMicroseconds / answers, double.NaN, double.NaN));
        }
    }

    private TimeSpan ProcessorTime(string server)
    {
        if (server != Beside)
        {
            return server == Engine ? engine.ProcessorTime : bare.ProcessorTime;
        }

        _beside!.Refresh();
        return _beside.TotalProcessorTime;
    }

    /// <summary>What a request allocates, and whether any of it is a large object.</summary>
    private async Task<SpeedMemory> MeasureMemoryAsync()
    {
        var small = await AllocatedAsync(engine, SpeedRequests.Small, BatchingInFlight);
        var limit = await AllocatedAsync(bare, SpeedRequests.Small, BatchingInFlight);
        await engine.AskAsync(ChildMemory.WatchLarge);
        var before = await engine.AskAsync(ChildMemory.Tell);
        await AllocatedAsync(engine, SpeedRequests.LargeBatch, BatchesFew);
        var batches = await engine.AskAsync(ChildMemory.Tell);
        var floats = await AllocatedAsync(engine, SpeedRequests.Floats, TensorsInFlight);
        var middle = await engine.AskAsync(ChildMemory.Tell);
        var strings = await AllocatedAsync(engine, SpeedRequests.Strings, TensorsInFlight);
        var after = await engine.AskAsync(ChildMemory.Tell);
        return new SpeedMemory(
            small, limit, floats, strings, batches.LargeObjects - before.LargeObjects, middle.LargeObjects - batches.LargeObjects, after.LargeObjects - middle.LargeObjects);
    }

    /// <returns>Bytes per answered request.</returns>
    private async Task<double> AllocatedAsync(ChildProcess server, GrpcTarget target, int inFlight)
    {
        var before = await server.AskAsync(ChildMemory.Tell);
        var result = Loops.Closed(server.Grpc, target, 2, inFlight, options.Seconds);
        var after = await server.AskAsync(ChildMemory.Tell);
        return (double)(after.AllocatedBytes - before.AllocatedBytes) / result.Latencies.Length;
    }
}
