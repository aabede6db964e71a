namespace ZeroWorld.ML.Training;

/// <summary>The outcome of a search.</summary>
/// <param name="Trainer">The trainer with the chosen hyper-parameters.</param>
/// <param name="Best">Its trial.</param>
/// <param name="Trials">All trials, in grid order.</param>
public sealed record SearchResult<TModel>(ITrainer<TModel> Trainer, Trial Best, IReadOnlyList<Trial> Trials)
    where TModel : ITrainedModel;
