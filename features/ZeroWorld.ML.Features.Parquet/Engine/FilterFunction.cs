using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A <see cref="RowFilter"/> as a function of an engine: tables are filtered by the code that filters pushes.</summary>
/// <remarks>Called from the engine's threads until it is disposed, which is when the engine is.</remarks>
internal sealed unsafe class FilterFunction : IDisposable
{
    private static long _count;

    private readonly RowFilter _filter;
    private GCHandle _handle;

    public FilterFunction(DuckDBNativeConnection connection, RowFilter filter)
    {
        _filter = filter;
        Name = string.Create(CultureInfo.InvariantCulture, $"zw_filter_{Interlocked.Increment(ref _count)}");
        _handle = GCHandle.Alloc(this);
        RowFunction.Register(connection, Name, _handle, isVolatile: false, &Evaluate);
    }

    /// <summary>Its name in statements; its arguments are the filter's columns, timestamps as BIGINT microseconds.</summary>
    public string Name { get; }

    public void Dispose() => _handle.Free();

    // No exception may cross the engine: it is told what is wrong with a value, and says so of the statement.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Evaluate(IntPtr info, IntPtr input, IntPtr output)
    {
        var function = (FilterFunction)GCHandle.FromIntPtr(NativeMethods.ScalarFunction.DuckDBScalarFunctionGetExtraInfo(info)).Target!;
        using var chunk = new DuckDBDataChunk(input);
        try
        {
            var rows = new DuckDbChunk();
            rows.Hold(chunk);
            function.Evaluate(rows, new Span<bool>(NativeMethods.Vectors.DuckDBVectorGetData(output), rows.Count));
        }
        catch (Exception exception)
        {
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetError(info, exception.Message);
        }
        finally
        {
            // The chunk is the engine's own.
            chunk.SetHandleAsInvalid();
        }
    }

    private void Evaluate(DuckDbChunk rows, Span<bool> passes)
    {
        var values = ArrayPool<FeatureValue>.Shared.Rent(_filter.Columns.Count * rows.Count);
        try
        {
            for (var index = 0; index < _filter.Columns.Count; index++)
            {
                var type = _filter.Columns[index].Type;
                var column = rows.Column(index);
                for (var row = 0; row < rows.Count; row++)
                {
                    values[(index * rows.Count) + row] = column.Value(row, type);
                }
            }

            _filter.Evaluate(values.AsSpan(0, _filter.Columns.Count * rows.Count), passes);
        }
        finally
        {
            ArrayPool<FeatureValue>.Shared.Return(values, clearArray: true);
        }
    }
}
