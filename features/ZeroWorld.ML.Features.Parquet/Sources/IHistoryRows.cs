namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of a view's source that belong to whoever reads them.</summary>
internal interface IHistoryRows : IHistoryRow, IDisposable;
