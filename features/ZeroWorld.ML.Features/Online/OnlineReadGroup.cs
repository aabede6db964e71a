namespace ZeroWorld.ML.Features;

/// <summary>Calls of <see cref="OnlineReadCoalescer"/> that one answer of the store has ended: their callers go on one after another, on one thread, instead of each by a wake-up of its own.</summary>
/// <remarks>
/// Work that each of them would start can be left to the end and done once for all: <see cref="TryDefer"/>.
/// <para>Thread safety: the static member concerns the calling thread only.</para>
/// </remarks>
public sealed class OnlineReadGroup : IThreadPoolWorkItem
{
    // What a caller does next takes some microseconds: more of them than this share the processors. A call of many reads does more than others.
    private const int CallsMax = 32;
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
        var start = 0;
        while (calls is not null && start < calls.Count)
        {
            var group = Take(calls, ref start);
            ThreadPool.UnsafeQueueUserWorkItem(group, preferLocal: false);
        }
    }

    /// <summary>Tells the last group of callers on this thread, which has nothing else to do, and has threads of the pool tell the others meanwhile.</summary>
    /// <param name="calls">Complete; theirs from now on. <see langword="null"/>: none.</param>
    /// <param name="isPoolBusy">Whether those threads have other work before them: then all callers are one group, since nobody would get to them sooner.</param>
    internal static void TellHere(List<OnlineReadCall>? calls, bool isPoolBusy)
    {
        if (calls is not null && isPoolBusy)
        {
            new OnlineReadGroup(calls, 0, calls.Count).Execute();
            return;
        }

        var start = 0;
        while (calls is not null && start < calls.Count)
        {
            var group = Take(calls, ref start);
            if (start == calls.Count)
            {
                group.Execute();
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(group, preferLocal: false);
            }
        }
    }

    public void Execute()
    {
        var outer = _current;
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
            _current = outer;
            foreach (var work in _deferred)
            {
                work.Execute();
            }
        }
    }

    /// <param name="start">The first call that no group has; afterwards the first that is not in this one either.</param>
    private static OnlineReadGroup Take(List<OnlineReadCall> calls, ref int start)
    {
        var first = start++;
        for (var reads = calls[first].Reads; start < calls.Count && start - first < CallsMax && reads + calls[start].Reads <= ReadsMax; start++)
        {
            reads += calls[start].Reads;
        }

        return new OnlineReadGroup(calls, first, start);
    }
}
