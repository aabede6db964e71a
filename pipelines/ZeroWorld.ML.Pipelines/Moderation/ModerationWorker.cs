using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>Decides about the entries of a work stream: decisions, review cases and dead letters go to streams beside it.</summary>
/// <remarks>
/// One worker per process and name; any number of them share a group. The streams are <c>PREFIX:decisions</c>, <c>PREFIX:review</c> and <c>PREFIX:dead</c>. A batch is taken
/// when the one before it is finished, so that what waits stays in the stream. An item id is decided once, as long as the stream remembers it.
/// </remarks>
/// <param name="prefix">Of the output streams.</param>
public sealed class ModerationWorker(ModerationEngine engine, IWorkStream stream, string prefix, TimeProvider time)
{
    private const int BatchItems = 256;

    private readonly TextWorkspace _workspace = new();

    /// <summary>Takes and finishes one batch.</summary>
    /// <param name="wait">How long to wait for a first entry.</param>
    /// <returns>Entries that were taken, and those of them that took effect.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: try again; what was not finished comes again.</exception>
    public async Task<(int Taken, int Finished)> RunBatchAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var entries = await stream.TakeAsync(BatchItems, wait, cancellationToken).ConfigureAwait(false);
        if (entries.Count == 0)
        {
            return (0, 0);
        }

        WorkResult[] results = [.. entries.Select(Process)];
        var finished = await stream.FinishAsync(results, cancellationToken).ConfigureAwait(false);
        foreach (var entry in entries)
        {
            ModerationMetrics.Behind(time.GetUtcNow() - entry.Arrived);
        }

        return (entries.Count, finished.Count(static took => took));
    }

    private WorkResult Process(WorkEntry entry)
    {
        if (ModerationItem.TryParse(entry.Body, out var reason) is not { } item)
        {
            ModerationMetrics.Refused();
            var text = Encoding.UTF8.GetString(entry.Body.Span[..Math.Min(entry.Body.Length, DeadLetter.ItemLengthMax)]);
            return new WorkResult(entry.Id, "", [($"{prefix}:dead", Json(new DeadLetter(entry.Id, reason, text, time.GetUtcNow())))]);
        }

        var decision = engine.Decide(item, entry.Id, _workspace);
        ModerationMetrics.Decided(decision);
        var outputs = new List<(string, ReadOnlyMemory<byte>)> { ($"{prefix}:decisions", Json(decision)) };
        if (decision.Action == "review")
        {
            outputs.Add(($"{prefix}:review", Json(new ReviewCase(entry.Id, item.Id, item.Text, item.Language, item.Surface, decision))));
        }

        return new WorkResult(entry.Id, item.Id, outputs);
    }

    private static ReadOnlyMemory<byte> Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, ModerationJson.Options);
}
