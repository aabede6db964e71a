namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Interactions to learn from and interactions to be found again, of the same users and items.</summary>
/// <param name="Train">What a trainer sees.</param>
/// <param name="Test">What it must rank high; a user without a test item is not counted.</param>
public sealed record InteractionSplit(InteractionSet Train, InteractionSet Test)
{
    /// <summary>Refuses a test set that the training set gives away.</summary>
    /// <exception cref="TrainingException">
    /// <see cref="TrainingError.UnsuitableData"/>: a pair is in both sets (the message says how many), or no user has a test item.
    /// <see cref="TrainingError.InvalidInput"/>: the sets have other users or items.
    /// </exception>
    public void Check()
    {
        if (!ReferenceEquals(Train.Items, Test.Items) || !ReferenceEquals(Train.Users, Test.Users))
        {
            throw new TrainingException(TrainingError.InvalidInput, "The training set and the test set have vocabularies of their own; expected one split of one set.");
        }

        if (Test.Count == 0)
        {
            throw new TrainingException(TrainingError.UnsuitableData, "The test set is empty; expected at least one user with a test item.");
        }

        var overlap = Train.CountOverlap(Test);
        if (overlap > 0)
        {
            throw new TrainingException(
                TrainingError.UnsuitableData,
                $"{overlap} of {Test.Count} test rows are in the training set too: a model that has seen the answer is not tested. Expected no row in both.");
        }
    }
}
