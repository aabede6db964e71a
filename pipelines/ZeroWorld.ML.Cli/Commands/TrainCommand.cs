using System.CommandLine;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train</c>: a data set to a registered package.</summary>
internal static class TrainCommand
{
    public static Command Create() => new("train", "Trains a model on a data set and registers its package.")
    {
        TrainRecommendationCommand.Create(), TrainFraudCommand.Create(), TrainTextCommand.Moderation(), TrainTextCommand.Language(),
    };
}
