using System.Globalization;
using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;
using RecommendationSource = ZeroWorld.ML.V1.RecommendationSource;
using Source = ZeroWorld.ML.Training.Recommendation.RecommendationSource;

namespace ZeroWorld.ML.Hosting;

/// <summary>Answers <c>Recommend</c>, for gRPC and REST: finds the version, reads the user's recent items from the online store, and asks the recommender.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RecommendationCalls(ServableManager servables, Recommenders recommenders, FeatureServiceCatalog catalog, FeaturePath features)
{
    private const int CountDefault = 10;

    public async ValueTask<RecommendResponse> RecommendAsync(RecommendRequest request, CancellationToken cancellationToken)
    {
        CheckQuestion(request);
        var model = new ModelName(request.Project.Length == 0 ? ModelName.DefaultProject : request.Project, request.Model);
        using var lease = await servables.AcquireAsync(model, SelectorOf(request), cancellationToken).ConfigureAwait(false);
        var engine = await recommenders.GetAsync(lease.Servable, cancellationToken).ConfigureAwait(false);
        var count = request.HasK ? (int)Math.Min(request.K, int.MaxValue) : CountDefault;
        var read = 0;
        Recommendations answer;
        if (request.SimilarToItem.Length > 0)
        {
            CheckKnown(engine.Bundle.Histories.Items, request.SimilarToItem, "similar_to_item");
            answer = engine.SimilarItems(request.SimilarToItem, count);
        }
        else if (request.SimilarToUser.Length > 0)
        {
            CheckKnown(engine.Bundle.Histories.Users, request.SimilarToUser, "similar_to_user");
            answer = engine.SimilarUsers(request.SimilarToUser, count);
        }
        else
        {
            var recent = await ReadRecentAsync(engine.Bundle.RecentItems, model.Project, request.User, cancellationToken).ConfigureAwait(false);
            read = recent.Length;
            answer = engine.Recommend(ToQuery(request, recent, count));
        }

        var response = new RecommendResponse
        {
            Project = model.Project,
            Model = model.Name,
            ModelVersion = lease.Servable.Version,
            Source = ToMessage(answer.Source),
            Exact = answer.IsExact,
            RecentItemsRead = (uint)read,
        };
        response.Items.AddRange(answer.Items.Select(static item => new RecommendedItem { Id = item.Id, Score = item.Score }));
        response.UnknownItems.AddRange(answer.UnknownItems);
        return response;
    }

    private static void CheckQuestion(RecommendRequest request)
    {
        var isPersonal = request.User.Length > 0 || request.RecentItems.Count > 0;
        var questions = (isPersonal ? 1 : 0) + (request.LikeAttributes.Count > 0 ? 1 : 0) + (request.SimilarToItem.Length > 0 ? 1 : 0) + (request.SimilarToUser.Length > 0 ? 1 : 0);
        if (questions != 1)
        {
            throw new ServingException(
                ServingError.InvalidInput,
                $"The request asks {questions} questions; expected one of: user or recent_items (or both), like_attributes, similar_to_item, similar_to_user.");
        }
    }

    private static VersionSelector SelectorOf(RecommendRequest request) => request.VersionSelectorCase switch
    {
        RecommendRequest.VersionSelectorOneofCase.Version => request.Version >= 1
            ? VersionSelector.OfVersion(request.Version)
            : throw new ServingException(ServingError.InvalidInput, $"version is {request.Version}; expected 1 or more, or none for the alias '{VersionSelector.ChampionAlias}'."),
        RecommendRequest.VersionSelectorOneofCase.Alias => VersionSelector.OfAlias(request.Alias),
        _ => VersionSelector.Champion,
    };

    private static void CheckKnown(IdVocabulary ids, string id, string field)
    {
        if (!ids.TryGetIndex(id, out _))
        {
            throw new ProtocolFailure(StatusCode.NotFound, $"{field}: '{id}' was not in training; expected one of its {ids.Count} ids.");
        }
    }

    private static RecommendQuery ToQuery(RecommendRequest request, string[] recent, int count)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var filter in request.Filters)
        {
            if (filter.Attribute.Length == 0 || filter.Values.Count == 0 || !filters.TryAdd(filter.Attribute, filter.Values))
            {
                throw new ServingException(
                    ServingError.InvalidInput, $"filters: the attribute '{filter.Attribute}' is empty, has no value or is there twice; expected each attribute once, with its allowed values.");
            }
        }

        return new RecommendQuery
        {
            User = request.User.Length > 0 ? request.User : null,
            RecentItems = [.. recent, .. request.RecentItems],
            LikeAttributes = request.LikeAttributes,
            Count = count,
            IncludeSeen = request.IncludeSeen,
            Exclude = request.ExcludeItems,
            Candidates = request.CandidateItems,
            Filters = filters,
            Approximate = request.Approximate,
        };
    }

    /// <summary>Recent items of a user in the online store, the oldest first.</summary>
    private async ValueTask<string[]> ReadRecentAsync(RecentItemsSource? source, string project, string user, CancellationToken cancellationToken)
    {
        if (source is null || user.Length == 0)
        {
            return [];
        }

        var plan = await catalog.GetAsync(project, source.FeatureService, cancellationToken).ConfigureAwait(false);
        if (plan.Service.Fingerprint != source.Fingerprint)
        {
            throw new ProtocolFailure(
                StatusCode.FailedPrecondition,
                $"The model reads recent items from the feature service '{source.FeatureService}', whose definition changed since it was trained. Apply that definition, or train the model again.");
        }

        var rows = await features.ReadAsync(plan, [KeyOf(plan, source.Key, user)], [], cancellationToken).ConfigureAwait(false);
        var column = rows.Columns.Select(static column => column.Name).ToList().IndexOf(source.Column);
        var value = column >= 0 ? rows.Cells.Span[column].Value : default;
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

    private static RecommendationSource ToMessage(Source source) => source switch
    {
        Source.TrainedUser => RecommendationSource.TrainedUser,
        Source.FoldIn => RecommendationSource.FoldIn,
        Source.Content => RecommendationSource.Content,
        Source.Popularity => RecommendationSource.Popularity,
        _ => RecommendationSource.Similarity,
    };
}
