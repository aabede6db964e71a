namespace ZeroWorld.ML.Models.Registry.Tests;

/// <summary>Accepts packages until it is told why not.</summary>
internal sealed class FakeVerifier : IPackageVerifier
{
    private int _calls;

    internal string? Refusal { get; set; }

    internal int Calls => _calls;

    public Task VerifyAsync(ModelPackage package, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        return Refusal is { } sentence ? Task.FromException(new RegistryException(RegistryError.Refused, sentence)) : Task.CompletedTask;
    }
}
