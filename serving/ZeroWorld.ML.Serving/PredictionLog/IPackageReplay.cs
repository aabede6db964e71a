using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Replays logged answers that a package makes without the feature service and the runtime of its model: recommendations, decisions about content.</summary>
/// <remarks>Thread safe.</remarks>
public interface IPackageReplay
{
    /// <summary>Whether this answer of the package is of this kind.</summary>
    bool IsOf(ModelPackage package, LoggedPrediction row);

    /// <param name="package">The package that answered.</param>
    /// <param name="row">The logged answer.</param>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the log does not fit the package.</exception>
    Task<ReplayReport> ReplayAsync(ModelPackage package, LoggedPrediction row, CancellationToken cancellationToken);
}
