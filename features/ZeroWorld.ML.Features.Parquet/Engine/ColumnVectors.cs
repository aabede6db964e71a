using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Columns as vectors of the engine.</summary>
internal static unsafe class ColumnVectors
{
    /// <summary>The engine's type of a column; the caller disposes it.</summary>
    public static DuckDBLogicalType TypeOf(ColumnKind kind)
    {
        if (!ColumnTypes.IsList(kind))
        {
            return NativeMethods.LogicalType.DuckDBCreateLogicalType(EngineTypeOf(kind));
        }

        using var element = NativeMethods.LogicalType.DuckDBCreateLogicalType(kind switch
        {
            ColumnKind.Int64List => DuckDBType.BigInt,
            ColumnKind.Float64List => DuckDBType.Double,
            _ => DuckDBType.Varchar,
        });
        return NativeMethods.LogicalType.DuckDBCreateListType(element);
    }

    private static DuckDBType EngineTypeOf(ColumnKind kind) => kind switch
    {
        ColumnKind.Bool => DuckDBType.Boolean,
        ColumnKind.Int32 => DuckDBType.Integer,
        ColumnKind.Int64 => DuckDBType.BigInt,
        ColumnKind.Float32 => DuckDBType.Float,
        ColumnKind.Float64 => DuckDBType.Double,
        ColumnKind.String => DuckDBType.Varchar,
        ColumnKind.Bytes => DuckDBType.Blob,
        _ => DuckDBType.TimestampTz,
    };

    /// <summary>Copies <paramref name="count"/> rows of a column into a vector of its type.</summary>
    public static void Fill(IntPtr vector, ColumnBuffer column, int offset, int count)
    {
        var bits = column.Bits.AsSpan(offset, count);
        var nulls = column.Nulls.AsSpan(offset, count);
        var data = NativeMethods.Vectors.DuckDBVectorGetData(vector);
        switch (column.Kind)
        {
            case ColumnKind.Int64 or ColumnKind.Timestamp or ColumnKind.Float64:
                bits.CopyTo(new Span<long>(data, count));
                break;
            case ColumnKind.Int32 or ColumnKind.Float32:
                var narrow = new Span<int>(data, count);
                for (var row = 0; row < count; row++)
                {
                    narrow[row] = (int)bits[row];
                }

                break;
            case ColumnKind.Bool:
                var flags = new Span<byte>(data, count);
                for (var row = 0; row < count; row++)
                {
                    flags[row] = (byte)bits[row];
                }

                break;
            case ColumnKind.Int64List or ColumnKind.Float64List or ColumnKind.StringList:
                FillLists(vector, column, offset, nulls);
                break;
            default:
                for (var row = 0; row < count; row++)
                {
                    if (!nulls[row])
                    {
                        var bytes = column.BytesAt(offset + row);
                        fixed (byte* start = &MemoryMarshal.GetReference(bytes))
                        {
                            NativeMethods.Vectors.DuckDBVectorAssignStringElementLength(vector, (ulong)row, start, bytes.Length);
                        }
                    }
                }

                break;
        }

        if (nulls.Contains(true))
        {
            NativeMethods.Vectors.DuckDBVectorEnsureValidityWritable(vector);
            var validity = NativeMethods.Vectors.DuckDBVectorGetValidity(vector);
            for (var row = 0; row < count; row++)
            {
                if (nulls[row])
                {
                    validity[row >> 6] &= ~(1UL << (row & 63));
                }
            }
        }
    }

    private static void FillLists(IntPtr vector, ColumnBuffer column, int offset, ReadOnlySpan<bool> nulls)
    {
        var entries = new Span<DuckDBListEntry>(NativeMethods.Vectors.DuckDBVectorGetData(vector), nulls.Length);
        var total = 0UL;
        for (var row = 0; row < nulls.Length; row++)
        {
            var length = nulls[row] ? 0UL : (ulong)ListBytes.CountOf(column.Kind, column.BytesAt(offset + row));
            entries[row] = new DuckDBListEntry(total, length);
            total += length;
        }

        _ = NativeMethods.Vectors.DuckDBListVectorReserve(vector, total);
        _ = NativeMethods.Vectors.DuckDBListVectorSetSize(vector, total);
        var child = NativeMethods.Vectors.DuckDBListVectorGetChild(vector);
        var elements = NativeMethods.Vectors.DuckDBVectorGetData(child);
        for (var row = 0; row < nulls.Length; row++)
        {
            if (nulls[row])
            {
                continue;
            }

            var bytes = column.BytesAt(offset + row);
            if (column.Kind != ColumnKind.StringList)
            {
                bytes.CopyTo(new Span<byte>((byte*)elements + (entries[row].Offset * sizeof(long)), bytes.Length));
                continue;
            }

            for (var at = entries[row].Offset; !bytes.IsEmpty; at++)
            {
                var text = ListBytes.TextOf(bytes);
                fixed (byte* start = &MemoryMarshal.GetReference(text))
                {
                    NativeMethods.Vectors.DuckDBVectorAssignStringElementLength(child, at, start, text.Length);
                }

                bytes = bytes[(sizeof(int) + text.Length)..];
            }
        }
    }
}
