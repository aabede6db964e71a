namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The file of a training set, under a temporary name until it is complete.</summary>
/// <remarks>Thread safety: groups may be encoded and written side by side; the rest is for one thread at a time.</remarks>
internal sealed class TrainingOutput : IDisposable
{
    /// <summary>Blocks of a group at most: 122,880 rows, a row group as most writers make it.</summary>
    public const int BlocksMax = 15;

    private readonly string _path;
    private readonly string _temporary;
    private readonly TrainingFile _file;

    /// <param name="path">The file, Parquet or, by its name, Arrow.</param>
    /// <param name="columns">Names and kinds of the columns.</param>
    /// <param name="cardBytesMax">Room for the card, which is known when all rows are.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the file cannot be written.</exception>
    public TrainingOutput(string path, IReadOnlyList<ColumnBuffer> columns, int cardBytesMax)
    {
        _path = path;
        _temporary = ParquetFile.TemporaryPathOf(path);
        _file = Guard(() =>
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
                Sweep(folder, Path.GetFileName(path));
            }

            var stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write);
            return Open(stream, columns, cardBytesMax);
        });
    }

    /// <summary>What encodes groups for one thread; the caller disposes it.</summary>
    public TrainingGroup CreateGroup() => _file.CreateGroup();

    /// <summary>Says where a group goes, in the order of the rows.</summary>
    public void Place(TrainingGroup group) => _file.Place(group);

    /// <summary>Writes a group that has its place; side by side with others.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.StoreUnavailable"/>: the disk is full.</exception>
    public void Write(TrainingGroup group) => Guard(() =>
    {
        _file.Write(group);
        return true;
    });

    /// <summary>Ends the file, then makes it and its card visible.</summary>
    public void Complete(string card, string cardPath)
    {
        var temporaryCard = ParquetFile.TemporaryPathOf(cardPath);
        try
        {
            Guard(() =>
            {
                _file.Complete(card);
                File.WriteAllText(temporaryCard, card + "\n");
                File.Move(_temporary, _path, overwrite: true);
                File.Move(temporaryCard, cardPath, overwrite: true);
                return true;
            });
        }
        catch
        {
            File.Delete(temporaryCard);
            throw;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_temporary);
    }

    // A process that was killed leaves what it had written under its temporary name: nobody else would ever delete it.
    private static void Sweep(string folder, string name)
    {
        foreach (var file in Directory.EnumerateFiles(folder, $"{name}.*.tmp"))
        {
            var between = Path.GetFileName(file)[(name.Length + 1)..^".tmp".Length];
            if (!Guid.TryParseExact(between.StartsWith("json.", StringComparison.Ordinal) ? between["json.".Length..] : between, "N", out _))
            {
                continue;
            }

            try
            {
                using var taken = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Another process writes it at this moment.
            }
        }
    }

    private TrainingFile Open(FileStream stream, IReadOnlyList<ColumnBuffer> columns, int cardBytesMax)
    {
        try
        {
            return ArrowTrainingFile.IsName(_path)
                ? new ArrowTrainingFile(stream, _temporary, columns, cardBytesMax)
                : new ParquetTrainingFile(stream, columns);
        }
        catch
        {
            stream.Dispose();
            File.Delete(_temporary);
            throw;
        }
    }

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FeatureException(
                FeatureError.StoreUnavailable, $"The training set '{_path}' cannot be written: {exception.Message.TrimEnd('.')}. Nothing of it is left; expected a folder that may be written, with room for all rows.", exception);
        }
    }
}
