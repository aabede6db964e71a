namespace ZeroWorld.ML.Training.Fraud;

/// <summary>columns.json of a package that was trained on a table: which raw columns its inputs take, in their order.</summary>
/// <remarks>A number named <see cref="TableAges.Prefix"/> and a column of times is made by the caller: the days, with fractions, from that time to the row's own; NaN where it is missing.</remarks>
internal sealed record TableColumns(
    int Format, IReadOnlyList<string> Numeric, IReadOnlyList<string> Categorical, string Label, string Time, string Entity, IReadOnlyList<string> Encoded)
{
    internal const int CurrentFormat = 1;
    internal const string File = "columns.json";
}
