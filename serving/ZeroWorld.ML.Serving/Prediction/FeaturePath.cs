using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads the rows of a feature service as a model would see them, without a model.</summary>
/// <remarks>Shares reads, limits and coverage with <see cref="PredictionPath"/>. Thread safe.</remarks>
public sealed class FeaturePath : IDisposable
{
    /// <summary>Services that are kept prepared; for one more, the one prepared first goes.</summary>
    private const int PlansMax = 256;

    private readonly FeatureStage _features;
    private readonly FeaturePreparation _preparation;
    private readonly PredictionOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1);

    // One per project and fingerprint, so that what was asked for under a changed definition goes with its age.
    private volatile Dictionary<(string Project, string Fingerprint), PredictionPlan> _plans = [];
    private readonly Queue<(string Project, string Fingerprint)> _order = [];

    internal FeaturePath(FeatureStage features, FeaturePreparation preparation, PredictionOptions options, TimeProvider time)
    {
        _features = features;
        _preparation = preparation;
        _options = options;
        _time = time;
    }

    /// <param name="service">A registered service, compiled; keep one per definition, since what is prepared for it is kept with it.</param>
    /// <param name="entities">Entity keys, length 1 or the number of rows.</param>
    /// <param name="request">Request values, likewise.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>, <see cref="ServingError.Overloaded"/>.</exception>
    public async ValueTask<FeatureRows> ReadAsync(
        FeatureServicePlan service, IReadOnlyList<RequestColumn> entities, IReadOnlyList<RequestColumn> request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(service);
        var key = (service.Service.Project, service.Service.Fingerprint);
        var plan = _plans.TryGetValue(key, out var known) && ReferenceEquals(known.Service, service)
            ? known
            : await PrepareAsync(key, service, cancellationToken).ConfigureAwait(false);
        var wanted = new PredictionRequest { Project = key.Project, Model = service.Service.Name, Entities = entities, Request = request };
        var bound = RequestBinder.Bind(plan, wanted, _options.RowsMax, UnixMicroseconds.FromDateTimeOffset(_time.GetUtcNow()));
        var cells = await _features.ReadAsync(plan, bound, _options.FeatureTimeout, cancellationToken).ConfigureAwait(false);
        return new FeatureRows(service.Service.Columns, cells, bound.Rows);
    }

    public void Dispose() => _turn.Dispose();

    private async Task<PredictionPlan> PrepareAsync((string, string) key, FeatureServicePlan service, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_plans.TryGetValue(key, out var known) && ReferenceEquals(known.Service, service))
            {
                return known;
            }

            var plan = await _preparation.PrepareAsync(service, cancellationToken).ConfigureAwait(false);
            var plans = new Dictionary<(string, string), PredictionPlan>(_plans) { [key] = plan };
            if (known is null)
            {
                _order.Enqueue(key);
            }

            if (plans.Count > PlansMax && _order.TryDequeue(out var oldest) && plans.Remove(oldest, out var old))
            {
                _preparation.Return(old);
            }

            _plans = plans;
            _preparation.Return(known);
            return plan;
        }
        finally
        {
            _turn.Release();
        }
    }
}
