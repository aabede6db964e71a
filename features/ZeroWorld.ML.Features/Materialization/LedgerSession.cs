namespace ZeroWorld.ML.Features;

/// <summary>One writer's turn at the ledger of one view.</summary>
/// <remarks>Not thread safe, but for <see cref="ValidUntil"/> and <see cref="IsRenewalDue"/>, which may be asked while a change is under way.</remarks>
internal sealed class LedgerSession
{
    private const int AttemptsMax = 1000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly IMaterializationLedger _store;
    private readonly StorageField _field;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly long _token;
    private long _renewed;

    private LedgerSession(IMaterializationLedger store, StorageField field, TimeProvider time, TimeSpan lease, long token, MaterializationLedger ledger, long validUntil)
    {
        _store = store;
        _field = field;
        _time = time;
        _lease = lease;
        _token = token;
        _renewed = time.GetTimestamp();
        Ledger = ledger;
        ValidUntil = validUntil;
    }

    /// <summary>As it was when this session wrote it last.</summary>
    public MaterializationLedger Ledger { get; private set; }

    /// <summary>Until when writes are good, by the store's clock.</summary>
    public long ValidUntil { get; private set; }

    /// <summary>Whether a third of the lease is over.</summary>
    public bool IsRenewalDue => _time.GetElapsedTime(_renewed) >= _lease / 3;

    /// <summary>Takes a turn, and makes sure that nothing of an older import is in the store, nor can come into it any more.</summary>
    /// <param name="coverage">What the store says it holds.</param>
    /// <param name="arrivedUntil">Of the import that is brought: what arrived later was pushed, and stays.</param>
    public static async Task<LedgerSession> OpenAsync(
        IMaterializationLedger store, StorageField field, TimeProvider time, MaterializationRequest request, string generation, ViewCoverage? coverage, long arrivedUntil,
        CancellationToken cancellationToken)
    {
        var lease = UnixMicroseconds.FromTimeSpan(request.Lease);
        var (token, wait, until) = (0L, 0L, 0L);
        var ledger = await ChangeAsync(
            store, field,
            (known, now) =>
            {
                // Rows without a coverage were cleared by somebody, or are those of a store that was wiped.
                var start = coverage is null && known.Writers.Values.All(writer => writer.Until <= now) ? known with { Generation = null } : known;
                var taken = start.Take(generation, request.Shard, request.Shards, now, lease, out token, out var waitUntil);
                (wait, until) = (waitUntil - now, now + lease);
                return taken;
            },
            cancellationToken).ConfigureAwait(false);
        var session = new LedgerSession(store, field, time, request.Lease, token, ledger, until);
        await session.ClearAsync(generation, coverage, arrivedUntil, wait, cancellationToken).ConfigureAwait(false);
        return session;
    }

    /// <summary>Lengthens the lease when a third of it is over.</summary>
    public async Task RenewAsync(CancellationToken cancellationToken, bool always = false)
    {
        if (always || IsRenewalDue)
        {
            await ChangeAsync(static (ledger, _) => ledger, cancellationToken).ConfigureAwait(false);
        }
    }

    public Task MarkAsync(IEnumerable<int> partitions, LedgerPartition entry, CancellationToken cancellationToken) =>
        ChangeAsync((ledger, _) => ledger.Mark(_token, partitions, entry), cancellationToken);

    public Task LeaveAsync(CancellationToken cancellationToken) => ChangeAsync(_store, _field, (ledger, _) => ledger.Leave(_token), cancellationToken);

    private async Task ClearAsync(string generation, ViewCoverage? coverage, long arrivedUntil, long wait, CancellationToken cancellationToken)
    {
        while (Ledger.Clearing is { } clearing && clearing != _token)
        {
            // Another shard of the same job does it; its turn may end before it has done.
            await Task.Delay(PollInterval, _time, cancellationToken).ConfigureAwait(false);
            await ChangeAsync(
                (ledger, now) => ledger.Clearing is { } other && (!ledger.Writers.TryGetValue(other, out var writer) || writer.Until < now) ? ledger with { Clearing = _token } : ledger,
                cancellationToken).ConfigureAwait(false);
        }

        if (Ledger.Clearing is null)
        {
            return;
        }

        for (var left = TimeSpan.FromMicroseconds(wait); left > TimeSpan.Zero; left -= PollInterval)
        {
            await Task.Delay(left < PollInterval ? left : PollInterval, _time, cancellationToken).ConfigureAwait(false);
            await RenewAsync(cancellationToken).ConfigureAwait(false);
        }

        if (coverage is not null && coverage.Generation != generation)
        {
            await RenewingAsync(_store.ClearAsync(_field, Math.Max(coverage.To, arrivedUntil), cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (coverage?.Generation != generation)
        {
            await _store.WriteCoverageAsync(_field, ViewCoverage.NothingYet(arrivedUntil, generation), cancellationToken).ConfigureAwait(false);
        }

        await ChangeAsync((ledger, _) => ledger.EndClearing(_token), cancellationToken).ConfigureAwait(false);
    }

    private async Task RenewingAsync(Task work, CancellationToken cancellationToken)
    {
        while (await Task.WhenAny(work, Task.Delay(_lease / 3, _time, cancellationToken)).ConfigureAwait(false) != work)
        {
            await RenewAsync(cancellationToken).ConfigureAwait(false);
        }

        await work.ConfigureAwait(false);
    }

    // Every change lengthens the lease too.
    private async Task ChangeAsync(Func<MaterializationLedger, long, MaterializationLedger> change, CancellationToken cancellationToken)
    {
        var lease = UnixMicroseconds.FromTimeSpan(_lease);
        var (started, until) = (_time.GetTimestamp(), 0L);
        Ledger = await ChangeAsync(
            _store, _field,
            (ledger, now) =>
            {
                until = now + lease;
                return change(ledger.Renew(_token, now, lease), now);
            },
            cancellationToken).ConfigureAwait(false);
        (_renewed, ValidUntil) = (started, until);
    }

    private static async Task<MaterializationLedger> ChangeAsync(
        IMaterializationLedger store, StorageField field, Func<MaterializationLedger, long, MaterializationLedger> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var stored = await store.ReadLedgerAsync(field, cancellationToken).ConfigureAwait(false);
            var changed = change(MaterializationLedger.Parse(stored.Text), stored.Now);
            if (await store.TryReplaceLedgerAsync(field, stored.Text, changed.ToText(), cancellationToken).ConfigureAwait(false))
            {
                return changed;
            }
        }

        throw new FeatureException(
            FeatureError.StoreUnavailable, $"The ledger of view '{field.View.Name}' was changed by others {AttemptsMax} times in a row; expected fewer shards. Repeating is safe.");
    }
}
