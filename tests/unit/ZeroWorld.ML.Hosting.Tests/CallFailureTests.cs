using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class CallFailureTests
{
    [Fact]
    public void ToStatusCode_EveryError_HasAStatus()
    {
        Assert.All(Enum.GetValues<ServingError>(), error => Assert.NotEqual(StatusCode.OK, CallFailure.ToStatusCode(error)));
        Assert.All(Enum.GetValues<FeatureError>(), error => Assert.NotEqual(StatusCode.OK, CallFailure.ToStatusCode(error)));
        Assert.All(Enum.GetValues<RegistryError>(), error => Assert.NotEqual(StatusCode.OK, CallFailure.ToStatusCode(error)));
    }

    [Theory]
    [InlineData(StatusCode.InvalidArgument, 400)]
    [InlineData(StatusCode.FailedPrecondition, 400)]
    [InlineData(StatusCode.NotFound, 404)]
    [InlineData(StatusCode.Aborted, 409)]
    [InlineData(StatusCode.ResourceExhausted, 429)]
    [InlineData(StatusCode.Internal, 500)]
    [InlineData(StatusCode.DataLoss, 500)]
    [InlineData(StatusCode.Unavailable, 503)]
    [InlineData(StatusCode.DeadlineExceeded, 504)]
    public void ToHttpStatus_EachStatus_IsTheCanonicalOne(StatusCode code, int expected) => Assert.Equal(expected, new CallFailure(code, "").ToHttpStatus());

    [Fact]
    public void Of_NoFailureOfADomain_StaysOpaque() => Assert.Null(CallFailure.Of(new InvalidOperationException("secret")));

    [Fact]
    public void Of_LongMessage_IsCut()
    {
        var message = CallFailure.Of(new ServingException(ServingError.InvalidInput, $"The name '{new string('x', 9_000)}' is wrong."))!.Value.Message;

        Assert.Equal(CallMessage.EncodedBytesMax, message.Length);
        Assert.StartsWith("The name 'xxx", message, StringComparison.Ordinal);
        Assert.EndsWith("xxx' is wrong.", message, StringComparison.Ordinal);
    }
}
