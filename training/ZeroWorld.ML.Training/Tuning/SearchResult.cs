namespace ZeroWorld.ML.Training;

/// <summary>The outcome of a search.</summary>
/// <param name="Trainer">The trainer with the chosen hyper-parameters.</param>
/// <param name="Best">Its trial.</param>
/// <param name="Trials">All trials, in grid order.</param>
/// <param name="ValidationScores">Scores of the best trial's model on the validation rows.</param>
public sealed record SearchResult<TModel>(ITrainer<TModel> Trainer, Trial Best, IReadOnlyList<Trial> Trials, IReadOnlyList<float> ValidationScores)
    where TModel : ITrainedModel;
