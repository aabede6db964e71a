using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Verifies packages by loading them: signature against manifest, manifest against feature service, golden samples.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class PackageVerifier : IPackageVerifier
{
    public Task VerifyAsync(ModelPackage package, CancellationToken cancellationToken) => throw new NotImplementedException();
}
