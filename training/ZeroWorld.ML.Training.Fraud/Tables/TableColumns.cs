namespace ZeroWorld.ML.Training.Fraud;

/// <summary>columns.json of a package that was trained on a table: which raw columns its inputs take, in their order.</summary>
internal sealed record TableColumns(
    int Format, IReadOnlyList<string> Numeric, IReadOnlyList<string> Categorical, string Label, string Time, string Entity, IReadOnlyList<string> Encoded)
{
    internal const int CurrentFormat = 1;
    internal const string File = "columns.json";
}
