using System.CommandLine;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train FAMILY</c>: a model out of the user's own data.</summary>
internal static class TrainCommand
{
    public static Command Create() => new("train", "Trains a model on a data set of yours.") { TrainFraudCommand.Create() };
}
