using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models.Registry;

namespace ZeroWorld.ML.Hosting;

/// <summary>Applies definitions, unless that would break a registered model.</summary>
/// <remarks>Thread safe: one application at a time.</remarks>
public sealed class DefinitionApplier(DefinitionRegistry registry, ModelRegistry models) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>What <see cref="ApplyAsync"/> would do; refuses what it would refuse.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.Incompatible"/>: one sentence per model version that would break.</exception>
    public async Task<DefinitionPlan> PlanAsync(DefinitionSet definitions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        var plan = registry.Plan(definitions);
        var breaches = plan.FindBreaches(await ReadPinsAsync(definitions.Project, cancellationToken).ConfigureAwait(false));
        return breaches.Count == 0 ? plan : throw new FeatureException(FeatureError.Incompatible, string.Join('\n', breaches));
    }

    /// <summary>Makes these the definitions of their project: all of them, or nothing.</summary>
    /// <exception cref="FeatureException">As <see cref="PlanAsync"/>.</exception>
    public async Task<DefinitionPlan> ApplyAsync(DefinitionSet definitions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return registry.Apply(definitions, await ReadPinsAsync(definitions.Project, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The feature services of a project that registered models, of whatever project, pin.</summary>
    private async Task<IReadOnlyList<PinnedService>> ReadPinsAsync(string project, CancellationToken cancellationToken)
    {
        var pins = await models.PinnedServicesAsync(cancellationToken).ConfigureAwait(false);
        return
        [
            .. pins.Where(pin => pin.Service.Project == project)
                .Select(static pin => new PinnedService(pin.Service.Name, pin.Service.Fingerprint, $"{pin.Model.Name} version {pin.Version}")),
        ];
    }
}
