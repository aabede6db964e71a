using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Gets the features of a service ready to be read: coverage, and one read of an entity that nobody has.</summary>
/// <remarks>
/// The read warms up: without it the first request after a start would spend its feature timeout on compiling code and opening connections.
/// <para>Thread safe.</para>
/// </remarks>
internal sealed class FeaturePreparation(CoverageCache coverage, FeatureStage features, TimeProvider time)
{
    private const int WarmUpReads = 2;
    private static readonly TimeSpan WarmUpTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Prepares what a model reads. Undone by <see cref="Return"/>.</summary>
    public async Task<PredictionPlan> PrepareAsync(
        ModelManifest manifest, ModelSignature signature, FeatureServicePlan service, TextTokenizer? tokenizer, CancellationToken cancellationToken)
    {
        var slots = await coverage.RentAsync(service, cancellationToken).ConfigureAwait(false);
        return await WarmUpAsync(slots, () => new PredictionPlan(manifest, signature, service, slots, tokenizer), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Prepares a service without a model. Undone by <see cref="Return"/>.</summary>
    public async Task<PredictionPlan> PrepareAsync(FeatureServicePlan service, CancellationToken cancellationToken)
    {
        var slots = await coverage.RentAsync(service, cancellationToken).ConfigureAwait(false);
        return await WarmUpAsync(slots, () => new PredictionPlan(service, slots), cancellationToken).ConfigureAwait(false);
    }

    public void Return(PredictionPlan? plan) => coverage.Return(plan?.Coverage ?? []);

    private async Task<PredictionPlan> WarmUpAsync(IReadOnlyList<CoverageSlot> slots, Func<PredictionPlan> create, CancellationToken cancellationToken)
    {
        try
        {
            var plan = create();
            var request = new BoundRequest(
                1,
                [.. plan.Keys.Select(static key => Nobody(key.Type))],
                [.. plan.Service.Service.RequestValues.Select(static value => value.Default.IsNull ? Nobody(value.Type) : new BoundColumn(new[] { value.Default }))],
                [UnixMicroseconds.FromDateTimeOffset(time.GetUtcNow())]);
            for (var read = 0; read < WarmUpReads; read++)
            {
                await features.ReadAsync(plan, request, WarmUpTimeout, cancellationToken).ConfigureAwait(false);
            }

            return plan;
        }
        catch (ServingException exception) when (exception.Error == ServingError.Overloaded)
        {
            // So many reads are waiting that there is nothing left to warm up.
            return create();
        }
        catch
        {
            coverage.Return(slots);
            throw;
        }
    }

    /// <summary>The least value of a type: no real key, and harmless when it is one, since it is only read.</summary>
    private static BoundColumn Nobody(FeatureType type) => new(new[]
    {
        type switch
        {
            FeatureType.Bool => FeatureValue.FromBool(false),
            FeatureType.Int64 => FeatureValue.FromInt64(long.MinValue),
            FeatureType.Float32 => FeatureValue.FromFloat32(0),
            FeatureType.Float64 => FeatureValue.FromFloat64(0),
            FeatureType.String => FeatureValue.FromString(""),
            FeatureType.Bytes => FeatureValue.FromBytes([]),
            FeatureType.Int64List => FeatureValue.FromInt64List([]),
            FeatureType.Float64List => FeatureValue.FromFloat64List([]),
            FeatureType.StringList => FeatureValue.FromStringList([]),
            _ => FeatureValue.FromTimestamp(0),
        },
    });
}
