using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes the blocks of a training set into its file while the next ones are made.</summary>
/// <remarks>
/// An engine of its own takes the blocks as they come, so that rows are encoded once and stored nowhere else. For one thread, which is the one that the store
/// starts for a build: it may be blocked, since the engine's calls block too.
/// </remarks>
internal sealed class TrainingOutput : IDisposable
{
    /// <summary>A row group of 122,880 rows, and two blocks: one is made and one is read while a row group is encoded.</summary>
    public const int BlocksMax = (ParquetFile.GroupRows / ColumnBuffer.BlockRows) + 2;

    private const string Function = "training_rows";
    private const int GroupRowsMin = 4 * DuckDbVectors.RowsMax;

    // One thread encodes, and the others wait for it: a quarter less time is worth two hundredths more bytes.
    private const int PackingLevel = 1;

    private readonly DuckDbSession _session;
    private readonly BlockFunction _function;
    private readonly BlockingCollection<TrainingBlock> _free = [];
    private readonly BlockingCollection<TrainingBlock> _full = [];
    private readonly CancellationTokenSource _ended;
    private readonly string _path;
    private readonly string _temporary;
    private readonly LateText _card;
    private readonly Task _writing;
    private TrainingBlock? _read;

    /// <param name="path">The file, Parquet or, by its name, Arrow.</param>
    /// <param name="blocks">Two or more, which are used again and again.</param>
    /// <param name="cardBytesMax">Room for the card, which is known when all rows are.</param>
    public TrainingOutput(ParquetOfflineOptions options, string path, IReadOnlyList<TrainingBlock> blocks, int cardBytesMax, CancellationToken cancellationToken)
    {
        _path = path;
        _temporary = ParquetFile.TemporaryPathOf(path);
        _card = new LateText(cardBytesMax);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        foreach (var block in blocks)
        {
            _free.Add(block, CancellationToken.None);
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        _session = new DuckDbSession(options, options.OutputMiB, threads: 1);
        _function = new BlockFunction(_session, Function, blocks[0].Buffers, Next);
        // A row group is held as rows, then as pages, plain and packed.
        var groupRows = (options.OutputMiB << 20) / 6 / (blocks[0].Buffers.Length * (sizeof(long) + 1)) / DuckDbVectors.RowsMax * DuckDbVectors.RowsMax;
        _writing = Task.Run(() => WriteAsync((int)Math.Clamp(groupRows, GroupRowsMin, ParquetFile.GroupRows)), CancellationToken.None);
    }

    /// <summary>An empty block to fill.</summary>
    /// <exception cref="FeatureException">Writing stopped: the disk is full.</exception>
    public TrainingBlock Rent()
    {
        try
        {
            var block = _free.Take(_ended.Token);
            block.Clear();
            return block;
        }
        catch (OperationCanceledException)
        {
            // What ended the writing, or the caller did. Blocks for a moment only: writing is what ended.
            _writing.GetAwaiter().GetResult();
            throw;
        }
    }

    /// <summary>Hands over a full block, which is whoever's <see cref="Rent"/> comes later.</summary>
    public void Write(TrainingBlock block) => _full.Add(block, CancellationToken.None);

    /// <summary>Waits until every block is written, then makes the file and its card visible.</summary>
    public void Complete(Func<string> cardOf, string cardPath)
    {
        _full.CompleteAdding();

        // Blocks as every call of the engine does: a training set is built on a thread of its own (DuckDbOfflineStore).
        _writing.GetAwaiter().GetResult();
        var (card, temporaryCard) = (cardOf(), ParquetFile.TemporaryPathOf(cardPath));
        try
        {
            if (ArrowFile.IsName(_path))
            {
                _card.FillSchema(_temporary, card);
            }
            else
            {
                _card.FillFooter(_temporary, card);
            }

            File.WriteAllText(temporaryCard, card + "\n");
            File.Move(_temporary, _path, overwrite: true);
            File.Move(temporaryCard, cardPath, overwrite: true);
        }
        catch
        {
            File.Delete(temporaryCard);
            throw;
        }
    }

    public void Dispose()
    {
        // Where blocks are missing the engine stops, and takes its half of a file away; what it says of that is not news.
        // Waited for, since its memory and its file are taken away next.
        _ended.Cancel();
        Task.WhenAny(_writing).GetAwaiter().GetResult();
        File.Delete(_temporary);
        _function.Dispose();
        _session.Dispose();
        _free.Dispose();
        _full.Dispose();
        _ended.Dispose();
    }

    private (IReadOnlyList<ColumnBuffer> Columns, int Rows) Next()
    {
        if (_read is not null)
        {
            _free.Add(_read, CancellationToken.None);
        }

        _read = _full.TryTake(out var block, Timeout.Infinite, _ended.Token) ? block : null;
        return _read is null ? ([], 0) : (_read.Buffers, _read.Count);
    }

    private async Task WriteAsync(int groupRows)
    {
        try
        {
            var metadata = (TrainingSetCard.Key, _card.Placeholder);
            if (ArrowFile.IsName(_path))
            {
                await ArrowFile.WriteAsync(_session, $"FROM {Function}()", _temporary, metadata, _ended.Token).ConfigureAwait(false);
            }
            else
            {
                ParquetFile.WriteQuery(_session, $"FROM {Function}()", _temporary, metadata, _ended.Token, groupRows, PackingLevel);
            }
        }
        catch (FeatureException) when (_function.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
        finally
        {
            // Whoever waits for a free block waits no longer.
            await _ended.CancelAsync().ConfigureAwait(false);
        }
    }
}
