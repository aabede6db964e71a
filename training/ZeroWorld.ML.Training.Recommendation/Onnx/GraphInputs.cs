using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What a graph asks of a user.</summary>
internal enum GraphInputKind
{
    /// <summary>INT64 [rows, n]: indexes of items, the oldest first, filled on the right with 0.</summary>
    History,

    /// <summary>FP32 [rows, n]: <see cref="HistoryMarks"/>, 0 where a place is empty.</summary>
    Marks,

    /// <summary>FP32 [rows, length]: the user's factor.</summary>
    Query,

    /// <summary>INT64 [rows]: index of a trained user.</summary>
    User,

    /// <summary>INT64 [rows]: index of an item.</summary>
    Item,
}

/// <param name="Name">Name of the tensor.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Model">The recommender, or the part of a hybrid, that reads it.</param>
internal sealed record GraphInput(string Name, GraphInputKind Kind, IRecommender Model)
{
    internal TensorDtype Dtype => Kind is GraphInputKind.Marks or GraphInputKind.Query ? TensorDtype.Float32 : TensorDtype.Int64;

    internal long[] Shape => Kind switch
    {
        GraphInputKind.Query => [-1, ((IQueryRecommender)Model).QueryLength],
        GraphInputKind.User or GraphInputKind.Item => [-1],
        _ => [-1, -1],
    };

    /// <summary>Inputs of a model's graph, in order. The parts of a hybrid share the history and have marks of their own.</summary>
    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: a hybrid with a part that scores single pairs.</exception>
    internal static IReadOnlyList<GraphInput> Of(IRecommender model)
    {
        if (model is not HybridModel hybrid)
        {
            return [.. OfOne(model, "")];
        }

        if (hybrid.Parts.FirstOrDefault(static part => part.Model is NeuMfModel) is { Model: { } pairs })
        {
            throw new TrainingException(
                TrainingError.InvalidInput,
                $"A hybrid with the part '{pairs.Algorithm}' has no ONNX graph, since that part scores one pair at a time; expected parts that score the whole catalogue.");
        }

        return [.. hybrid.Parts.SelectMany(static (part, place) => OfOne(part.Model, $"_{place}")).DistinctBy(static input => input.Name)];
    }

    private static IEnumerable<GraphInput> OfOne(IRecommender model, string suffix) => model switch
    {
        SampledFactorModel => [new GraphInput($"query{suffix}", GraphInputKind.Query, model)],
        NeuMfModel => [new GraphInput("user", GraphInputKind.User, model), new GraphInput("item", GraphInputKind.Item, model)],
        SelfAttentionModel => [History(model), new GraphInput($"last{suffix}", GraphInputKind.Marks, model)],
        _ => [History(model), new GraphInput($"weights{suffix}", GraphInputKind.Marks, model)],
    };

    private static GraphInput History(IRecommender model) => new("history", GraphInputKind.History, model);
}
