namespace ZeroWorld.ML.Features.Parquet;

/// <summary>A range of spine rows.</summary>
/// <param name="First">Number of the first row.</param>
/// <param name="Count">Number of rows.</param>
internal readonly record struct SpineRange(long First, int Count)
{
    public string Condition(string column) => $"{column} >= {First} AND {column} < {First + Count}";
}
