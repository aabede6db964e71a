namespace ZeroWorld.ML.Models;

/// <summary>Decides whether a package may be registered: runs its golden samples and matches its signature against its feature service.</summary>
public interface IPackageVerifier
{
    /// <exception cref="RegistryException"><see cref="RegistryError.Refused"/> with a sentence that names the difference.</exception>
    Task VerifyAsync(ModelPackage package, CancellationToken cancellationToken);
}
