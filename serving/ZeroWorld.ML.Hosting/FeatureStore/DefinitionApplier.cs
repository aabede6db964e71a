using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Registry;

namespace ZeroWorld.ML.Hosting;

/// <summary>Applies definitions, unless that would break a registered model, and tells which tables do not fit them; restores models that they have not left behind.</summary>
/// <remarks>Thread safe: one application at a time.</remarks>
public sealed class DefinitionApplier(DefinitionRegistry registry, ModelRegistry models, IOfflineStore tables) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>What <see cref="ApplyAsync"/> would do; refuses what it would refuse.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.Incompatible"/>: one sentence per model version that would break.</exception>
    public async Task<DefinitionPlan> PlanAsync(DefinitionSet definitions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        var plan = registry.Plan(definitions);
        var breaches = plan.FindBreaches(await ReadPinsAsync(definitions.Project, cancellationToken).ConfigureAwait(false));
        return breaches.Count == 0
            ? await TellAsync(plan, definitions, cancellationToken).ConfigureAwait(false)
            : throw new FeatureException(FeatureError.Incompatible, string.Join('\n', breaches));
    }

    /// <summary>Makes these the definitions of their project: all of them, or nothing.</summary>
    /// <exception cref="FeatureException">As <see cref="PlanAsync"/>.</exception>
    public async Task<DefinitionPlan> ApplyAsync(DefinitionSet definitions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(definitions);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var plan = registry.Apply(definitions, await ReadPinsAsync(definitions.Project, cancellationToken).ConfigureAwait(false));
            return await TellAsync(plan, definitions, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Takes a retired version back into use, unless its feature service is another one by now.</summary>
    /// <exception cref="RegistryException"><see cref="RegistryError.Refused"/>: it is; else as <see cref="ModelRegistry.RestoreAsync"/>.</exception>
    public async Task<ModelVersion> RestoreAsync(ModelName model, long version, string actor, CancellationToken cancellationToken)
    {
        // From here on its definitions stay: those that are applied next find its pin.
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var retired = await models.RetiredServicesAsync(cancellationToken).ConfigureAwait(false);
            if (retired.FirstOrDefault(pin => pin.Model == model && pin.Version == version)?.Service is { } service)
            {
                var defined = registry.Find(service.Project)?.Services.FirstOrDefault(item => item.Name == service.Name)?.Fingerprint;
                if (defined != service.Fingerprint)
                {
                    var state = defined is null ? "is no longer defined" : $"has another definition now, with fingerprint {Shorten(defined)}";
                    throw new RegistryException(
                        RegistryError.Refused,
                        $"Version {version} of the model {model} was trained on the feature service '{service.Name}' of project '{service.Project}' with fingerprint {Shorten(service.Fingerprint)}, which {state}. "
                        + "Apply the definitions it was trained with, then restore it.");
                }
            }

            return await models.RestoreAsync(model, version, actor, cancellationToken).ConfigureAwait(false);
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
        return ToPins(pins, project);
    }

    private async Task<DefinitionPlan> TellAsync(DefinitionPlan plan, DefinitionSet definitions, CancellationToken cancellationToken) => plan with
    {
        Notes =
        [
            .. plan.FindLeftBehind(ToPins(await models.RetiredServicesAsync(cancellationToken).ConfigureAwait(false), plan.Project)),
            .. await tables.FindMisfitsAsync(definitions.Views, cancellationToken).ConfigureAwait(false),
        ],
    };

    private static IReadOnlyList<PinnedService> ToPins(IReadOnlyList<PinnedFeatureService> pins, string project) =>
    [
        .. pins.Where(pin => pin.Service.Project == project)
            .Select(static pin => new PinnedService(pin.Service.Name, pin.Service.Fingerprint, $"{pin.Model.Name} version {pin.Version}")),
    ];

    private static string Shorten(string fingerprint) => fingerprint.Length > 12 ? fingerprint[..12] : fingerprint;
}
