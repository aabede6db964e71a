namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>Memory that nobody gives back.</summary>
internal sealed class HeapMemory : IOutputMemory
{
    private HeapMemory()
    {
    }

    public static HeapMemory Instance { get; } = new();

    public Memory<byte> Allocate(int bytes) => GC.AllocateUninitializedArray<byte>(bytes);
}
