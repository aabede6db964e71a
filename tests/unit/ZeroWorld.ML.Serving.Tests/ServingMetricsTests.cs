using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ServingMetricsTests
{
    [Fact]
    public async Task Instruments_AnswersAndRefusals_AreRecordedWithTheModelTheyAreOf()
    {
        var seen = new ConcurrentBag<(string Instrument, string Tags)>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "ZeroWorld.ML.Serving")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        void Record<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
        {
            var texts = new List<string>();
            foreach (var (key, tag) in tags)
            {
                texts.Add($"{key}={tag}");
            }

            seen.Add((instrument.Name, string.Join(' ', texts)));
        }

        listener.SetMeasurementEventCallback<double>(Record);
        listener.SetMeasurementEventCallback<long>(Record);
        listener.Start();
        await using var host = new ServingHost();
        await host.StartAsync();

        // A version number that no other test uses: the meter is the process's.
        host.Register(4711);
        await host.Servables.RefreshAsync(ServingHost.Cancellation);
        var answer = await host.Predictions.PredictAsync(ServingHost.Request(), ServingHost.Cancellation);
        answer.Answered.Finish();
        await Assert.ThrowsAsync<ServingException>(() => host.Predictions.PredictAsync(
            new PredictionRequest { Model = "fraud", Entities = [] }, ServingHost.Cancellation).AsTask());

        const string Model = "project=default model.name=fraud model.version=4711";
        Assert.Contains(("zeroworld.serving.backend.duration", Model), seen);
        Assert.Contains(("zeroworld.serving.batch.size", Model), seen);
        Assert.Contains(("zeroworld.serving.refusal", $"{Model} request.kind=predict error.type=invalid_input"), seen);

        var statistics = host.Models.GetStatistics("fraud", "4711").Single().Statistics;
        Assert.Equal([0L, 0L, 0L, 1L], statistics.Refusals);
        Assert.All(statistics.Predictions, static histogram => Assert.Equal(1, histogram.Count));
        Assert.Equal(statistics.Predictions[^1].Nanoseconds, statistics.Predictions.SkipLast(1).Sum(static histogram => histogram.Nanoseconds), 9.0);
    }
}
