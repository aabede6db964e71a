using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>A JSONL file: an item a line.</summary>
public sealed class JsonItemFile : IItemFile
{
    private readonly FileStream _stream;
    private JsonLineReader _lines;

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: there is no such file.</exception>
    public JsonItemFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = path;
        _stream = File.Exists(path)
            ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16)
            : throw new TrainingException(TrainingError.InvalidInput, $"input: '{path}' does not exist; expected a .jsonl or .parquet file.");
        _lines = new JsonLineReader(_stream);
    }

    public string Path { get; }

    public long Length => _stream.Length;

    public long Position => _lines.Position;

    public string? Fault => null;

    public void Seek(long position)
    {
        _stream.Position = position;
        _lines = new JsonLineReader(_stream);
    }

    public bool TryRead(out ReadOnlyMemory<byte> item) => _lines.TryRead(out item);

    public void Dispose() => _stream.Dispose();
}
