using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The reads of one call, sent as one pipeline; none is touched after the call has ended.</summary>
/// <remarks>
/// One server answers in the order of the commands, so when the last answer is there all are: one continuation takes them all, instead of one per command.
/// Servers of a cluster answer independently; there what has come is answered as it comes, so that a slow shard delays only what lies on it.
/// </remarks>
internal sealed class RedisMultiGet(IDatabase database, bool isCluster)
{
    private readonly Lock _lock = new();
    private bool _isClosed;

    /// <summary>Sends the reads and answers them. Returns when all are answered, failed, or out of time; those then still pending are failed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask ReadAsync(
        IReadOnlyList<OnlineRead> reads, Func<IReadOnlyList<StorageField>, RedisReadPlan> getPlan, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var sent = new Sent[reads.Count];
        for (var index = 0; index < sent.Length; index++)
        {
            sent[index] = Send(reads[index], getPlan(reads[index].Fields));
        }

        try
        {
            if (isCluster)
            {
                await AnswerAllAsync(sent).WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
                return;
            }

            var last = sent[^1].Last;
            await last.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (last.IsCompleted && Array.Exists(sent, static read => !read.IsCompleted))
            {
                // Not by the server's order: the last one could not be sent, and others could.
                await WhenAllAsync(sent).WaitAsync(timeout, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            Answer(sent);
        }
        catch (TimeoutException)
        {
            // Those that have no answer fail below.
        }
        finally
        {
            Close(reads);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Both commands are written before either is awaited.</summary>
    private Sent Send(OnlineRead read, RedisReadPlan plan) => new(
        read,
        plan,
        plan.RowFields.Length == 0 ? null : Get(RedisKeys.Rows(read.Entity), plan.RowFields),
        plan.WindowFields.Length == 0 ? null : Get(RedisKeys.Windows(read.Entity), plan.WindowFields));

    private Task<RedisValue[]> Get(RedisKey key, RedisValue[] fields)
    {
        try
        {
            // For a shard that is down the client asks another one and follows its redirection to the dead one, where the command waits for the
            // next attempt to connect. So redirections are followed here.
            var values = database.HashGetAsync(key, fields, CommandFlags.NoRedirect);
            return isCluster ? FollowAsync(values, key, fields) : values;
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            return Task.FromException<RedisValue[]>(exception);
        }
    }

    private async Task<RedisValue[]> FollowAsync(Task<RedisValue[]> values, RedisKey key, RedisValue[] fields)
    {
        try
        {
            return await values.ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.Contains("MOVED", StringComparison.Ordinal))
        {
            // The client has learned where the slot lies now. If that server is not there, this fails as the first time.
            return await database.HashGetAsync(key, fields, CommandFlags.NoRedirect).ConfigureAwait(false);
        }
        catch (RedisConnectionException exception) when (exception.Message.StartsWith("Endpoint is not reachable", StringComparison.Ordinal))
        {
            // What the client makes of ASK, the redirection while a slot is moving between two servers that are there.
            return await database.HashGetAsync(key, fields).ConfigureAwait(false);
        }
    }

    private Task AnswerAllAsync(Sent[] sent)
    {
        var answered = new Task[sent.Length];
        for (var index = 0; index < sent.Length; index++)
        {
            answered[index] = AnswerAsync(sent, index);
        }

        return Task.WhenAll(answered);
    }

    private static Task WhenAllAsync(Sent[] sent)
    {
        var all = new Task[sent.Length];
        for (var index = 0; index < sent.Length; index++)
        {
            all[index] = sent[index].All;
        }

        return Task.WhenAll(all);
    }

    /// <summary>Answers a read when it is there, and with it all others that are there by then: a shard's answers come in one piece.</summary>
    private async Task AnswerAsync(Sent[] sent, int index)
    {
        await sent[index].All.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (sent[index].Read.State == OnlineReadState.Pending)
        {
            Answer(sent);
        }
    }

    /// <param name="sent">Those whose commands have completed, well or not, are answered, all at once; the others stay.</param>
    private void Answer(Sent[] sent)
    {
        var reads = new OnlineRead[sent.Length];
        var payloads = new IReadOnlyList<ReadOnlyMemory<byte>?>?[sent.Length];
        var count = 0;
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            foreach (var item in sent)
            {
                if (item.IsCompleted && item.Read.State == OnlineReadState.Pending)
                {
                    reads[count] = item.Read;
                    payloads[count++] = Assemble(item);
                }
            }

            OnlineRead.Answer(reads.AsSpan(0, count), payloads.AsSpan(0, count));
        }
    }

    /// <returns><see langword="null"/>: unavailable.</returns>
    private static ReadOnlyMemory<byte>?[]? Assemble(in Sent sent)
    {
        try
        {
            // Completed, both of them: nothing is waited for, and an error comes as itself.
            return sent.Plan.Assemble(
                sent.Rows is null ? [] : sent.Rows.GetAwaiter().GetResult(), sent.Windows is null ? [] : sent.Windows.GetAwaiter().GetResult());
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            return null;
        }
    }

    /// <summary>Fails what is pending; after this no read is touched by an answer that comes late.</summary>
    private void Close(IReadOnlyList<OnlineRead> reads)
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        foreach (var read in reads)
        {
            if (read.State == OnlineReadState.Pending)
            {
                read.Fail();
            }
        }
    }

    private readonly record struct Sent(OnlineRead Read, RedisReadPlan Plan, Task<RedisValue[]>? Rows, Task<RedisValue[]>? Windows)
    {
        public Task All => Task.WhenAll(Rows ?? Task.CompletedTask, Windows ?? Task.CompletedTask);

        public Task Last => Windows ?? Rows ?? Task.CompletedTask;

        public bool IsCompleted => (Rows?.IsCompleted ?? true) && (Windows?.IsCompleted ?? true);
    }
}
