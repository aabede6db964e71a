using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training.Recommendation;

namespace ZeroWorld.ML.Cli;

/// <param name="Interactions">What was learned from.</param>
/// <param name="Trained">The recommender with its figures.</param>
/// <param name="Package">Its package.</param>
internal sealed record RecommendationTrainResult(InteractionSet Interactions, TrainedRecommender Trained, ModelPackage Package);
