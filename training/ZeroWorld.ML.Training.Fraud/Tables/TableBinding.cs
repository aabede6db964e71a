using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which columns the inputs of a package that was trained on a table take, as its <c>columns.json</c> says.</summary>
public static class TableBinding
{
    /// <returns>An input with its features for each input of the package; <see langword="null"/>: it was not trained on a table.</returns>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the file is not valid.</exception>
    public static async Task<IReadOnlyList<ManifestInput>?> FindAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        return await TablePackage.FindColumnsAsync(package, cancellationToken).ConfigureAwait(false) is { } columns
            ? [.. package.Manifest.Inputs.Select(input => Bind(input, columns))]
            : null;
    }

    private static ManifestInput Bind(ManifestInput input, TableColumns columns) => input.Tensor switch
    {
        FeatureEncoding.NumbersInput => input with { Features = columns.Numeric },
        FeatureEncoding.TimesInput => input with { Features = columns.Times },
        FeatureEncoding.TextsInput => input with { Features = columns.Categorical, Layout = "texts" },
        _ => throw new TrainingException(TrainingError.InvalidInput, $"The package has the input '{input.Tensor}', of which its {TableColumns.File} says nothing."),
    };
}
