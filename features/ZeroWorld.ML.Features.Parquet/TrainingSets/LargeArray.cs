namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Arrays of hundreds of megabytes that are read and written all over: in large pages they are there sooner, and their addresses are found in the processor's table.</summary>
internal static unsafe class LargeArray
{
    /// <summary>A new array of zeros.</summary>
    public static T[] CreateZeros<T>(int length)
        where T : unmanaged => Advise(new T[length]);

    private static T[] Advise<T>(T[] array)
        where T : unmanaged
    {
        var bytes = (nuint)array.Length * (nuint)sizeof(T);
        if (bytes >= 2 * LargePages.PageBytes)
        {
            fixed (T* first = array)
            {
                LargePages.Advise((nuint)first, bytes);
            }
        }

        return array;
    }
}
