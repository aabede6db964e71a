namespace ZeroWorld.ML.Features;

/// <summary>One writer's turn at the ledger of one view.</summary>
/// <remarks>Not thread safe, but for <see cref="ValidUntil"/> and <see cref="IsRenewalDue"/>, which may be asked while a change is under way.</remarks>
internal sealed class LedgerSession
{
    private const int AttemptsMax = 1000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    // Longer than leases differ.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan SuccessorPatience = TimeSpan.FromSeconds(3);

    private readonly IMaterializationLedger _store;
    private readonly StorageField _field;
    private readonly TimeProvider _time;
    private readonly TimeSpan _lease;
    private readonly long _token;
    private readonly IReadOnlyList<StoreServer> _servers;
    private long _renewed;
    private long _mark;

    private LedgerSession(
        IMaterializationLedger store, StorageField field, TimeProvider time, TimeSpan lease, IReadOnlyList<StoreServer> servers, long token, MaterializationLedger ledger, long validUntil)
    {
        _store = store;
        _field = field;
        _time = time;
        _lease = lease;
        _servers = servers;
        _token = token;
        _renewed = time.GetTimestamp();
        Ledger = ledger;
        ValidUntil = validUntil;
    }

    /// <summary>As it was when this session wrote it last.</summary>
    public MaterializationLedger Ledger { get; private set; }

    /// <summary>What the store says it holds; what it held before may be gone.</summary>
    public ViewCoverage? Coverage { get; private set; }

    /// <summary>Until when writes are good, by the store's clock.</summary>
    public long ValidUntil { get; private set; }

    /// <summary>The store's clock when the lease was made longer last.</summary>
    public long Now => ValidUntil - UnixMicroseconds.FromTimeSpan(_lease);

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
        var (token, wait, until, mark, lost) = (0L, 0L, 0L, 0L, false);
        var servers = await store.ReadServersAsync(field, cancellationToken).ConfigureAwait(false);
        var ledger = await ChangeAsync(
            store, field,
            async (stored, now) =>
            {
                // After the ledger: what another shard marks meanwhile is in neither or in both.
                var marks = await store.ReadMarksAsync(field, stored.Places, cancellationToken).ConfigureAwait(false);
                var known = stored.WithoutLost(marks);
                (lost, mark) = (known.Partitions.Count < stored.Partitions.Count, stored.Places.Count == 0 ? 0 : marks.Max());

                // Rows without a coverage were cleared by somebody, or are those of a store that was wiped.
                var start = coverage is null && known.Writers.Values.All(writer => writer.Until <= now) ? known with { Generation = null } : known;
                var taken = start.Take(generation, request.Shard, request.Shards, request.Writer, now, lease, out token, out var waitUntil);
                (wait, until) = (waitUntil - now, now + lease);
                ThrowIfClockWasSetBack(field, now, waitUntil, lease);
                return taken;
            },
            cancellationToken).ConfigureAwait(false);
        // Slots may have moved since: what lies where servers were marked before is asked for too, so it gets the new marks.
        var marked = ledger.Places.Except(servers.Select(static server => server.Place)).Select(static place => new StoreServer(place, Run: ""));
        var session = new LedgerSession(store, field, time, request.Lease, [.. servers, .. marked], token, ledger, until) { Coverage = coverage, _mark = mark };
        if (lost && coverage is { IsReadable: true } held && held.Generation == generation)
        {
            // Readable again when what is gone has been brought again.
            session.Coverage = ViewCoverage.NothingYet(held.To, generation);
            await store.WriteCoverageAsync(field, session.Coverage, cancellationToken).ConfigureAwait(false);
        }

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

