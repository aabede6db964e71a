namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Makes the rows of a training set: groups of blocks in the order of the spine, each by one of several threads from the spine to the bytes of the file.</summary>
/// <param name="groupBytesMax">Texts and lists that a group holds before its last block.</param>
internal sealed class TrainingRows(TrainingSetRequest request, SpineTable spine, TrainingOutput output, IReadOnlyList<TrainingWorker> workers, long groupBytesMax)
{
    /// <param name="times">Of the rows of the range, where they are known; <see langword="null"/>: they are read.</param>
    /// <param name="cells">Per column of the service the cells of its view.</param>
    /// <param name="took">Called for each block, in the order of the rows, by one thread at a time.</param>
    public void Run(DuckDbSession session, SpineRange range, NativeArray<long>? times, ViewCells?[] cells, Action<TrainingBlock> took, CancellationToken cancellationToken)
    {
        // Alone: a reader of what several of the engine's threads make looks for work again and again while it waits for them.
        using var alone = session.LimitThreads(1);
        using var rows = new RangeRows(session, spine, range, TrainingBlock.SpineColumns(request, spine), times is null, cancellationToken);
        var reader = new SpineReader(rows, times, new BlockRoom(workers[0].Blocks[0].SpineTexts, request.Plan.Service.Columns, cells), groupBytesMax);
        var turns = new Turns();
        Parallelism.Run(workers.Count, index =>
        {
            var worker = workers[index];
            try
            {
                while (reader.Fill(worker) is >= 0 and var number)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    worker.Complete(cells);
                    turns.Wait(number);
                    foreach (var block in worker.Filled)
                    {
                        took(block);
                    }

                    output.Place(worker.Group);
                    turns.Done();
                    output.Write(worker.Group);
                }
            }
            catch
            {
                turns.Stop();
                throw;
            }
        });
    }

    /// <summary>The spine's rows, for one thread after the other.</summary>
    private sealed class SpineReader(RangeRows rows, NativeArray<long>? times, BlockRoom room, long groupBytesMax)
    {
        private readonly Lock _lock = new();
        private long _groups;
        private int _done;
        private int _from;
        private int _count;

        /// <returns>The number of the group; -1: there are no more rows.</returns>
        public long Fill(TrainingWorker worker)
        {
            lock (_lock)
            {
                worker.Clear();
                var bytes = 0L;
                foreach (var block in worker.Blocks.TakeWhile(_ => bytes < groupBytesMax))
                {
                    block.Clear(_done);
                    room.Clear();
                    while ((_from < _count || Read()) && block.Take(rows.Vectors, _from, times is null ? default : times.Span, room) is > 0 and var count)
                    {
                        (_from, _done) = (_from + count, _done + count);
                    }

                    if (block.Count == 0)
                    {
                        break;
                    }

                    bytes += room.Bytes;
                    worker.Filled.Add(block);
                }

                return worker.Filled.Count == 0 ? -1 : _groups++;
            }
        }

        private bool Read()
        {
            var isThere = rows.Read();
            (_from, _count) = (0, isThere ? rows.Vectors.Count : 0);
            return isThere;
        }
    }

    /// <summary>The rows of a range, slice by slice.</summary>
    private sealed class RangeRows(
        DuckDbSession session, SpineTable spine, SpineRange range, IReadOnlyList<string> columns, bool withTimes, CancellationToken cancellationToken) : IDisposable
    {
        private readonly Queue<SourceSlice> _slices = new(SourceSlice.Join(spine.SlicesOf(range)));
        private SpineRows? _rows;

        /// <summary>The rows at hand.</summary>
        public DuckDbChunk Vectors => _rows!.Vectors;

        public bool Read()
        {
            while (_rows?.Read() != true)
            {
                if (_slices.Count == 0)
                {
                    return false;
                }

                _rows?.Dispose();
                _rows = spine.Read(session, _slices.Dequeue(), columns, withTimes, cancellationToken);
            }

            return true;
        }

        public void Dispose() => _rows?.Dispose();
    }
}
