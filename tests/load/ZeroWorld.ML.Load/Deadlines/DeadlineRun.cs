using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Inference;
using ZeroWorld.ML.Client;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Load;

/// <summary>How late a refusal comes, counted from the end of the time that its request had: of requests that wait behind long runs, or run themselves for longer than they may.</summary>
internal static class DeadlineRun
{
    public const string Argument = "deadlines";

    public const string Usage = """
        deadlines [COUNT]: sends COUNT (default 300) requests per kind, each with little time, to a model that is kept busy, and prints how late after that time the refusals come.
        """;

    private const int BusyRequests = 4;
    private const int ChunkRequests = 50;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(25);
    private static readonly Uri InferPath = new("/inference.GRPCInferenceService/ModelInfer", UriKind.Relative);

    public static async Task<DeadlineReport> RunAsync(int count)
    {
        using var folder = new TempFolder();
        var models = Path.Combine(folder.Path, "models");
        SpeedModels.Write(models);
        await using var server = await ChildProcess.StartAsync([], ModelServerChild.Argument, folder.Path, models);
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler) { BaseAddress = server.Grpc };
        using var stop = new CancellationTokenSource();

        // Runs of some milliseconds, one behind another.
        var busy = Enumerable.Range(0, BusyRequests).Select(index => KeepBusyAsync(client, index, stop.Token)).ToArray();
        var random = new Random(3);
        string[] kinds = ["grpc-timeout", "timeout"];
        var lateness = kinds.ToDictionary(static kind => kind, static _ => new List<double>());

        // Code is compiled anew while it runs, here and there, by threads that take the processors for milliseconds.
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < WarmUp)
        {
            await MeasureAsync(client, random, kinds[0], ChunkRequests);
            await MeasureAsync(client, random, kinds[1], ChunkRequests);
        }

        // In turns: whatever else the machine does meets both.
        for (var done = 0; done < count; done += ChunkRequests)
        {
            foreach (var kind in kinds)
            {
                lateness[kind].AddRange(await MeasureAsync(client, random, kind, Math.Min(ChunkRequests, count - done)));
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(busy);
        return new DeadlineReport(lateness.ToDictionary(static pair => pair.Key, static pair => pair.Value.Order().ToArray()), count);
    }

    private static async Task KeepBusyAsync(HttpClient client, int index, CancellationToken cancellationToken)
    {
        for (var next = index; !cancellationToken.IsCancellationRequested; next++)
        {
            await SendAsync(client, SpeedRequests.LargeBatch.Messages[next % SpeedRequests.LargeBatch.Messages.Length], null);
        }
    }

    /// <returns>Milliseconds after the end, of those that were refused for it.</returns>
    private static async Task<List<double>> MeasureAsync(HttpClient client, Random random, string kind, int count)
    {
        var late = new List<double>();
        for (var index = 0; index < count; index++)
        {
            var timeout = TimeSpan.FromMicroseconds(random.Next(300, 4000));
            var isHeader = kind == "grpc-timeout";
            var frame = Frame(index, isHeader ? null : timeout);
            var started = Stopwatch.GetTimestamp();
            var status = await SendAsync(client, frame, isHeader ? timeout : null);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (status == "4")
            {
                late.Add((elapsed - timeout).TotalMilliseconds);
            }
        }

        return late;
    }

    private static byte[] Frame(int seed, TimeSpan? timeout)
    {
        var request = new ModelInferRequest { ModelName = SpeedModels.Large };
        InferTensorCodec.AddInput(request, Float32Tensor.Create("x", [1, SpeedModels.LargeSizes[0]], SpeedRequests.Values(seed, SpeedModels.LargeSizes[0])));
        if (timeout is { } left)
        {
            request.Parameters["timeout"] = new InferParameter { Int64Param = (long)left.TotalMicroseconds };
        }

        return GrpcTarget.ToFrame(request.ToByteArray());
    }

    /// <returns>The status of the call.</returns>
    private static async Task<string> SendAsync(HttpClient client, byte[] frame, TimeSpan? timeout)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, InferPath) 
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(frame),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (timeout is { } left)
        {
            request.Headers.Add("grpc-timeout", string.Create(CultureInfo.InvariantCulture, $"{(long)left.TotalMicroseconds}u"));
        }

        using var response = await client.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();
        var status = response.Headers.TryGetValues("grpc-status", out var values) || response.TrailingHeaders.TryGetValues("grpc-status", out values) ? values.First() : "none";
        return status is "0" or "4" ? status : throw new InvalidOperationException($"A call ended with the status {status}.");
    }
}
