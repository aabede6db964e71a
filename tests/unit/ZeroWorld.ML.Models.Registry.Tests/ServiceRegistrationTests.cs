using Microsoft.Extensions.DependencyInjection;
using ZeroWorld.ML.Models.Tests;

namespace ZeroWorld.ML.Models.Registry.Tests;

public sealed class ServiceRegistrationTests
{
    [Fact]
    public async Task AddModelRegistry_WithAVerifier_GivesOneRegistryAsCatalog()
    {
        using var folder = new TemporaryFolder();
        var services = new ServiceCollection().AddLogging().AddSingleton<IPackageVerifier, FakeVerifier>()
            .AddModelRegistry(new ModelRegistryOptions { DataDirectory = folder.Path });
        await using var provider = services.BuildServiceProvider(new ServiceProviderOptions { ValidateOnBuild = true, ValidateScopes = true });

        var registry = provider.GetRequiredService<ModelRegistry>();

        Assert.Same(registry, provider.GetRequiredService<IModelCatalog>());
        Assert.Empty(await registry.ListAsync(TestContext.Current.CancellationToken));
        Assert.True(File.Exists(Path.Combine(folder.Path, "registry", "registry.db")));
    }
}
