namespace ZeroWorld.ML.Training.Fraud;

/// <summary>columns.json of a package that was trained on a table: which raw columns its inputs take, in their order.</summary>
/// <remarks>
/// Two kinds of numbers are made by the caller, with fractions: <see cref="TableAges.Prefix"/> and a column of times, the days from that time to the row's own, NaN where it is missing; and
/// <see cref="TableHours.Prefix"/> and the time, the row's hour of the day in UTC.
/// </remarks>
internal sealed record TableColumns(
    int Format, IReadOnlyList<string> Numeric, IReadOnlyList<string> Categorical, string Label, string Time, string Entity, IReadOnlyList<string> Encoded)
{
    internal const int CurrentFormat = 1;
    internal const string File = "columns.json";
}
