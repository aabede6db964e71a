using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The reads of one call, sent as one pipeline; none is touched after the call has ended.</summary>
/// <remarks>
/// One server answers in the order of the commands, so when the last answer is there all are: one continuation takes them all, instead of one per command.
/// Servers of a cluster answer independently; there what has come is answered as it comes, so that a slow shard delays only what lies on it.
/// </remarks>
internal sealed class RedisMultiGet(IDatabase database, bool isCluster)
{
    private const string Command = "HMGET";
    private const int StackMax = 128;
    private readonly Lock _lock = new();
    private bool _isClosed;

    // Of the command that is being sent: the client is done with them when it has been.
    private RedisKeyOrValue[] _arguments = [];

    /// <summary>Sends the reads and answers them. Returns when all are answered, failed, or out of time; those then still pending are failed.</summary>
    /// <returns><see langword="false"/>: a server did not answer in time.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<bool> ReadAsync(
        IReadOnlyList<OnlineRead> reads, Func<IReadOnlyList<StorageField>, RedisReadPlan> getPlan, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var sent = new Sent[reads.Count];
        for (var index = 0; index < sent.Length; index++)
        {
            sent[index] = Send(reads[index], getPlan(reads[index].Fields));
        }

        var isAnswered = true;
        try
        {
            if (isCluster)
            {
                await AnswerAllAsync(sent).WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
                return true;
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
            isAnswered = false;
        }
        finally
        {
            Close(reads);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return isAnswered;
    }

    /// <summary>Both commands are written before either is awaited.</summary>
    private Sent Send(OnlineRead read, RedisReadPlan plan) => new(
        read,
        plan,
        plan.RowFields.Length == 0 ? null : Get(RedisKeys.Rows(read.Entity), plan.RowFields),
        plan.WindowFields.Length == 0 ? null : Get(RedisKeys.Windows(read.Entity), plan.WindowFields));

    private Task Get(RedisKey key, RedisValue[] fields)
    {
        try
        {
            // For a shard that is down the client asks another one and follows its redirection to the dead one, where the command waits for the
            // next attempt to connect. So redirections are followed here.
            var values = database.ExecuteRespAsync(Command, Arguments(key, fields), CommandFlags.NoRedirect);
            return isCluster ? FollowAsync(values, key, fields) : values;
        }
        catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
        {
            return Task.FromException<RespResult>(exception);
        }
    }

    private ReadOnlyMemory<RedisKeyOrValue> Arguments(RedisKey key, RedisValue[] fields)
    {
        var count = fields.Length + 1;
        if (_arguments.Length < count)
        {
            _arguments = new RedisKeyOrValue[count];
        }

        _arguments[0] = key;
        for (var index = 0; index < fields.Length; index++)
        {
            _arguments[index + 1] = fields[index];
        }

        return _arguments.AsMemory(0, count);
    }

    private async Task<RedisHashAnswer> FollowAsync(Task<RespResult> values, RedisKey key, RedisValue[] fields)
    {
        try
        {
            return new RedisHashAnswer(await values.ConfigureAwait(false));
        }
        catch (RedisServerException exception) when (exception.Message.Contains("MOVED", StringComparison.Ordinal))
        {
            // The client has learned where the slot lies now. If that server is not there, this fails as the first time.
            return new RedisHashAnswer(await database.HashGetAsync(key, fields, CommandFlags.NoRedirect).ConfigureAwait(false));
        }
        catch (RedisConnectionException exception) when (exception.Message.StartsWith("Endpoint is not reachable", StringComparison.Ordinal))
        {
            // What the client makes of ASK, the redirection while a slot is moving between two servers that are there.
            // An answer that is leased does not outlive that way.
            return new RedisHashAnswer(await database.HashGetAsync(key, fields).ConfigureAwait(false));
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
        lock (_lock)
        {
            if (_isClosed)
            {
                return;
            }

            var (count, bytes) = (0, 0);
            Span<int> ended = sent.Length <= StackMax ? stackalloc int[StackMax] : new int[sent.Length];
            for (var index = 0; index < sent.Length; index++)
            {
                if (sent[index].IsCompleted && sent[index].Read.State == OnlineReadState.Pending)
                {
                    ended[count++] = index;
                    bytes += sent[index].CountBytes();
                }
            }

            if (count == 0)
            {
                return;
            }

            // One copy out of the client's buffers, for all of them into one piece.
            var memory = OnlineReadMemory.Rent(bytes, count);
            var target = memory.Bytes;
            for (var index = 0; index < count; index++)
            {
                ref readonly var item = ref sent[ended[index]];
                reads[index] = item.Read;
                payloads[index] = item.Assemble(ref target);
                if (payloads[index] is null)
                {
                    memory.Release();
                }
            }

            OnlineRead.Answer(reads.AsSpan(0, count), payloads.AsSpan(0, count), memory);
        }
    }

    /// <summary>Fails what is pending, which ran out of time; after this no read is touched by an answer that comes late.</summary>
    private void Close(IReadOnlyList<OnlineRead> reads)
    {
        lock (_lock)
        {
            _isClosed = true;
        }

        foreach (var read in reads)
        {
            if (read.State != OnlineReadState.Pending)
            {
                continue;
            }

            // One server is the store. A shard is not, however many of the reads lie on it.
            if (isCluster)
            {
                read.Fail();
            }
            else
            {
                read.FailSilent();
            }
        }
    }

    /// <param name="Rows">A task of what <see cref="RedisHashAnswer.Of"/> takes.</param>
    /// <param name="Windows">Likewise.</param>
    private readonly record struct Sent(OnlineRead Read, RedisReadPlan Plan, Task? Rows, Task? Windows)
    {
        public Task All => Task.WhenAll(Rows ?? Task.CompletedTask, Windows ?? Task.CompletedTask);

        public Task Last => Windows ?? Rows ?? Task.CompletedTask;

        public bool IsCompleted => (Rows?.IsCompleted ?? true) && (Windows?.IsCompleted ?? true);

        /// <summary>Bytes of its payloads; 0 when there are none. Only when completed.</summary>
        public int CountBytes() => CountBytes(Rows) + CountBytes(Windows);

        /// <summary>Copies its payloads out and lets go of the client's buffers. Only when completed, once.</summary>
        /// <returns><see langword="null"/>: unavailable.</returns>
        public ReadOnlyMemory<byte>?[]? Assemble(ref Memory<byte> target)
        {
            try
            {
                // Completed, both of them: nothing is waited for, and an error comes as itself.
                using var rows = RedisHashAnswer.Of(Rows);
                using var windows = RedisHashAnswer.Of(Windows);
                return Plan.Assemble(rows, windows, ref target);
            }
            catch (Exception exception) when (RedisFailure.IsUnavailable(exception))
            {
                return null;
            }
        }

        private static int CountBytes(Task? task) => task is { IsCompletedSuccessfully: true } ? RedisHashAnswer.Of(task).CountBytes() : 0;
    }
}
