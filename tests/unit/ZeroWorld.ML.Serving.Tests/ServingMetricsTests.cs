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
        await host.Predictions.PredictAsync(ServingHost.Request(), ServingHost.Cancellation);
        await Assert.ThrowsAsync<ServingException>(() => host.Predictions.PredictAsync(
            new PredictionRequest { Model = "fraud", Entities = [] }, ServingHost.Cancellation).AsTask());

        const string Model = "project=default model.name=fraud model.version=4711";
        Assert.Contains(("zeroworld.serving.request.duration", $"{Model} request.kind=predict"), seen);
        Assert.Contains(("zeroworld.serving.feature.duration", Model), seen);
        Assert.Contains(("zeroworld.serving.queue.duration", Model), seen);
        Assert.Contains(("zeroworld.serving.backend.duration", Model), seen);
        Assert.Contains(("zeroworld.serving.batch.size", Model), seen);
        Assert.Contains(("zeroworld.serving.refusal", $"{Model} request.kind=predict error.type=invalid_input"), seen);
    }
}
