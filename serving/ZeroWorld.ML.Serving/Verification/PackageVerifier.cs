using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Verifies packages by loading them: signature against manifest, manifest against feature service, golden samples.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PackageVerifier : IPackageVerifier
{
    private readonly PackageLoader _packages;

    internal PackageVerifier(PackageLoader packages) => _packages = packages;

    /// <exception cref="RegistryException"><see cref="RegistryError.Refused"/> with a sentence that names every difference; <see cref="RegistryError.CorruptArtifact"/>.</exception>
    public async Task VerifyAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        try
        {
            using var memory = _packages.Reserve(package);
            var loaded = await _packages.LoadAsync(package, memory.Device.ToString(), cancellationToken).ConfigureAwait(false);
            string? difference;
            try
            {
                difference = await Task.Run(() => GoldenCheck.FindDifference(loaded), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                loaded.Free();
            }

            if (difference is not null)
            {
                throw new RegistryException(RegistryError.Refused, $"The package of model '{package.Manifest.Name}' does not give what its trainer computed. {difference}");
            }
        }
        catch (ServingException exception)
        {
            throw new RegistryException(
                exception.Error == ServingError.CorruptPackage ? RegistryError.CorruptArtifact : RegistryError.Refused, exception.Message, exception);
        }
    }
}
