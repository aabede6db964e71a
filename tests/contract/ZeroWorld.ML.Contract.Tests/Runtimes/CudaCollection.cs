namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Tests that read the memory of a GPU: nothing else runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CudaCollection
{
    public const string Name = "cuda";
}
