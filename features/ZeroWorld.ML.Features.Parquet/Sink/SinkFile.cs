using System.Buffers;
using System.Buffers.Binary;
using ZstdSharp;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Writes a file of one row group: its columns one after the other, each as pages of some thousand rows (zstd), and what is where at the end. Not thread safe.</summary>
/// <remarks>
/// https://github.com/apache/parquet-format, data pages of version 1. The memory that a file needs is kept for the next one: nothing of it is allocated anew when files are alike.
/// </remarks>
internal sealed class SinkFile
{
    /// <summary>What is encoded and packed at once: few enough that it stays in the processor's cache, and that its memory is small.</summary>
    private const int PageRows = 2048;

    private const int BufferBytes = 64 << 10;
    private const int FastestLevel = 1;
    private const int Plain = 0;
    private const int Rle = 3;
    private const int RleDictionary = 8;
    private const int DataPage = 0;
    private const int DictionaryPage = 2;
    private readonly SinkPage _page = new();
    private readonly ArrayBufferWriter<byte> _headers = new();
    private readonly List<SinkChunk> _chunks = [];
    private readonly ThriftWriter _thrift;
    private byte[] _packed = [];

    public SinkFile() => _thrift = new ThriftWriter(_headers);

    /// <summary>Writes the file and flushes it.</summary>
    /// <param name="path">There is no such file yet.</param>
    /// <param name="fields">Of as many rows each.</param>
    public void Write(string path, SinkField[] fields, CancellationToken cancellationToken)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
        using var compressor = new Compressor(FastestLevel);
        _chunks.Clear();
        file.Write(SinkFooter.Magic);
        foreach (var field in fields)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _chunks.Add(WriteChunk(file, compressor, field));
        }

        _headers.ResetWrittenCount();
        SinkFooter.Write(_thrift, _chunks);
        file.Write(_headers.WrittenSpan);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, _headers.WrittenCount);
        file.Write(length);
        file.Write(SinkFooter.Magic);
        file.Flush(flushToDisk: true);
    }

    private SinkChunk WriteChunk(FileStream file, Compressor compressor, SinkField field)
    {
        var chunk = new SinkChunk(field) { Start = file.Position };
        _page.HasDictionary = field.TryFillDictionary(_page.Texts);
        if (_page.HasDictionary)
        {
            chunk.HasDictionary = true;
            _page.Texts.Write(_page.Bytes);
            WritePage(file, compressor, chunk, DictionaryPage, _page.Texts.Count);
        }

        chunk.DataStart = file.Position;
        for (var row = 0; row < field.Rows || row == 0; row += PageRows)
        {
            var values = field.WritePage(_page, Math.Min(PageRows, field.Rows - row));
            chunk.Values += values;
            WritePage(file, compressor, chunk, DataPage, values);
        }

        _page.Texts.Clear();
        return chunk;
    }

    /// <summary>Writes the page with its header, and empties it.</summary>
    private void WritePage(FileStream file, Compressor compressor, SinkChunk chunk, int type, int values)
    {
        var bytes = _page.Bytes.WrittenSpan;
        var bound = Compressor.GetCompressBound(bytes.Length);
        if (_packed.Length < bound)
        {
            _packed = new byte[Math.Max(bound, 2 * _packed.Length)];
        }

        var length = compressor.Wrap(bytes, _packed);
        _headers.ResetWrittenCount();
        _thrift.Begin();
        _thrift.Write(1, type);
        _thrift.Write(2, bytes.Length);
        _thrift.Write(3, length);
        _thrift.Begin(type == DataPage ? 5 : 7);
        _thrift.Write(1, values);
        _thrift.Write(2, type == DataPage && chunk.HasDictionary ? RleDictionary : Plain);
        if (type == DataPage)
        {
            _thrift.Write(3, Rle);
            _thrift.Write(4, Rle);
        }

        _thrift.End();
        _thrift.End();
        file.Write(_headers.WrittenSpan);
        file.Write(_packed.AsSpan(0, length));
        chunk.Bytes += _headers.WrittenCount + bytes.Length;
        chunk.PackedBytes += _headers.WrittenCount + length;
        _page.Bytes.ResetWrittenCount();
    }
}
