using Google.Protobuf;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Load;

/// <summary>Models on a GPU, served and raw.</summary>
internal static class GpuRun
{
    public const string Argument = "gpu";

    public const string Usage = """
        gpu: measures ModelInfer of models on a GPU, one row per request, beside ONNX Runtime in one process with whole batches.
          --device D      cuda:N, or cpu to try the program (default cuda:0)
          --seconds N     length of each measurement (default 2)
          --in-flight N   requests in flight (default 256)
          --connections N connections that share them (default 4)
          --instances A,B execution contexts of each model, one measurement for each (default 1,2)
          --padding A,B   sizes in rows that runs are brought to (default none)
          --only NAME     only the models whose names contain this
          --json          the result as JSON
        """;

    private const int BatchRowsMax = 128;
    private const string Path = "/inference.GRPCInferenceService/ModelInfer";
    private static readonly LoadOptions Defaults = new() { Seconds = 2, InFlight = 256, Connections = 4, Instances = [1, 2] };

    /// <returns><see langword="null"/> when the command line is not understood.</returns>
    public static LoadOptions? TryParse(ReadOnlySpan<string> arguments) => LoadOptions.TryParse(
        arguments, Defaults, ["--device", "--seconds", "--in-flight", "--connections", "--instances", "--padding", "--only", "--json"]);

    public static async Task<GpuReport> RunAsync(LoadOptions options)
    {
        var samples = new List<GpuSample>();
        foreach (var (name, shape, outputs, make) in GpuModels.All.Where(model => options.Includes(model.Name)))
        {
            var model = make();
            using (var raw = new GpuRawSession(model, shape, outputs, options.Device))
            {
                foreach (var (rows, callers) in new[] { (1, 1), (32, 1), (BatchRowsMax, 1), (BatchRowsMax, 2), (BatchRowsMax, 4) })
                {
                    var (perSecond, milliseconds) = raw.Measure(rows, callers, options.Seconds / 2);
                    samples.Add(new GpuSample(name, $"raw {rows} x {callers}", perSecond, milliseconds, 0, 0));
                }
            }

            foreach (var instances in options.Instances)
            {
                samples.AddRange(await ServeAsync(options, name, model, shape, instances));
                await Console.Error.WriteLineAsync($"{name}, {instances} instances");
            }
        }

        return new GpuReport(options.Device, Environment.ProcessorCount, options.InFlight, samples);
    }

    private static async Task<List<GpuSample>> ServeAsync(LoadOptions options, string name, byte[] model, int[] shape, int instances)
    {
        using var folder = new TempFolder();
        var models = folder.Combine("models");
        var version = Directory.CreateDirectory(System.IO.Path.Combine(models, name, "1"));
        await File.WriteAllBytesAsync(System.IO.Path.Combine(version.FullName, "model.onnx"), model);
        var padding = options.Padding.Count > 0 ? $"padding: {{ rows: [{string.Join(", ", options.Padding)}] }}\n" : "";
        await File.WriteAllTextAsync(System.IO.Path.Combine(models, name, "model.yaml"), $"device: {options.Device}\nbatch_rows_max: {BatchRowsMax}\ninstances: {instances}\n{padding}");
        await using var server = await ChildProcess.StartAsync([], ModelServerChild.Argument, folder.Path, models);
        var target = new GrpcTarget(Path, [.. Enumerable.Range(0, 32).Select(seed => GrpcTarget.ToFrame(Message(name, shape, seed)))]);

        // Code is compiled, and every size of batch is met once, before anything counts.
        Loops.Closed(server.Grpc, target, options.Connections, options.InFlight, options.Seconds);
        return [Closed($"served {instances}", options.InFlight), Closed($"served {instances}, 1", 1)];

        GpuSample Closed(string way, int inFlight)
        {
            var before = server.ProcessorTime;
            var result = Loops.Closed(server.Grpc, target, Math.Min(inFlight, options.Connections), inFlight, options.Seconds);
            return result.Failures == 0
                ? new GpuSample(name, way, result.PerSecond, result.P50, result.P99, (server.ProcessorTime - before).TotalMicroseconds / result.Latencies.Length)
                : throw new InvalidOperationException($"{result.Failures} calls of '{name}' failed.");
        }
    }

    private static byte[] Message(string name, int[] shape, int seed)
    {
        var request = new ModelInferRequest { ModelName = name };
        InferTensorCodec.AddInput(request, Float32Tensor.Create("x", [1, .. shape.Select(static size => (long)size)], SpeedRequests.Values(seed, shape.Aggregate(1, static (product, size) => product * size))));
        return request.ToByteArray();
    }
}
