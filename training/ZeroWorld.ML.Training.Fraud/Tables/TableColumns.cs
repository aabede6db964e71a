using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>columns.json of a package that was trained on a table: which raw columns its inputs take, in their order.</summary>
/// <remarks>
/// In format 1, which is still read, there are no <paramref name="Times"/>: ages and hours, named by <see cref="TableAges.Prefix"/> and <see cref="TableHours.Prefix"/>, are among the
/// numbers, and the caller makes them.
/// </remarks>
/// <param name="Numeric">Columns of the input <see cref="FeatureEncoding.NumbersInput"/>.</param>
/// <param name="Times">Columns of the input <see cref="FeatureEncoding.TimesInput"/>: the row's own time, then those whose ages the model reads; empty for a model without such features.</param>
/// <param name="Categorical">Columns of the input <see cref="FeatureEncoding.TextsInput"/>.</param>
/// <param name="Encoded">The features that the graph makes of them.</param>
internal sealed record TableColumns(
    int Format, IReadOnlyList<string> Numeric, IReadOnlyList<string> Times, IReadOnlyList<string> Categorical, string Label, string Time, string Entity, IReadOnlyList<string> Encoded)
{
    internal const int CurrentFormat = 2;
    internal const int OldestFormat = 1;
    internal const string File = "columns.json";
}
