using System.CommandLine;

namespace ZeroWorld.ML.Cli.Tests;

public sealed class CommandEdgeTests
{
    [Fact]
    public void FindStopMax_WhoReadsAStream_MayCommitAndLeaveItsGroup()
    {
        Command[] workers = [StreamCommand.Create().Subcommands.Single(static command => command.Name == "run"), ModerateStreamCommand.Create(), ServeCommand.Create()];

        Assert.All(workers, static worker => Assert.True(CommandEdge.FindStopMax(worker) > TimeSpan.FromSeconds(30)));
        Assert.Null(CommandEdge.FindStopMax(MaterializeCommand.Create()));
    }
}
