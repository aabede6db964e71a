using Google.Protobuf.Reflection;
using Inference;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class RestrictedCallsTests
{
    /// <summary>A call that belongs to nothing could not be restricted.</summary>
    [Fact]
    public void GrpcApis_EveryMethodOfEveryService_IsThere()
    {
        FileDescriptor[] files =
        [
            OpenInferenceReflection.Descriptor, PredictionReflection.Descriptor, FeaturesReflection.Descriptor, RegistryReflection.Descriptor, ModerationReflection.Descriptor,
            Grpc.Health.V1.HealthReflection.Descriptor,
        ];

        var methods = files.SelectMany(static file => file.Services).SelectMany(static service => service.Methods).Select(static method => method.Name).ToList();

        Assert.True(methods.Count > 35, $"{methods.Count} methods");
        Assert.All(methods, static method => Assert.Contains(method, RestrictedCalls.GrpcApis.Keys));
        Assert.Equal(methods.Count, methods.Distinct().Count());
    }

    [Fact]
    public void Read_FileThatIsNotThere_IsOneSentence()
    {
        var failure = Assert.Throws<HostingException>(static () => RestrictedCalls.Read("/nowhere/restricted"));

        Assert.EndsWith("'/nowhere/restricted'.", failure.Message, StringComparison.Ordinal);
    }
}
