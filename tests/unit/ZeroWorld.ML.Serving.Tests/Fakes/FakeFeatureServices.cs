using System.Collections.Concurrent;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Definitions by name, compiled with int64 event ids.</summary>
internal sealed class FakeFeatureServices : IFeatureServiceProvider
{
    private readonly ConcurrentDictionary<(string Project, string Name), FeatureServicePlan> _plans = [];

    /// <summary>Replaces what the definitions say.</summary>
    public FeatureServicePlan Apply(string yaml, string service)
    {
        var definitions = DefinitionLoader.Load([new DefinitionFile("test.yaml", yaml)]);
        var plan = new FeatureServicePlan(definitions.GetService(service), static _ => true);
        _plans[(definitions.Project, service)] = plan;
        return plan;
    }

    public ValueTask<FeatureServicePlan?> FindAsync(string project, string name, string fingerprint, CancellationToken cancellationToken) =>
        ValueTask.FromResult(_plans.GetValueOrDefault((project, name)));
}
