namespace ZeroWorld.ML.Features;

/// <summary>What is to be done with events that were read together: which go to the views, which to the dead letters.</summary>
/// <remarks>Pure: the same events, read at the same moment, give the same.</remarks>
internal sealed class StreamBatch
{
    private readonly List<ViewEvents> _views;

    private StreamBatch(List<ViewEvents> views, IReadOnlyList<EventColumn> columns, IReadOnlyList<DeadLetter> deadLetters, long newestEvent)
    {
        _views = views;
        Columns = columns;
        DeadLetters = deadLetters;
        NewestEvent = newestEvent;
    }

    /// <summary>The accepted events: the stream's columns, then arrival and position.</summary>
    public IReadOnlyList<EventColumn> Columns { get; }

    /// <summary>The others.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters { get; }

    /// <summary>The newest event time of those accepted; <see cref="long.MinValue"/> without any.</summary>
    public long NewestEvent { get; }

    public int Accepted => Columns[0].Values.Count;

    /// <param name="stream">What the events are of.</param>
    /// <param name="decoder">Reads them.</param>
    /// <param name="fields">The stored forms of the views that take them.</param>
    /// <param name="events">As they were read.</param>
    /// <param name="now">Microseconds since the epoch.</param>
    public static StreamBatch Of(EventStream stream, JsonEventDecoder decoder, IReadOnlyList<StorageField> fields, IReadOnlyList<StreamEvent> events, long now)
    {
        var width = stream.Columns.Count;
        var all = new List<FeatureValue>[width + 2];
        for (var index = 0; index < all.Length; index++)
        {
            all[index] = new List<FeatureValue>(events.Count);
        }

        var (decoded, arrivals, dead) = (new List<StreamEvent>(events.Count), new List<long>(events.Count), new List<DeadLetter>());
        var values = new FeatureValue[width];
        foreach (var item in events)
        {
            if ((decoder.Decode(item.Value.Span, values) ?? FindArrivalFault(item.Arrival)) is { } fault)
            {
                dead.Add(new DeadLetter(item, fault));
                continue;
            }

            for (var index = 0; index < width; index++)
            {
                all[index].Add(values[index]);
            }

            all[width].Add(FeatureValue.FromTimestamp(item.Arrival));
            all[width + 1].Add(FeatureValue.FromString(IdOf(stream, item)));
            decoded.Add(item);
            arrivals.Add(item.Arrival);
        }

        var columns = Name(stream, all);
        var table = new EventTable(columns);
        // A deleted entity's events are no dead letters, which would keep what was deleted: its tombstone in the online store and the list of deletions leave them out.
        var views = fields.Select(field => new ViewEvents(field, table, Erasures.None, now, arrivals)).ToList();
        var accepted = new List<int>(decoded.Count);
        var newest = long.MinValue;
        for (var row = 0; row < decoded.Count; row++)
        {
            // All views or none: an event that one of them cannot take is not half there.
            if (FindFault(views, row) is { } fault)
            {
                dead.Add(new DeadLetter(decoded[row], fault));
                continue;
            }

            accepted.Add(row);
            foreach (var view in views)
            {
                newest = Math.Max(newest, view.Add(row));
            }
        }

        return new StreamBatch(views, accepted.Count == decoded.Count ? columns : Pick(columns, accepted), dead, newest);
    }

    /// <summary>Brings the accepted events online. Repeating it changes nothing.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: repeat it.</exception>
    public async Task WriteAsync(IOnlineStore store, CancellationToken cancellationToken)
    {
        foreach (var view in _views)
        {
            await view.WriteAsync(store, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What identifies an event for views without an id of their own. With the arrival, since a topic that is made anew counts from the beginning.</summary>
    internal static string IdOf(EventStream stream, in StreamEvent item) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{stream.Topic}/{item.Position}@{item.Arrival}");

    // The archive keeps the arrival beside the event, whatever views there are, and a table with such a time would be refused whole.
    private static string? FindArrivalFault(long arrival) => UnixMicroseconds.IsOfCalendar(arrival)
        ? null
        : $"The broker says that it came at {UnixMicroseconds.ToText(arrival)}; expected {UnixMicroseconds.ExpectedTime}, in microseconds since the epoch.";

    private static string? FindFault(List<ViewEvents> views, int row)
    {
        foreach (var view in views)
        {
            if (view.FindFault(row) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private static EventColumn[] Name(EventStream stream, List<FeatureValue>[] values) =>
    [
        .. stream.Columns.Select((column, index) => new EventColumn(column.Name, column.Type, values[index])),
        new EventColumn(EventStream.ArrivalColumn, FeatureType.Timestamp, values[^2]),
        new EventColumn(EventStream.PositionColumn, FeatureType.String, values[^1]),
    ];

    private static EventColumn[] Pick(EventColumn[] columns, List<int> rows) =>
        [.. columns.Select(column => column with { Values = [.. rows.Select(row => column.Values[row])] })];
}
