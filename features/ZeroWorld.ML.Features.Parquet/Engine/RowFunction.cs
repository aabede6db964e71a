using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Functions of an engine that take any columns and give a bool for each row.</summary>
internal static unsafe class RowFunction
{
    /// <summary>Makes one. Nulls are rows to it, too.</summary>
    /// <param name="connection">The engine's; it keeps the name for good.</param>
    /// <param name="name">Its name in statements.</param>
    /// <param name="target">What the body finds as its extra info.</param>
    /// <param name="isVolatile">Whether no call may stand for another one with the same values.</param>
    /// <param name="body">Takes the function's info, a chunk of rows and the vector of the results, on the engine's threads; throws nothing.</param>
    public static void Register(DuckDBNativeConnection connection, string name, GCHandle target, bool isVolatile, delegate* unmanaged[Cdecl]<IntPtr, IntPtr, IntPtr, void> body)
    {
        var function = NativeMethods.ScalarFunction.DuckDBCreateScalarFunction();
        try
        {
            using var any = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Any);
            using var result = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.Boolean);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetName(function, name);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetVarargs(function, any);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetReturnType(function, result);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetExtraInfo(function, GCHandle.ToIntPtr(target), null);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetSpecialHandling(function);
            if (isVolatile)
            {
                NativeMethods.ScalarFunction.DuckDBScalarFunctionSetVolatile(function);
            }

            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetFunction(function, body);
            if (NativeMethods.ScalarFunction.DuckDBRegisterScalarFunction(connection, function) != DuckDBState.Success)
            {
                throw new InvalidOperationException($"The engine refused the function '{name}'.");
            }
        }
        finally
        {
            NativeMethods.ScalarFunction.DuckDBDestroyScalarFunction(ref function);
        }
    }
}
