using System.Text.Json;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Pushes: the producer keeps what was not answered, and pushes it again.</summary>
public sealed class PushFeed : EventFeed
{
    private readonly Dictionary<string, List<string>> _unanswered = [];
    private readonly Dictionary<string, List<(string Event, string Reason)>> _refused = [];

    // Views that take pushes read the same columns; a stream of any kind names them.
    protected override string Kind => "redis";

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public override Task PublishAsync(EventStream stream, IReadOnlyList<string> events, CancellationToken cancellationToken)
    {
        Of(_unanswered, stream).AddRange(events);
        return Task.CompletedTask;
    }

    internal override async Task DrainAsync(DefinitionSet set, IOnlineStore store, StreamCrash? crash, CancellationToken cancellationToken)
    {
        var push = new EventPush(crash is null ? store : new CrashingStore(store, crash), TimeProvider.System);
        var waiting = Of(_unanswered, set.Streams[0]);
        while (waiting.Count > 0)
        {
            var chunk = waiting.Take(25).ToList();

            // What has no columns never becomes a push.
            var readable = chunk.Where(IsReadable).ToList();
            Of(_refused, set.Streams[0]).AddRange(chunk.Except(readable).Select(static item => (item, "no columns")));
            var result = await push.PushAsync(StreamDefinitions.FieldsOf(set), ColumnsOf(set.Streams[0], readable), cancellationToken);
            crash?.Step();
            Of(_refused, set.Streams[0]).AddRange(result.Refused.Select(refused => (readable[refused.Row], refused.Reason)));
            waiting.RemoveRange(0, chunk.Count);
        }
    }

    public override Task<IReadOnlyList<(string Event, string Reason)>> ReadRefusedAsync(EventStream stream, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<(string, string)>>(Of(_refused, stream));

    public override Task<long?> ReadLagAsync(EventStream stream, CancellationToken cancellationToken) => Task.FromResult<long?>(Of(_unanswered, stream).Count);

    private static List<T> Of<T>(Dictionary<string, List<T>> lists, EventStream stream)
    {
        lists.TryAdd(stream.Topic, []);
        return lists[stream.Topic];
    }

    private static bool IsReadable(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("card", out var card) && card.ValueKind is JsonValueKind.Number or JsonValueKind.Null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // Positions are a stream's own; a push gives ids itself, or has none.
    private static List<EventColumn> ColumnsOf(EventStream stream, List<string> events)
    {
        var documents = events.Select(static item => JsonDocument.Parse(item)).ToList();
        return
        [
            .. stream.Columns.Select(column => new EventColumn(column.Name, column.Type, [.. documents.Select(document => ValueOf(document, column))])),
            new EventColumn("__position", FeatureType.String, [.. events.Select(static item => FeatureValue.FromString(item))]),
            new EventColumn("__arrival", FeatureType.Timestamp, [.. documents.Select(document => ValueOf(document, stream.Columns[2]))]),
        ];
    }

    private static FeatureValue ValueOf(JsonDocument document, StreamColumn column)
    {
        if (!document.RootElement.TryGetProperty(column.Field, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return FeatureValue.Null(column.Type);
        }

        return column.Type switch
        {
            FeatureType.Int64 => FeatureValue.FromInt64(value.GetInt64()),
            FeatureType.Timestamp => FeatureValue.FromTimestamp(value.GetInt64()),
            FeatureType.Float64 => FeatureValue.FromFloat64(value.GetDouble()),
            _ => FeatureValue.FromString(value.GetString()!),
        };
    }
}
