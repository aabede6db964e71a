using System.Diagnostics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The feature stage of a prediction: reads each entity of the request once, then makes the rows.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class FeatureStage(OnlineReadCoalescer reader)
{
    /// <param name="timeout">How long to wait; what has not arrived then is UNAVAILABLE.</param>
    /// <returns>Cells, row-major: [rows, columns of the service].</returns>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>, <see cref="ServingError.InvalidInput"/> (a key too long).</exception>
    public ValueTask<FeatureCell[]> ReadAsync(PredictionPlan plan, BoundRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var reads = EntityReads.Of(plan, request);
        if (reads.Keys.Length == 0)
        {
            return ValueTask.FromResult(Build(plan, request, reads));
        }

        var reading = reader.TryReadAsync(reads.Keys, reads.Answers, timeout, cancellationToken);
        return reading.IsCompletedSuccessfully
            ? ValueTask.FromResult(Finish(reading.Result, plan, request, reads))
            : AwaitAsync(reading, plan, request, reads);
    }

    private static async ValueTask<FeatureCell[]> AwaitAsync(ValueTask<bool> reading, PredictionPlan plan, BoundRequest request, EntityReads reads) =>
        Finish(await reading.ConfigureAwait(false), plan, request, reads);

    private static FeatureCell[] Finish(bool isAccepted, PredictionPlan plan, BoundRequest request, EntityReads reads) => isAccepted
        ? Build(plan, request, reads)
        : throw new ServingException(ServingError.Overloaded, "Too many feature reads are waiting for the online store. Try again later.");

    private static FeatureCell[] Build(PredictionPlan plan, BoundRequest request, EntityReads reads)
    {
        var columns = plan.Service.Service.Columns.Count;
        var cells = new FeatureCell[request.Rows * columns];
        var values = new FeatureValue[request.Values.Length];
        var views = new ViewPayload[plan.ViewSources.Length];
        Debug.Assert(plan.Coverage.Count == views.Length);
        for (var row = 0; row < request.Rows; row++)
        {
            for (var index = 0; index < values.Length; index++)
            {
                values[index] = request.Values[index][row];
            }

            for (var view = 0; view < views.Length; view++)
            {
                var (entity, payload) = plan.ViewSources[view];
                views[view] = reads.GetPayload(entity, payload, row, plan.Coverage[view].Coverage);
            }

            plan.Service.BuildRow(request.GetTime(row), values, views, cells.AsSpan(row * columns, columns));
        }

        return cells;
    }
}
