using System.Collections.Frozen;
using System.Diagnostics;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Decides which requests are traced, and starts their spans. Rules hold for all models, or for one.</summary>
/// <remarks>
/// Spans are of <see cref="SourceName"/>: one of kind server per request, a child of the caller's span where it has one, with a child per stage; and one per run of a model that at least one traced
/// request shares, with a link to each of them and from each of them. Requests that are not traced cost a read of a field.
/// <para>Thread safe.</para>
/// </remarks>
public sealed class RequestTraces
{
    /// <summary>Name of the <see cref="ActivitySource"/>.</summary>
    public const string SourceName = "ZeroWorld.ML.Serving";

    // Whoever asks for more models than this has them all under the common rule.
    private const int ModelsMax = 10_000;
    internal static readonly ActivitySource Source = new(SourceName);

    private readonly Lock _lock = new();
    private readonly TraceRule _atStart;
    private readonly Dictionary<ModelName, TraceChange> _changes = [];
    private readonly TimeProvider _time;
    private TraceChange _common;
    private volatile Samplers _samplers;

    /// <param name="atStart">The rule for all models, until it is changed.</param>
    /// <param name="time">Clock of the spans.</param>
    public RequestTraces(TraceRule atStart, TimeProvider time)
    {
        _atStart = atStart;
        _time = time;
        _samplers = new Samplers(new TraceSampler(atStart), FrozenDictionary<ModelName, TraceSampler>.Empty);
    }

    /// <summary>The rule that holds now.</summary>
    /// <param name="model"><see langword="null"/>: for all models that have none of their own.</param>
    public TraceRule Get(ModelName? model) => _samplers.Of(model).Rule;

    /// <summary>Changes a rule. A change for all models is seen by those that say nothing else themselves.</summary>
    /// <param name="model"><see langword="null"/>: for all.</param>
    /// <param name="change">From what was changed before to what is to be.</param>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>: too many models have rules of their own.</exception>
    public void Change(ModelName? model, Func<TraceChange, TraceChange> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_lock)
        {
            if (model is not { } named)
            {
                _common = change(_common);
            }
            else if (change(_changes.GetValueOrDefault(named)) is var changed && changed == default)
            {
                _changes.Remove(named);
            }
            else if (_changes.Count < ModelsMax || _changes.ContainsKey(named))
            {
                _changes[named] = changed;
            }
            else
            {
                throw new ServingException(ServingError.Overloaded, $"{ModelsMax} models have trace settings of their own, which is as many as may.");
            }

            var common = new TraceSampler(_common.Apply(_atStart));
            _samplers = new Samplers(common, _changes.ToFrozenDictionary(static pair => pair.Key, pair => new TraceSampler(pair.Value.Apply(common.Rule))));
        }
    }

    /// <summary>Starts the span of a request.</summary>
    /// <param name="received">Timestamp of <see cref="Stopwatch"/> when its message was given to the decoder.</param>
    /// <returns><see langword="null"/>: it is not traced.</returns>
    internal RequestTrace? Start(RequestKind kind, ModelName model, long received)
    {
        var samplers = _samplers;
        if (!samplers.IsAnyOn || !Source.HasListeners())
        {
            return null;
        }

        var caller = CallerTrace.Current;
        return samplers.Of(model).Take(caller) ? RequestTrace.Start(kind, model, caller, _time.GetUtcNow() - Stopwatch.GetElapsedTime(received)) : null;
    }

    private sealed class Samplers(TraceSampler common, FrozenDictionary<ModelName, TraceSampler> models)
    {
        public bool IsAnyOn { get; } = common.IsOn || models.Values.Any(static sampler => sampler.IsOn);

        public TraceSampler Of(ModelName? model) => model is { } named && models.TryGetValue(named, out var own) ? own : common;
    }
}
