namespace ZeroWorld.ML.Serving;

/// <summary>Gives the memory that a run writes its outputs to.</summary>
/// <remarks>Not thread safe: used by one run.</remarks>
public interface IOutputMemory
{
    /// <param name="bytes">1 or more.</param>
    /// <returns>Exactly as much, of any content.</returns>
    Memory<byte> Allocate(int bytes);
}
