using System.CommandLine;
using ZeroWorld.ML.Cli;

var root = new RootCommand("ZeroWorld.ML: features, training, registry and serving in one house.")
{
    DemoCommand.Create(),
    ServeCommand.Create(),
    PredictCommand.Create(),
    RecommendCommand.Create(),
    ReplayCommand.Create(),
    DefinitionCommands.CreatePlan(),
    DefinitionCommands.CreateApply(),
    FeaturesCommand.Create(),
    SchemaCommand.Create(),
    ImportCommand.Create(),
    SimulateCommand.Create(),
    TrainCommand.Create(),
    RunsCommand.Create(),
    ReproduceCommand.Create(),
    ModerateCommand.Create(),
    ReviewCommand.Create(),
    MaterializeCommand.Create(),
    StreamCommand.Create(),
    PushCommand.Create(),
    ModelsCommand.Create(),
    ConfigCommand.Create(),
};

using var limit = FileSizeLimit.Tell();
return await CommandEdge.RunAsync(root.Parse(args));
