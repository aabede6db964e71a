using System.Globalization;
using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Hosting;

/// <summary>Reads the recent items of a user from the online store, through the feature service that a recommender was trained with.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RecentItemsReader(FeatureServiceCatalog catalog, FeaturePath features)
{
    /// <exception cref="ProtocolFailure">FAILED_PRECONDITION: the feature service changed, or its column is no list of ids.</exception>
    public async ValueTask<RecentItems> ReadAsync(RecentItemsSource source, string project, string user, CancellationToken cancellationToken)
    {
        var plan = await catalog.GetAsync(project, source.FeatureService, cancellationToken).ConfigureAwait(false);
        if (plan.Service.Fingerprint != source.Fingerprint)
        {
            throw new ProtocolFailure(
                StatusCode.FailedPrecondition,
                $"The model reads recent items from the feature service '{source.FeatureService}', whose definition changed since it was trained. Apply that definition, or train the model again.");
        }

        var key = KeyOf(plan, source.Key, user);
        var rows = await features.ReadAsync(plan, [key], [], cancellationToken).ConfigureAwait(false);
        var column = rows.Columns.Select(static column => column.Name).ToList().IndexOf(source.Column);
        if (column < 0)
        {
            throw new ProtocolFailure(StatusCode.FailedPrecondition, $"The feature service '{source.FeatureService}' has no column '{source.Column}', which the model reads recent items of.");
        }

        var cell = rows.Cells.Span[column];
        return new RecentItems(IdsOf(source, cell.Value), cell, key.Type == FeatureType.Int64);
    }

    private static string[] IdsOf(RecentItemsSource source, FeatureValue value)
    {
        if (value.IsNull)
        {
            return [];
        }

        // last_k gives the newest first.
        string[] items = value.Type switch
        {
            FeatureType.StringList => value.AsStringList().ToArray(),
            FeatureType.Int64List => [.. value.AsInt64List().ToArray().Select(static item => item.ToString(CultureInfo.InvariantCulture))],
            _ => throw new ProtocolFailure(StatusCode.FailedPrecondition, $"The column '{source.Column}' of the feature service '{source.FeatureService}' is no list of ids."),
        };
        Array.Reverse(items);
        return items;
    }

    private static RequestColumn KeyOf(FeatureServicePlan plan, string key, string user)
    {
        var type = plan.Entities.SelectMany(static entity => entity.Keys).FirstOrDefault(candidate => candidate.Name == key)?.Type ?? FeatureType.String;
        if (type != FeatureType.Int64)
        {
            return new RequestColumn(key, FeatureType.String, new[] { FeatureValue.FromString(user) });
        }

        return long.TryParse(user, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? new RequestColumn(key, FeatureType.Int64, new[] { FeatureValue.FromInt64(number) })
            : throw new ServingException(ServingError.InvalidInput, $"user is '{user}'; expected a whole number, as the key '{key}' is int64.");
    }
}
