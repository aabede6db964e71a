using System.Buffers;
using System.Diagnostics;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The feature stage of a prediction: reads each entity of the request once, then makes the rows.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class FeatureStage(OnlineReadCoalescer reader)
{
    /// <summary>Starts the reads of a request.</summary>
    /// <param name="timeout">How long to wait; what has not arrived then is UNAVAILABLE.</param>
    /// <param name="reads">What <see cref="Build"/> makes the rows of, once the returned task has ended.</param>
    /// <returns><see langword="false"/> when too many reads are waiting: see <see cref="Refuse"/>.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/> (a key too long).</exception>
    public ValueTask<bool> StartAsync(PredictionPlan plan, BoundRequest request, TimeSpan timeout, out EntityReads reads, CancellationToken cancellationToken)
    {
        reads = EntityReads.Of(plan, request);
        var reading = reader.TryReadAsync(reads.Keys, reads.Answers, timeout, cancellationToken);
        reads.ReleaseKeys();
        return reading;
    }

    /// <summary>Reads and makes the rows.</summary>
    /// <inheritdoc cref="StartAsync"/>
    /// <returns>Cells, row-major: [rows, columns of the service].</returns>
    /// <exception cref="ServingException"><see cref="ServingError.Overloaded"/>, <see cref="ServingError.InvalidInput"/> (a key too long).</exception>
    public async ValueTask<FeatureCell[]> ReadAsync(PredictionPlan plan, BoundRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!await StartAsync(plan, request, timeout, out var reads, cancellationToken).ConfigureAwait(false))
        {
            throw Refuse();
        }

        // Out of the group: nobody knows how long what the caller does with the rows takes, and predictions may stand behind it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var cells = new FeatureCell[request.Rows * plan.Service.Service.Columns.Count];
        Build(plan, request, reads, cells);
        return cells;
    }

    public static ServingException Refuse() => new(ServingError.Overloaded, "Too many feature reads are waiting for the online store. Try again later.");

    /// <summary>Makes the rows of what was read, and lets go of it.</summary>
    /// <param name="cells">Receives all cells, row-major: [rows, columns of the service].</param>
    public static void Build(PredictionPlan plan, BoundRequest request, EntityReads reads, Span<FeatureCell> cells)
    {
        var columns = plan.Service.Service.Columns.Count;
        var (valueCount, viewCount) = (request.Rows * request.Values.Length, plan.ViewSources.Length);
        Debug.Assert(plan.Coverage.Count == viewCount);
        var rentedValues = ArrayPool<FeatureValue>.Shared.Rent(valueCount);
        var rentedViews = ArrayPool<ViewPayload>.Shared.Rent(viewCount);
        var values = rentedValues.AsSpan(0, valueCount);
        var views = rentedViews.AsSpan(0, viewCount);
        for (var row = 0; row < request.Rows; row++)
        {
            var given = values.Slice(row * request.Values.Length, request.Values.Length);
            for (var index = 0; index < given.Length; index++)
            {
                given[index] = request.Values[index][row];
            }

            for (var view = 0; view < views.Length; view++)
            {
                var (entity, payload) = plan.ViewSources[view];
                views[view] = reads.GetPayload(entity, payload, row, plan.Coverage[view].Coverage);
            }

            var rowCells = cells.Slice(row * columns, columns);
            plan.Service.FillRow(request.GetTime(row), given, views, rowCells);
            for (var index = 0; index < given.Length; index++)
            {
                if (request.Values[index].IsDefaulted(row))
                {
                    plan.Service.MarkDefaulted(index, rowCells);
                }
            }
        }

        reads.Release();

        // All rows at once, by the code that makes training sets.
        plan.Service.RunTransforms(request.GetTimes(), values, cells);
        values.Clear();
        views.Clear();
        ArrayPool<FeatureValue>.Shared.Return(rentedValues);
        ArrayPool<ViewPayload>.Shared.Return(rentedViews);
    }
}
