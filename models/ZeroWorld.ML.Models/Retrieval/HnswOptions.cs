namespace ZeroWorld.ML.Models.Retrieval;

/// <summary>How an <see cref="HnswIndex"/> is built.</summary>
public sealed record HnswOptions
{
    /// <value>Links per item and layer, twice as many on the lowest; 4 to 64. Default 24.</value>
    public int Links { get; init; } = 24;

    /// <value>Candidates that are looked at for each item while building, 8 to 2,000. Default 200.</value>
    public int BuildWidth { get; init; } = 200;

    /// <value>Seed of the layers.</value>
    public int Seed { get; init; } = 1;

    internal void Check()
    {
        if (Links is < 4 or > 64 || BuildWidth is < 8 or > 2000)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"links is {Links}, buildWidth {BuildWidth}; expected 4 to 64, and 8 to 2000.");
        }
    }
}
