namespace ZeroWorld.ML.Serving;

/// <summary>Timers by their time, of which each can be taken out: most of them end before it comes. Not thread safe.</summary>
internal sealed class TimerHeap
{
    private PreciseTimer?[] _timers = new PreciseTimer?[16];
    private int _count;

    public PreciseTimer? First => _count > 0 ? _timers[0] : null;

    /// <param name="timer">In no heap.</param>
    public void Add(PreciseTimer timer, long due)
    {
        if (_count == _timers.Length)
        {
            Array.Resize(ref _timers, _count * 2);
        }

        timer.Due = due;
        Rise(timer, _count++);
    }

    /// <summary>Does nothing for one that is in no heap.</summary>
    public void Remove(PreciseTimer timer)
    {
        var place = timer.Place;
        if (place < 0)
        {
            return;
        }

        timer.Place = -1;
        var last = _timers[--_count]!;
        _timers[_count] = null;
        if (last != timer)
        {
            Sink(last, place);
            Rise(last, last.Place);
        }
    }

    private void Rise(PreciseTimer timer, int place)
    {
        while (place > 0 && _timers[(place - 1) / 2] is { } parent && parent.Due > timer.Due)
        {
            Put(parent, place);
            place = (place - 1) / 2;
        }

        Put(timer, place);
    }

    private void Sink(PreciseTimer timer, int place)
    {
        while ((2 * place) + 1 is var child && child < _count)
        {
            if (child + 1 < _count && _timers[child + 1]!.Due < _timers[child]!.Due)
            {
                child++;
            }

            if (_timers[child]!.Due >= timer.Due)
            {
                break;
            }

            Put(_timers[child]!, place);
            place = child;
        }

        Put(timer, place);
    }

    private void Put(PreciseTimer timer, int place)
    {
        _timers[place] = timer;
        timer.Place = place;
    }
}
