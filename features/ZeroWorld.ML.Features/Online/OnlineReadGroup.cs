namespace ZeroWorld.ML.Features;

/// <summary>Calls of <see cref="OnlineReadCoalescer"/> that one answer of the store has ended: their callers go on one after another, on one thread, instead of each by a wake-up of its own.</summary>
/// <remarks>
/// Work that each of them would start can be left to the end and done once for all: <see cref="TryDefer"/>.
/// <para>Thread safety: the static member concerns the calling thread only.</para>
/// </remarks>
public sealed class OnlineReadGroup : IThreadPoolWorkItem
{
    // What a caller does next takes some microseconds: more of them than this share the processors. A call of many reads does more than others.
    private const int CallsMax = 12;
    private const int ReadsMax = 64;

    [ThreadStatic]
    private static OnlineReadGroup? _current;

    private readonly List<OnlineReadCall> _calls;
    private readonly int _start;
    private readonly int _end;
    private readonly List<IThreadPoolWorkItem> _deferred = new(1);

    private OnlineReadGroup(List<OnlineReadCall> calls, int start, int end)
    {
        _calls = calls;
        _start = start;
        _end = end;
    }

    /// <summary>Leaves work to the end of the group whose calls go on on this thread: it is executed there then, once, however often it was asked for.</summary>
    /// <returns><see langword="false"/>: this thread is in no group, and the work is not taken.</returns>
    public static bool TryDefer(IThreadPoolWorkItem work)
    {
        if (_current is not { } group)
        {
            return false;
        }

        if (!group._deferred.Contains(work))
        {
            group._deferred.Add(work);
        }

        return true;
    }

    /// <summary>Has threads of the pool tell the callers.</summary>
    /// <param name="calls">Complete; theirs from now on. <see langword="null"/>: none.</param>
    internal static void Tell(List<OnlineReadCall>? calls)
    {
        for (var start = 0; calls is not null && start < calls.Count;)
        {
            var end = start + 1;
            for (var reads = calls[start].Reads; end < calls.Count && end - start < CallsMax && reads + calls[end].Reads <= ReadsMax; end++)
            {
                reads += calls[end].Reads;
            }

            ThreadPool.UnsafeQueueUserWorkItem(new OnlineReadGroup(calls, start, end), preferLocal: false);
            start = end;
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        _current = this;
        try
        {
            for (var index = _start; index < _end; index++)
            {
                _calls[index].Tell();
            }
        }
        finally
        {
            _current = null;
            foreach (var work in _deferred)
            {
                work.Execute();
            }
        }
    }
}
