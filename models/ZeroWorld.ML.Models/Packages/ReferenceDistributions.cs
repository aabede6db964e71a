namespace ZeroWorld.ML.Models;

/// <summary>How features and outputs were distributed over the training rows: what drift is measured against (reference.json).</summary>
/// <param name="Features">Column of the feature service to distribution.</param>
/// <param name="Outputs">Output, as answers call it, to distribution.</param>
public sealed record ReferenceDistributions(
    IReadOnlyDictionary<string, ReferenceDistribution> Features, IReadOnlyDictionary<string, ReferenceDistribution> Outputs)
{
    internal const long BytesMax = 64L << 20;

    /// <returns><see langword="null"/> for a package without reference distributions.</returns>
    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>.</exception>
    public static async Task<ReferenceDistributions?> ReadAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        if (package.Manifest.Reference is not { } file)
        {
            return null;
        }

        var bytes = await PackageJson.ReadFileAsync(package.Directory, file, BytesMax, cancellationToken).ConfigureAwait(false);
        var reference = PackageJson.Read(bytes, PackageJsonContext.Default.ReferenceDistributions, file);
        return reference.FindProblem() is { } problem
            ? throw new RegistryException(RegistryError.InvalidInput, $"{file} is not valid: {problem}.")
            : reference;
    }

    internal string? FindProblem()
    {
        foreach (var (name, distribution) in Features.Concat(Outputs))
        {
            var problem = distribution is null ? "is null" : distribution.FindProblem();
            if (problem is not null)
            {
                return $"'{name}' {problem}";
            }
        }

        return null;
    }
}
