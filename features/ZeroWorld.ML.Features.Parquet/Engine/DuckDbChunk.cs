using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Some rows as vectors, in the engine's own memory. Not thread safe.</summary>
internal unsafe class DuckDbChunk
{
    /// <summary>Rows of a vector at most.</summary>
    public const int RowsMax = 2048;

    private DuckDBDataChunk? _held;

    /// <summary>Rows at hand.</summary>
    public int Count { get; private set; }

    public DuckDbVector Column(int ordinal)
    {
        var vector = NativeMethods.DataChunks.DuckDBDataChunkGetVector(_held!, ordinal);
        return new DuckDbVector(
            vector, (byte*)NativeMethods.Vectors.DuckDBVectorGetData(vector), NativeMethods.Vectors.DuckDBVectorGetValidity(vector), Count);
    }

    /// <param name="chunk">Its rows are at hand from now on; <see langword="null"/>: none are.</param>
    public void Hold(DuckDBDataChunk? chunk)
    {
        _held = chunk;
        Count = chunk is null ? 0 : (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
    }
}
