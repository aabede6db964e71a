using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>The C interface of LightGBM, as far as it is used here. See its <c>include/LightGBM/c_api.h</c>.</summary>
/// <remarks>Calls that depend on the number of threads are made inside <see cref="LightGbmThreads"/>.</remarks>
internal static unsafe partial class LightGbmLibrary
{
    internal const int Float32 = 0;
    internal const int Float64 = 1;
    internal const int RawScore = 1;

    private const string Library = "lib_lightgbm";

    /// <exception cref="InvalidOperationException">The library refused; with its own words.</exception>
    internal static void Check(int status)
    {
        if (status != 0)
        {
            throw new InvalidOperationException($"LightGBM: {Marshal.PtrToStringUTF8(LastError())}");
        }
    }

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetCreateFromMats", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int CreateDataset(
        int blocks, float** values, int type, int* rows, int columns, int* isRowMajor, string parameters, nint reference, out nint dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetSetField", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetField(LightGbmDataset dataset, string name, float[] values, int count, int type);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetSetField", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetField(LightGbmDataset dataset, string name, double[] values, int count, int type);

    [LibraryImport(Library, EntryPoint = "LGBM_DatasetFree")]
    internal static partial int FreeDataset(nint dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterCreate", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int CreateBooster(LightGbmDataset dataset, string parameters, out nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterAddValidData")]
    internal static partial int AddHeldRows(LightGbmBooster booster, LightGbmDataset dataset);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterMerge")]
    internal static partial int Merge(LightGbmBooster booster, LightGbmBooster other);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterUpdateOneIter")]
    internal static partial int Update(LightGbmBooster booster, out int isFinished);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterGetEval")]
    internal static partial int Measure(LightGbmBooster booster, int dataset, out int count, double* values);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterSaveModelToString")]
    internal static partial int Save(LightGbmBooster booster, int first, int count, int importance, long bytes, out long bytesNeeded, byte* text);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterLoadModelFromString")]
    internal static partial int Load(byte* text, out int iterations, out nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterPredictForMat", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Predict(
        LightGbmBooster booster, float* values, int type, int rows, int columns, int isRowMajor, int kind, int first, int count, string parameters, out long length, double* scores);

    [LibraryImport(Library, EntryPoint = "LGBM_BoosterFree")]
    internal static partial int FreeBooster(nint booster);

    [LibraryImport(Library, EntryPoint = "LGBM_GetLastError")]
    private static partial nint LastError();
}
