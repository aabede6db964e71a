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
/// <param name="log">Keeps the decisions; an item that comes again is kept again. <see langword="null"/>: nobody does.</param>
public sealed class ModerationWorker(ModerationEngine engine, IWorkStream stream, string prefix, TimeProvider time, IDecisionLog? log = null)
{
    private const int BatchItems = 256;

    private static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(1);

    private readonly TextWorkspace _workspace = new();
    private long? _counted;

    /// <summary>The streams that a worker with this prefix writes.</summary>
    public static IReadOnlyList<string> StreamsOf(string prefix) => [DecisionsOf(prefix), ReviewOf(prefix), DeadOf(prefix)];

    /// <summary>Takes and finishes one batch.</summary>
    /// <param name="wait">How long to wait for a first entry.</param>
    /// <returns>Entries that were taken, and those of them that took effect.</returns>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: try again; what was not finished comes again.</exception>
    public async Task<(int Taken, int Finished)> RunBatchAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var entries = await stream.TakeAsync(BatchItems, wait, cancellationToken).ConfigureAwait(false);
        var count = 0;
        if (entries.Count > 0)
        {
            var outcomes = Process(entries);
            var finished = await stream.FinishAsync([.. outcomes.Select(static outcome => outcome.Result)], cancellationToken).ConfigureAwait(false);
            for (var place = 0; place < outcomes.Length; place++)
            {
                // What had its effect before, here or at another worker, was counted there.
                if (finished[place])
                {
                    count++;
                    ModerationMetrics.Finished(outcomes[place].Decision, time.GetUtcNow() - entries[place].Arrived);
                }
            }
        }

        if (_counted is not { } last || time.GetElapsedTime(last) >= CountInterval)
        {
            _counted = time.GetTimestamp();
            var (waiting, taken) = await stream.CountAsync(cancellationToken).ConfigureAwait(false);
            ModerationMetrics.Waiting(waiting, taken);
        }

        return (entries.Count, count);
    }

    private Outcome[] Process(IReadOnlyList<WorkEntry> entries)
    {
        var outcomes = new Outcome[entries.Count];
        var (places, items) = (new List<int>(entries.Count), new List<(string Offset, ModerationItem Item)>(entries.Count));
        for (var place = 0; place < entries.Count; place++)
        {
            if (ModerationItem.TryParse(entries[place].Body, out var reason) is { } item)
            {
                places.Add(place);
                items.Add((entries[place].Id, item));
            }
            else
            {
                outcomes[place] = new Outcome(new WorkResult(entries[place].Id, "", [Dead(entries[place], reason, BeginningOf(entries[place]))]), null);
            }
        }

        var decisions = engine.DecideAll(items, _workspace, log);
        for (var place = 0; place < items.Count; place++)
        {
            outcomes[places[place]] = OutcomeOf(entries[places[place]], items[place].Item, decisions[place]);
        }

        return outcomes;
    }

    private Outcome OutcomeOf(WorkEntry entry, ModerationItem item, ModerationDecision decision)
    {
        var outputs = new List<(string, ReadOnlyMemory<byte>)> { (DecisionsOf(prefix), Json(decision)) };
        if (decision.Action == "review")
        {
            var review = Json(new ReviewCase(entry.Id, item.Id, item.Text, item.Language, item.Surface, decision) { IsExclusive = engine.Model.IsExclusive });
            outputs.Add(review.Length <= stream.OutputBytesMax
                ? (ReviewOf(prefix), review)
                : Dead(entry, $"the item is for review, but its case has {review.Length} bytes; the stream takes {stream.OutputBytesMax}", item.Text[..Math.Min(item.Text.Length, DeadLetter.ItemLengthMax)]));
        }

        return new Outcome(new WorkResult(entry.Id, item.Id, outputs), decision);
    }

    private static string DecisionsOf(string prefix) => $"{prefix}:decisions";

    /// <summary>The stream of a worker's review cases.</summary>
    internal static string ReviewOf(string prefix) => $"{prefix}:review";

    private static string DeadOf(string prefix) => $"{prefix}:dead";

    private static string BeginningOf(WorkEntry entry) => Encoding.UTF8.GetString(entry.Body.Span[..Math.Min(entry.Body.Length, DeadLetter.ItemLengthMax)]);

    private (string Stream, ReadOnlyMemory<byte> Body) Dead(WorkEntry entry, string reason, string item) =>
        (DeadOf(prefix), Json(new DeadLetter(entry.Id, reason, item, time.GetUtcNow())));

    private static ReadOnlyMemory<byte> Json<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, ModerationJson.Options);

    /// <param name="Decision"><see langword="null"/> for a poison item.</param>
    private readonly record struct Outcome(WorkResult Result, ModerationDecision? Decision);
}
