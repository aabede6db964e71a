namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The least and the greatest value of a column, as Parquet's statistics have them.</summary>
internal sealed record ValueRange(byte[] Least, byte[] Greatest);
