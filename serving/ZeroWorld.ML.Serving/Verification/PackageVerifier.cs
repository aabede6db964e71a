using ZeroWorld.ML.GpuNodes;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Verifies packages by loading them: signature against manifest, manifest against feature service, golden samples.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PackageVerifier : IPackageVerifier
{
    private readonly PackageLoader _packages;
    private readonly Func<ModelName, Task<bool>> _makeRoom;

    /// <param name="makeRoom">Lets a loaded model go that was used least recently; <see langword="false"/> when none may.</param>
    internal PackageVerifier(PackageLoader packages, Func<ModelName, Task<bool>> makeRoom)
    {
        _packages = packages;
        _makeRoom = makeRoom;
    }

    /// <exception cref="RegistryException"><see cref="RegistryError.Refused"/> with a sentence that names every difference; <see cref="RegistryError.CorruptArtifact"/>.</exception>
    public async Task VerifyAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(package);
        try
        {
            using var memory = await ReserveAsync(package).ConfigureAwait(false);
            var loaded = await _packages.LoadAsync(package, memory, cancellationToken).ConfigureAwait(false);
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

    /// <summary>A version that is to be registered is as good a reason for room as one that is asked for: the least recently used model comes back with its next request.</summary>
    private async Task<MemoryReservation> ReserveAsync(ModelPackage package)
    {
        while (true)
        {
            if (_packages.TryReserve(package, 0, out var memory, out var refusal))
            {
                return memory;
            }

            if (!await _makeRoom(new ModelName(package.Manifest.Project, package.Manifest.Name)).ConfigureAwait(false))
            {
                throw new ServingException(ServingError.Overloaded, refusal);
            }
        }
    }
}
