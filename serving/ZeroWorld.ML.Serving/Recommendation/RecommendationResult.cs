namespace ZeroWorld.ML.Serving;

/// <summary>What is known of an answered recommendation beside the answer.</summary>
/// <param name="PredictionId">Its id in the prediction log.</param>
/// <param name="Version">The version that answered.</param>
/// <param name="Answered">To be finished by whoever writes the answer.</param>
public readonly record struct RecommendationResult(string PredictionId, long Version, AnsweredRequest Answered);
