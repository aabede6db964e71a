using System.CommandLine;
using ZeroWorld.ML.Cli;
using ZeroWorld.ML.Hosting;

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

FileSizeLimit.FailWrites();
return await CommandEdge.RunAsync(root.Parse(args));
