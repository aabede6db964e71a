using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Blocks of columns as a table function of an engine: a query takes them one after the other, and nothing is stored.</summary>
/// <remarks>The engine asks from one thread at a time. Must outlive every query that names it.</remarks>
internal sealed unsafe class BlockFunction : IDisposable
{
    private readonly IReadOnlyList<ColumnBuffer> _columns;
    private readonly NextBlock _next;
    private GCHandle _self;
    private IReadOnlyList<ColumnBuffer> _block = [];
    private int _rows;
    private int _offset;

    /// <param name="session">Knows the function from now on.</param>
    /// <param name="name">A query reads <c>FROM name()</c>, once.</param>
    /// <param name="columns">Names and kinds of the columns.</param>
    /// <param name="next">Gives the next block, which stays as it is until it is called again.</param>
    public BlockFunction(DuckDbSession session, string name, IReadOnlyList<ColumnBuffer> columns, NextBlock next)
    {
        _columns = columns;
        _next = next;
        _self = GCHandle.Alloc(this);
        var function = NativeMethods.TableFunction.DuckDBCreateTableFunction();
        try
        {
            NativeMethods.TableFunction.DuckDBTableFunctionSetName(function, name);
            NativeMethods.TableFunction.DuckDBTableFunctionSetExtraInfo(function, GCHandle.ToIntPtr(_self), null);
            NativeMethods.TableFunction.DuckDBTableFunctionSetBind(function, &Bind);
            NativeMethods.TableFunction.DuckDBTableFunctionSetInit(function, &Start);
            NativeMethods.TableFunction.DuckDBTableFunctionSetFunction(function, &Pull);
            if (NativeMethods.TableFunction.DuckDBRegisterTableFunction(session.NativeConnection, function) != DuckDBState.Success)
            {
                throw new InvalidOperationException($"The engine refused the table function '{name}'.");
            }
        }
        catch
        {
            _self.Free();
            throw;
        }
        finally
        {
            NativeMethods.TableFunction.DuckDBDestroyTableFunction(ref function);
        }
    }

    /// <summary>What stopped the blocks; the engine's own exception only says that something did.</summary>
    public Exception? Failure { get; private set; }

    public void Dispose() => _self.Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(IntPtr info)
    {
        foreach (var column in Self(NativeMethods.TableFunction.DuckDBBindGetExtraInfo(info))._columns)
        {
            using var type = ColumnVectors.TypeOf(column.Kind);
            NativeMethods.TableFunction.DuckDBBindAddResultColumn(info, column.Name, type);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Start(IntPtr info)
    {
        // Where a scan is does not belong to the query: there is one.
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Pull(IntPtr info, IntPtr output)
    {
        var self = Self(NativeMethods.TableFunction.DuckDBFunctionGetExtraInfo(info));
        using var chunk = new DuckDBDataChunk(output);
        try
        {
            self.Fill(chunk);
        }
        catch (Exception exception)
        {
            // No exception may cross the engine: it goes around it, to whoever waits for the query.
            self.Failure = exception;
            NativeMethods.TableFunction.DuckDBFunctionSetError(info, exception.Message);
        }
        finally
        {
            // The chunk is the engine's own.
            chunk.SetHandleAsInvalid();
        }
    }

    private static BlockFunction Self(IntPtr handle) => (BlockFunction)GCHandle.FromIntPtr(handle).Target!;

    private void Fill(DuckDBDataChunk chunk)
    {
        if (_offset == _rows)
        {
            (_block, _rows) = _next();
            _offset = 0;
        }

        var count = Math.Min(DuckDbVectors.RowsMax, _rows - _offset);
        for (var index = 0; index < _block.Count && count > 0; index++)
        {
            ColumnVectors.Fill(NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, index), _block[index], _offset, count);
        }

        _offset += count;
        _ = NativeMethods.DataChunks.DuckDBDataChunkSetSize(chunk, (ulong)count);
    }
}

/// <returns>The next block and its rows; no rows at the end.</returns>
internal delegate (IReadOnlyList<ColumnBuffer> Columns, int Rows) NextBlock();
