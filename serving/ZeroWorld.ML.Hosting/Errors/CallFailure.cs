using Grpc.Core;
using Microsoft.AspNetCore.Http;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Hosting;

/// <summary>What a caller is told about a failure: the one mapping of errors to statuses, for gRPC and for REST.</summary>
/// <param name="Code">The canonical status.</param>
/// <param name="Message">A sentence for the caller.</param>
internal readonly record struct CallFailure(StatusCode Code, string Message)
{
    /// <returns><see langword="null"/> for a bug: it stays opaque to the caller and is logged.</returns>
    public static CallFailure? Of(Exception exception) => exception switch
    {
        ServingException serving => Of(ToStatusCode(serving.Error), serving),
        FeatureException feature => Of(ToStatusCode(feature.Error), feature),
        TrainingException training => Of(ToStatusCode(training.Error), training),
        RegistryException registry => Of(ToStatusCode(registry.Error), registry),
        TensorFormatException format => Of(StatusCode.InvalidArgument, format),
        ProtocolFailure protocol => Of(protocol.Code, protocol),
        _ => null,
    };

    public static StatusCode ToStatusCode(ServingError error) => error switch
    {
        ServingError.InvalidInput => StatusCode.InvalidArgument,
        ServingError.ModelNotFound or ServingError.PredictionNotFound or ServingError.PredictionErased => StatusCode.NotFound,
        ServingError.ModelNotReady => StatusCode.Unavailable,
        ServingError.ModelRefused or ServingError.RequiredFeatureMissing => StatusCode.FailedPrecondition,
        ServingError.CorruptPackage => StatusCode.DataLoss,
        ServingError.Overloaded => StatusCode.ResourceExhausted,
        ServingError.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ServingError.Cancelled => StatusCode.Cancelled,
        ServingError.BackendFailed => StatusCode.Internal,
        ServingError.Unsupported => StatusCode.Unimplemented,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };

    public static StatusCode ToStatusCode(FeatureError error) => error switch
    {
        FeatureError.InvalidDefinition or FeatureError.InvalidInput => StatusCode.InvalidArgument,
        FeatureError.NotFound => StatusCode.NotFound,
        FeatureError.Incompatible => StatusCode.FailedPrecondition,
        FeatureError.StoreUnavailable => StatusCode.Unavailable,
        FeatureError.Overloaded => StatusCode.ResourceExhausted,
        FeatureError.Superseded => StatusCode.Aborted,
        FeatureError.CorruptData => StatusCode.DataLoss,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };

    public static StatusCode ToStatusCode(TrainingError error) => error switch
    {
        TrainingError.InvalidInput => StatusCode.InvalidArgument,
        TrainingError.UnsuitableData => StatusCode.DataLoss,
        _ => StatusCode.FailedPrecondition,
    };

    public static StatusCode ToStatusCode(RegistryError error) => error switch
    {
        RegistryError.InvalidInput => StatusCode.InvalidArgument,
        RegistryError.NotFound => StatusCode.NotFound,
        RegistryError.Refused => StatusCode.FailedPrecondition,
        RegistryError.Conflict => StatusCode.Aborted,
        RegistryError.CorruptArtifact => StatusCode.DataLoss,
        RegistryError.StoreUnavailable => StatusCode.Unavailable,
        _ => throw new ArgumentOutOfRangeException(nameof(error), error, null),
    };

    /// <summary>The status as HTTP says it: google/rpc/code.proto, but 400 for ALREADY_EXISTS and CANCELLED as the inference protocol's clients know it.</summary>
    public int ToHttpStatus() => Code switch
    {
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange or StatusCode.AlreadyExists or StatusCode.Cancelled => StatusCodes.Status400BadRequest,
        StatusCode.PermissionDenied => StatusCodes.Status403Forbidden,
        StatusCode.NotFound => StatusCodes.Status404NotFound,
        StatusCode.Aborted => StatusCodes.Status409Conflict,
        StatusCode.ResourceExhausted => StatusCodes.Status429TooManyRequests,
        StatusCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        StatusCode.DeadlineExceeded => StatusCodes.Status504GatewayTimeout,
        StatusCode.Unimplemented => StatusCodes.Status501NotImplemented,
        _ => StatusCodes.Status500InternalServerError,
    };

    private static CallFailure Of(StatusCode code, Exception exception) => new(code, CallMessage.Cut(exception.Message));
}
