namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A last-value view and the table that it reads.</summary>
/// <param name="Field">Its stored form.</param>
/// <param name="Query">Its table.</param>
internal sealed record LastValueSource(StorageField Field, SourceQuery Query)
{
    public LastValueView View => (LastValueView)Field.View;
}
