using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary><see cref="EntityPartition"/> as functions of an engine, which give UTINYINT: they read its vectors as they lie.</summary>
internal static unsafe class PartitionFunction
{
    // Overloads of one name would be told apart by casts that the engine chooses.
    private const string OfInteger = "zw_partition_of_integer";
    private const string OfText = "zw_partition_of_text";

    /// <summary>Makes the functions known to every statement of a session.</summary>
    public static void Register(DuckDbSession session)
    {
        Register(session, OfInteger, DuckDBType.BigInt, &FindIntegers);
        Register(session, OfText, DuckDBType.Varchar, &FindTexts);
    }

    /// <param name="keys">Columns of an entity's keys, none of them null, with their types.</param>
    /// <returns>The partition of a row.</returns>
    public static string Expression(IReadOnlyList<(string Column, FeatureType Type)> keys) => keys switch
    {
        [(var column, FeatureType.Int64)] => $"{OfInteger}({column})",
        [var (column, _)] => $"{OfText}(CAST({column} AS VARCHAR))",
        _ => $"{OfText}(concat_ws('|', {string.Join(", ", keys.Select(static key => $"CAST({key.Column} AS VARCHAR)"))}))",
    };

    private static void Register(DuckDbSession session, string name, DuckDBType type, delegate* unmanaged[Cdecl]<IntPtr, IntPtr, IntPtr, void> find)
    {
        var function = NativeMethods.ScalarFunction.DuckDBCreateScalarFunction();
        try
        {
            using var parameter = NativeMethods.LogicalType.DuckDBCreateLogicalType(type);
            using var result = NativeMethods.LogicalType.DuckDBCreateLogicalType(DuckDBType.UnsignedTinyInt);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetName(function, name);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionAddParameter(function, parameter);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetReturnType(function, result);
            NativeMethods.ScalarFunction.DuckDBScalarFunctionSetFunction(function, find);
            if (NativeMethods.ScalarFunction.DuckDBRegisterScalarFunction(session.NativeConnection, function) != DuckDBState.Success)
            {
                throw new InvalidOperationException($"The engine refused the function '{name}'.");
            }
        }
        finally
        {
            NativeMethods.ScalarFunction.DuckDBDestroyScalarFunction(ref function);
        }
    }

    // No exception may cross the engine, and none of these can throw: there is nothing but arithmetic, and rows are as many as the engine says.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FindIntegers(IntPtr info, IntPtr input, IntPtr output)
    {
        var keys = Column(input);
        EntityPartition.Find(keys.Int64, Target(output, keys.Int64.Length));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void FindTexts(IntPtr info, IntPtr input, IntPtr output)
    {
        var keys = Column(input);
        var count = keys.Int64.Length;
        var target = Target(output, count);
        var digests = new EntityPartition();
        for (var row = 0; row < count; row++)
        {
            // Where there is no key, the engine makes a null of whatever is given.
            if (!keys.IsNull(row))
            {
                digests.Add(row, keys.Bytes(row), target);
            }
        }

        digests.Complete(target);
    }

    private static Span<byte> Target(IntPtr output, int count) => new(NativeMethods.Vectors.DuckDBVectorGetData(output), count);

    private static DuckDbVector Column(IntPtr input)
    {
        using var chunk = new DuckDBDataChunk(input);
        try
        {
            var vector = NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, 0);
            return new DuckDbVector(
                vector,
                (byte*)NativeMethods.Vectors.DuckDBVectorGetData(vector),
                NativeMethods.Vectors.DuckDBVectorGetValidity(vector),
                (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk));
        }
        finally
        {
            // The chunk is the engine's own.
            chunk.SetHandleAsInvalid();
        }
    }
}
