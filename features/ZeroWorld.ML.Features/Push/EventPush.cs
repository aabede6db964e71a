namespace ZeroWorld.ML.Features;

/// <summary>Brings events that a source pushes to every view of its table, in the online store.</summary>
/// <remarks>
/// An event counts once: pushing it again changes nothing, so a push that failed half-way is repeated as it was. Rows are checked before anything is
/// written, for all views; a wrong row is refused and the others are taken. Where the source declares no created time, or the push leaves it out, an
/// event is created when it arrives here. Events of a deleted entity from before its deletion are refused.
/// <para>Thread safe.</para>
/// </remarks>
public sealed class EventPush(IOnlineStore store, TimeProvider time, ErasureList? erasures = null)
{
    /// <summary>Events of all pushes that are under way: further ones are refused, not queued.</summary>
    public const int EventsInFlightMax = 400_000;

    private int _eventsInFlight;

    /// <param name="fields">The stored forms of the views of one table: one or more.</param>
    /// <param name="columns">Source columns of equal length; those that no view reads are not looked at.</param>
    /// <param name="cancellationToken">Ends the push; what was written stays.</param>
    /// <exception cref="FeatureException">
    /// <see cref="FeatureError.InvalidInput"/>: a column is missing, given twice, of the wrong type or length; nothing was written.
    /// <see cref="FeatureError.StoreUnavailable"/>: repeat the push. <see cref="FeatureError.Overloaded"/>: too many events are under way; repeat it later.
    /// </exception>
    public async Task<EventPushResult> PushAsync(
        IReadOnlyList<StorageField> fields, IReadOnlyList<EventColumn> columns, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(fields);
        var table = new EventTable(columns);
        try
        {
            return Interlocked.Add(ref _eventsInFlight, table.Rows) <= EventsInFlightMax
                ? await PushAsync(fields, table, cancellationToken).ConfigureAwait(false)
                : throw new FeatureException(
                    FeatureError.Overloaded, $"More than {EventsInFlightMax} pushed events are under way; expected this push of {table.Rows} later, or in smaller parts.");
        }
        finally
        {
            Interlocked.Add(ref _eventsInFlight, -table.Rows);
        }
    }

    private async Task<EventPushResult> PushAsync(IReadOnlyList<StorageField> fields, EventTable table, CancellationToken cancellationToken)
    {
        var arrival = UnixMicroseconds.FromDateTimeOffset(time.GetUtcNow());
        var writers = fields.Select(field => new ViewEvents(field, table, erasures?.Of(field.View.Project) ?? Erasures.None, arrival)).ToArray();
        var refused = new List<RefusedEvent>();
        for (var row = 0; row < table.Rows; row++)
        {
            // All views or none: an event that one of them cannot take is not half there.
            if (writers.Select(writer => writer.FindFault(row)).FirstOrDefault(static fault => fault is not null) is { } fault)
            {
                refused.Add(new RefusedEvent(row, fault));
                continue;
            }

            foreach (var writer in writers)
            {
                writer.Add(row);
            }
        }

        foreach (var writer in writers)
        {
            await writer.WriteAsync(store, cancellationToken).ConfigureAwait(false);
        }

        return new EventPushResult(table.Rows - refused.Count, refused);
    }
}