    /// <summary>Enters partitions all of whose rows are acknowledged.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: also when a server that acknowledged them was started again since.</exception>
    public async Task MarkAsync(IReadOnlyCollection<int> partitions, LedgerPartition entry, CancellationToken cancellationToken)
    {
        // Greater than every one before, those among them that no ledger tells of any more: time has gone on since.
        _mark = Math.Max(_mark + 1, Now);
        await CheckServersAsync(partitions, cancellationToken).ConfigureAwait(false);
        var marked = entry with { Mark = _mark };
        await ChangeAsync((ledger, _) => ledger.Mark(_token, partitions, marked, _servers.Select(static server => server.Place)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The store may be read.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: also when a server was started again since the session began.</exception>
    public async Task CoverAsync(ViewCoverage coverage, CancellationToken cancellationToken)
    {
        await CheckServersAsync([], cancellationToken).ConfigureAwait(false);
        await _store.WriteCoverageAsync(_field, coverage, cancellationToken).ConfigureAwait(false);
        Coverage = coverage;
    }

    public Task LeaveAsync(CancellationToken cancellationToken) => ChangeAsync(_store, _field, (ledger, _) => ledger.Leave(_token), cancellationToken);

    /// <summary>Whether another writer came in the place of this one, where a failure may come from having stood still for so long that its turn and its connection ended.</summary>
    /// <returns>Who and when, as a whole sentence; <see langword="null"/>: nobody, or the store does not answer.</returns>
    public async Task<string?> FindSuccessorAsync(CancellationToken cancellationToken)
    {
        var deadline = _time.GetElapsedTime(_renewed) >= _lease ? SuccessorPatience : TimeSpan.Zero;
        for (var started = _time.GetTimestamp(); ;)
        {
            try
            {
                return MaterializationLedger.Parse((await _store.ReadLedgerAsync(_field, cancellationToken).ConfigureAwait(false)).Text).DescribeSuccessor(_token);
            }
            catch (FeatureException exception) when (exception.Error == FeatureError.StoreUnavailable)
            {
                // The connection of a process that stood still is made anew; what the caller has met already is told if it does not come back.
                if (_time.GetElapsedTime(started) >= deadline)
                {
                    return null;
                }
            }

            await Task.Delay(PollInterval, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>No lease is that long: by the store's clock a writer has its turn for hours, and its rows would be taken until then.</summary>
    private static void ThrowIfClockWasSetBack(StorageField field, long now, long until, long lease)
    {
        if (until - now > lease + UnixMicroseconds.FromTimeSpan(ClockTolerance))
        {
            throw new FeatureException(
                FeatureError.StoreUnavailable,
                $"The clock of the online store says {UnixMicroseconds.ToText(now)}, and a materialization of an older import of view '{field.View.Name}' has its turn until {UnixMicroseconds.ToText(until)}: "
                + "the clock was set back since, and until then rows of the old import could come among those of the new one. Set the clock right and repeat this; or, where no such run is alive any more, "
                + $"delete the field '{field.Name}' of 'z1:{field.View.Project}:ledger' in the store.");
        }
    }

    private async Task CheckServersAsync(IReadOnlyCollection<int> partitions, CancellationToken cancellationToken)
    {
        if (!await _store.TryMarkAsync(_field, _servers, partitions, _mark, ValidUntil, cancellationToken).ConfigureAwait(false))
        {
            throw new FeatureException(
                FeatureError.StoreUnavailable,
                $"A server of the online store was started again, or another took its place, while view '{_field.View.Name}' was materialized: what it had acknowledged may be gone. "
                + "Run it again: it goes on behind what is there for certain.");
        }
    }

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
            Coverage = ViewCoverage.NothingYet(arrivedUntil, generation);
            await _store.WriteCoverageAsync(_field, Coverage, cancellationToken).ConfigureAwait(false);
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

    private static Task<MaterializationLedger> ChangeAsync(
        IMaterializationLedger store, StorageField field, Func<MaterializationLedger, long, MaterializationLedger> change, CancellationToken cancellationToken) =>
        ChangeAsync(store, field, (ledger, now) => Task.FromResult(change(ledger, now)), cancellationToken);

    private static async Task<MaterializationLedger> ChangeAsync(
        IMaterializationLedger store, StorageField field, Func<MaterializationLedger, long, Task<MaterializationLedger>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var stored = await store.ReadLedgerAsync(field, cancellationToken).ConfigureAwait(false);
            var changed = await change(MaterializationLedger.Parse(stored.Text), stored.Now).ConfigureAwait(false);
            if (await store.TryReplaceLedgerAsync(field, stored.Text, changed.ToText(), cancellationToken).ConfigureAwait(false))
            {
                return changed;
            }
        }

        throw new FeatureException(
            FeatureError.StoreUnavailable, $"The ledger of view '{field.View.Name}' was changed by others {AttemptsMax} times in a row; expected fewer shards. Repeating is safe.");
    }
}
