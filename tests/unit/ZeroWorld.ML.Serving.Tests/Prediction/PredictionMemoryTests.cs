using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>The memory of reads and of answers is used again by the next request: nobody may see another one's values in it.</summary>
public sealed class PredictionMemoryTests : IAsyncDisposable
{
    private const int AmountColumn = 0;
    private const int ChannelColumn = 1;
    private const int LimitColumn = 3;
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task Release_ManyCallersOfWhomSomeGoOrKeepTheirAnswers_EachHasAndLogsItsOwnFeatures()
    {
        const int Callers = 16;
        const int Rounds = 60;
        await _host.StartAsync();
        for (var caller = 0; caller < Callers; caller++)
        {
            _host.PutProfile(caller, limit: caller, isVip: false);
        }

        var kept = new ConcurrentQueue<(PredictionResult Result, int Caller, int Round)>();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(caller), Cancellation))).WaitAsync(Cancellation);
        await _host.PredictionLog.FlushAsync(Cancellation);

        Assert.Equal(0, _host.PredictionLog.DroppedRows);
        Assert.Equal(Callers * (Rounds / 6), kept.Count);
        Assert.All(kept, static item => AssertOwn(item.Result, item.Caller, item.Round));
        Assert.True(_host.LogFiles.Rows >= Callers * Rounds / 2);
        Assert.All(_host.LogFiles.Files.Values, AssertOwnRows);

        async Task CallAsync(int caller)
        {
            for (var round = 0; round < Rounds; round++)
            {
                using var leaving = new CancellationTokenSource();
                var predicting = _host.Predictions.PredictAsync(MakeRequest(caller, round), round % 3 == 1 ? leaving.Token : Cancellation).AsTask();
                if (round % 3 == 1)
                {
                    // It may have its answer by now: what matters is what the others see.
                    await leaving.CancelAsync();
                    await ((Task)predicting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    continue;
                }

                var result = await predicting;
                AssertOwn(result, caller, round);
                await Task.Yield();
                AssertOwn(result, caller, round);
                if (round % 6 == 0)
                {
                    kept.Enqueue((result, caller, round));
                }
                else
                {
                    result.Release();
                }
            }
        }
    }

    [Fact]
    public async Task PredictAsync_StoreAnswersReadsWhoseCallersWentOnWithout_OtherAnswersStayTheirOwn()
    {
        await _host.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        for (var customer = 0; customer < 32; customer++)
        {
            _host.PutProfile(customer, limit: customer, isVip: false);
        }

        // Their time is over before the store answers; their memory goes back to be used by those who come after them.
        _host.Store.Gate = gate.Task;
        var late = await Task.WhenAll(Enumerable.Range(0, 16).Select(customer => PredictAsync(MakeRequest(customer, 0, ServingHost.Noon.AddMilliseconds(20)))));
        await _host.PredictionLog.FlushAsync(Cancellation);
        Assert.All(late, static result => Assert.Equal(FeatureStatus.Unavailable, result.FeatureCells.Span[LimitColumn].Status));
        foreach (var result in late)
        {
            result.Release();
        }

        var waiting = Enumerable.Range(16, 16).Select(customer => PredictAsync(MakeRequest(customer, 0))).ToList();
        gate.SetResult();
        var results = await Task.WhenAll(waiting).WaitAsync(Cancellation);

        for (var index = 0; index < results.Length; index++)
        {
            AssertOwn(results[index], 16 + index, 0);
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private Task<PredictionResult> PredictAsync(PredictionRequest request) => _host.Predictions.PredictAsync(request, Cancellation).AsTask();

    /// <summary>One to three rows, which need arrays of different lengths.</summary>
    private static PredictionRequest MakeRequest(int caller, int round, DateTimeOffset? deadline = null) => new()
    {
        Model = "fraud",
        Entities = [ServingHost.Ids("customer_id", caller), ServingHost.Ids("terminal_id", 2)],
        Request =
        [
            ServingHost.Amounts([.. Enumerable.Range(0, 1 + (round % 3)).Select(row => AmountOf(caller, round, row))]),
            new RequestColumn("channel", FeatureType.String, new[] { FeatureValue.FromString(ChannelOf(caller, round)) }),
        ],
        Deadline = deadline,
    };

    private static double AmountOf(int caller, int round, int row) => (caller * 10_000) + (round * 10) + row;

    private static string ChannelOf(int caller, int round) => string.Create(CultureInfo.InvariantCulture, $"{caller}-{round}");

    private static void AssertOwn(PredictionResult result, int caller, int round)
    {
        Assert.Equal(1 + (round % 3), result.Rows);
        var columns = result.FeatureColumns.Count;
        for (var row = 0; row < result.Rows; row++)
        {
            var cells = result.FeatureCells.Span.Slice(row * columns, columns);
            Assert.Equal(AmountOf(caller, round, row), cells[AmountColumn].Value.AsFloat64());
            Assert.Equal(ChannelOf(caller, round), cells[ChannelColumn].Value.AsString());
            Assert.Equal((FeatureStatus.Present, caller), (cells[LimitColumn].Status, cells[LimitColumn].Value.AsFloat64()));
        }
    }

    /// <summary>The request is logged from memory of its own, the features from memory that is used again.</summary>
    private static void AssertOwnRows(IReadOnlyList<SinkColumn> columns)
    {
        var (numbers, rows) = (Get<double?[]>("feature_values"), Get<int>("row"));
        var (texts, requests, entities) = (Get<string?[]>("feature_texts"), Get<string>("request"), Get<string>("entities"));
        Assert.NotEmpty(rows);
        for (var index = 0; index < rows.Length; index++)
        {
            using var request = JsonDocument.Parse(requests[index]);
            using var keys = JsonDocument.Parse(entities[index]);
            Assert.Equal(request.RootElement.GetProperty("amount").GetDouble(), numbers[index][AmountColumn]);
            Assert.Equal(request.RootElement.GetProperty("channel").GetString(), texts[index][ChannelColumn]);
            Assert.Equal(keys.RootElement.GetProperty("customer_id").GetDouble(), numbers[index][LimitColumn]);
        }

        T[] Get<T>(string name) => (T[])columns.Single(column => column.Name == name).Values;
    }
}
