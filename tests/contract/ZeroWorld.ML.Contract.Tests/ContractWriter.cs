namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Gives events to an online store as writers do: quarantine, encoding, trim by the newest event, coverage last.</summary>
internal sealed class ContractWriter(IOnlineStore store, StorageField field, long? newest = null)
{
    private long _newest = newest ?? long.MinValue;
    private long _arrived = long.MinValue;

    public async Task WriteAsync(IReadOnlyList<ContractEvent> events, CancellationToken cancellationToken)
    {
        var skew = UnixMicroseconds.FromTimeSpan(field.View.Source.AllowedSkew);
        var accepted = events.Where(recorded => !recorded.Key.IsNull && recorded.Event - recorded.Created <= skew).ToList();
        if (accepted.Count == 0)
        {
            return;
        }

        _newest = Math.Max(_newest, accepted.Max(static recorded => recorded.Event));
        _arrived = Math.Max(_arrived, accepted.Max(static recorded => recorded.Arrival));
        if (field.View is WindowedView windowed)
        {
            var trim = _newest - UnixMicroseconds.FromTimeSpan(windowed.Retention);
            await store.AppendEventsAsync(field, [.. accepted.GroupBy(IdOf).Select(group => Append(group, trim))], trim, cancellationToken);
        }
        else
        {
            await store.WriteRowsAsync(field, [.. accepted.Select(Row)], cancellationToken);
        }
    }

    public Task CompleteAsync(CancellationToken cancellationToken) =>
        store.WriteCoverageAsync(field, new ViewCoverage(long.MinValue, _arrived), cancellationToken);

    private EntityId IdOf(ContractEvent recorded) =>
        new(field.View.Project, field.View.Entity.Name, EntityKeyCodec.Encode(field.View.Entity, [recorded.Key]));

    private WindowAppend Append(IGrouping<EntityId, ContractEvent> events, long trim)
    {
        var builder = new WindowBlockBuilder(field);
        foreach (var recorded in events)
        {
            builder.Add(recorded.Event, recorded.Created, recorded.Id, events.Key.Key, [.. field.View.StoredColumns.Select(recorded.ValueOf)]);
        }

        return new WindowAppend(events.Key, builder.Build(trim));
    }

    private OnlineRowWrite Row(ContractEvent recorded) => new(
        IdOf(recorded),
        OnlineRowCodec.Encode(field, recorded.Event, recorded.Created, [.. field.View.StoredColumns.Select(recorded.ValueOf)]));
}
