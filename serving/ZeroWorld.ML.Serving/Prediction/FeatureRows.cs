using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Rows of a feature service. Immutable.</summary>
/// <param name="Columns">Columns of the service, in order.</param>
/// <param name="Cells">Row-major: [rows, columns].</param>
/// <param name="Rows">Number of rows.</param>
public sealed record FeatureRows(IReadOnlyList<ServiceColumn> Columns, ReadOnlyMemory<FeatureCell> Cells, int Rows);
