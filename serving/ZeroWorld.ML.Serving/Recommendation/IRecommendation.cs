namespace ZeroWorld.ML.Serving;

/// <summary>One question to a recommender, as <see cref="RecommendationPath"/> has it answered: first what is read, then what is computed.</summary>
/// <remarks>Called once each, in this order, by one caller.</remarks>
public interface IRecommendation
{
    /// <summary>Checks the question and reads what the answer needs: the recommender, recent items.</summary>
    /// <param name="servable">The version that answers; held until the answer is there.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    ValueTask ReadAsync(Servable servable, CancellationToken cancellationToken);

    /// <summary>Computes the answer.</summary>
    AnsweredRow Answer();
}
