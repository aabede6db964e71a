using System.Text.Json;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Pipelines.Moderation;

namespace ZeroWorld.ML.Hosting;

/// <summary>A Parquet file with the columns <c>id</c> and <c>text</c>, and <c>language</c> and <c>surface</c> where it has them: an item a row. Places are rows.</summary>
public sealed class ParquetItemFile : IItemFile
{
    private static readonly string[] Required = ["id", "text"];
    private static readonly string[] Optional = ["language", "surface"];

    private readonly ParquetTexts _texts;
    private readonly string?[] _values = new string?[4];

    /// <exception cref="Features.FeatureException"><see cref="Features.FeatureError.InvalidInput"/>: it is no Parquet file, or has no id or text.</exception>
    public ParquetItemFile(string path, ParquetOfflineOptions options)
    {
        Path = path;
        _texts = new ParquetTexts(path, Required, Optional, options);
    }

    public string Path { get; }

    public long Length => _texts.Count;

    public long Position { get; private set; }

    public string? Fault => _texts.Fault;

    public void Seek(long position)
    {
        _texts.Seek(position);
        Position = position;
    }

    public bool TryRead(out ReadOnlyMemory<byte> item)
    {
        item = default;
        if (!_texts.TryRead(_values))
        {
            return false;
        }

        Position++;
        item = JsonSerializer.SerializeToUtf8Bytes(new Row(_values[0], _values[1], _values[2], _values[3]), ModerationJson.Options);
        return true;
    }

    public void Dispose() => _texts.Dispose();

    private sealed record Row(string? Id, string? Text, string? Language, string? Surface);
}
