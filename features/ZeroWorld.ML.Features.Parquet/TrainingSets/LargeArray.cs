namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Arrays of hundreds of megabytes that are read and written all over: in large pages they are there sooner, and their addresses are found in the processor's table.</summary>
internal static unsafe class LargeArray
{
    /// <summary>A new array of zeros.</summary>
    public static T[] Create<T>(int length)
        where T : unmanaged
    {
        var array = new T[length];
        var bytes = (nuint)length * (nuint)sizeof(T);
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
