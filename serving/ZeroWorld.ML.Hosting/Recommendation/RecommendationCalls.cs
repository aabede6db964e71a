using System.Diagnostics;
using Grpc.Core;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;
using RecommendationSource = ZeroWorld.ML.V1.RecommendationSource;
using Source = ZeroWorld.ML.Training.Recommendation.RecommendationSource;

namespace ZeroWorld.ML.Hosting;

/// <summary>Answers <c>Recommend</c>, for gRPC and REST: finds the version, reads the user's recent items from the online store, asks the recommender, and logs what it said.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RecommendationCalls(RecommendationPath path, Recommenders recommenders, RecentItemsReader recentItems)
{
    /// <param name="received">Timestamp of <see cref="Stopwatch"/> when the message was given to the decoder.</param>
    public async ValueTask<RecommendReply> RecommendAsync(RecommendRequest request, long received, CancellationToken cancellationToken)
    {
        var model = new ModelName(request.Project.Length == 0 ? ModelName.DefaultProject : request.Project, request.Model);
        var question = new Recommendation(request, model.Project, recommenders, recentItems);
        var result = await path.RecommendAsync(model, SelectorOf(request), question, received, cancellationToken).ConfigureAwait(false);
        var response = new RecommendResponse
        {
            Project = model.Project,
            Model = model.Name,
            ModelVersion = result.Version,
            Source = ToMessage(question.Given.Source),
            Exact = question.Given.IsExact,
            RecentItemsRead = (uint)question.RecentItemsRead,
            PredictionId = result.PredictionId,
        };
        response.Items.AddRange(question.Given.Items.Select(static item => new RecommendedItem { Id = item.Id, Score = item.Score }));
        response.UnknownItems.AddRange(question.Given.UnknownItems);
        return new RecommendReply(response, result.Answered);
    }

    private static VersionSelector SelectorOf(RecommendRequest request) => request.VersionSelectorCase switch
    {
        RecommendRequest.VersionSelectorOneofCase.Version => request.Version >= 1
            ? VersionSelector.OfVersion(request.Version)
            : throw new ServingException(ServingError.InvalidInput, $"version is {request.Version}; expected 1 or more, or none for the alias '{VersionSelector.ChampionAlias}'."),
        RecommendRequest.VersionSelectorOneofCase.Alias => VersionSelector.OfAlias(request.Alias),
        _ => VersionSelector.Champion,
    };

    private static RecommendationSource ToMessage(Source source) => source switch
    {
        Source.TrainedUser => RecommendationSource.TrainedUser,
        Source.FoldIn => RecommendationSource.FoldIn,
        Source.Content => RecommendationSource.Content,
        Source.Popularity => RecommendationSource.Popularity,
        _ => RecommendationSource.Similarity,
    };

    /// <summary>One question: what is read for it, and what it is answered.</summary>
    private sealed class Recommendation(RecommendRequest request, string project, Recommenders recommenders, RecentItemsReader recentItems) : IRecommendation
    {
        private RecommendationEngine? _engine;
        private RecentItems _recent = RecentItems.None;

        public Recommendations Given { get; private set; } = null!;

        public int RecentItemsRead => _recent.Ids.Count;

        public async ValueTask ReadAsync(Servable servable, CancellationToken cancellationToken)
        {
            RecommendationQuestion.Check(request);
            _engine = await recommenders.GetAsync(servable.Package, $"Model '{servable.Model.Name}' version {servable.Version}", cancellationToken).ConfigureAwait(false);
            CheckKnown(_engine.Bundle.Histories.Items, request.SimilarToItem, "similar_to_item");
            CheckKnown(_engine.Bundle.Histories.Users, request.SimilarToUser, "similar_to_user");
            if (_engine.Bundle.RecentItems is { } source && request.User.Length > 0)
            {
                _recent = await recentItems.ReadAsync(source, project, request.User, cancellationToken).ConfigureAwait(false);
            }
        }

        public AnsweredRow Answer()
        {
            Given = RecommendationQuestion.Answer(_engine!, request, _recent.Ids);
            return RecommendationRows.Of(_engine!.Bundle, request, _recent, Given);
        }

        private static void CheckKnown(IdVocabulary ids, string id, string field)
        {
            if (id.Length > 0 && !ids.TryGetIndex(id, out _))
            {
                throw new ProtocolFailure(StatusCode.NotFound, $"{field}: '{id}' was not in training; expected one of its {ids.Count} ids.");
            }
        }
    }
}
