using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The rows of a statement by a function of the engine, on the engine's threads: a result is copied on its way to one reader, and these rows are not.</summary>
internal sealed unsafe class VectorVisit : IDisposable
{
    private static long _count;

    // Of the calling thread: the visit of which it saw rows last, and its number there.
    [ThreadStatic]
    private static (long Visit, int Worker) _last;

    private readonly Action<DuckDbChunk, int> _visit;
    private readonly DuckDbChunk[] _rows;
    private readonly long _number = Interlocked.Increment(ref _count);
    private readonly string _name;
    private GCHandle _handle;
    private int _workers;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Makes a function of the engine.</summary>
    /// <param name="workersMax">Threads of the engine.</param>
    /// <param name="visit">Receives some rows, which are there until it returns, and the number of the thread, 0 and up; called from several threads.</param>
    public VectorVisit(DuckDBNativeConnection connection, int workersMax, Action<DuckDbChunk, int> visit)
    {
        _visit = visit;
        _rows = [.. Enumerable.Range(0, workersMax).Select(static _ => new DuckDbChunk())];
        _name = string.Create(CultureInfo.InvariantCulture, $"zw_visit_{_number}");
        _handle = GCHandle.Alloc(this);
        RowFunction.Register(connection, _name, _handle, isVolatile: true, &Take);
    }

    /// <summary>The statement that visits the rows of another one.</summary>
    public string Statement(string rows) => $"SELECT count({_name}(*COLUMNS(*))) FROM ({rows})";

    /// <summary>Throws what stopped the visit, if that was what stopped the statement.</summary>
    public void ThrowIfFailed() => Volatile.Read(ref _failure)?.Throw();

    /// <summary>Called when the statement has ended. The engine keeps the function's name, and nobody calls it any more.</summary>
    public void Dispose() => _handle.Free();

    // No exception may cross the engine: what stops a visit stops the statement, and is thrown when that has ended.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Take(IntPtr info, IntPtr input, IntPtr output)
    {
        var visit = (VectorVisit)GCHandle.FromIntPtr(NativeMethods.ScalarFunction.DuckDBScalarFunctionGetExtraInfo(info)).Target!;
        using var chunk = new DuckDBDataChunk(input);
        try
        {
            visit.Take(chunk);
        }
        catch (Exception exception)
        {
            // Nothing may be thrown through the engine's own code: the first failure is thrown by whoever asked for the rows, when the engine has ended.
            Interlocked.CompareExchange(ref visit._failure, ExceptionDispatchInfo.Capture(exception), null);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetError(info, "a visit of rows failed.");
        }
        finally
        {
            // The chunk is the engine's own.
            chunk.SetHandleAsInvalid();
        }
    }

    private void Take(DuckDBDataChunk chunk)
    {
        if (_last.Visit != _number)
        {
            _last = (_number, Interlocked.Increment(ref _workers) - 1);
        }

        // A thread more than the engine was told to use has no rows here.
        var rows = _rows[_last.Worker];
        rows.Hold(chunk);
        _visit(rows, _last.Worker);
        rows.Hold(null);
    }
}
