namespace ZeroWorld.ML.Load;

/// <summary>The server in a child process, with a model folder and nothing else: as it is configured by default.</summary>
internal static class ModelServerChild
{
    public const string Argument = "serve-models";

    public static Task<int> RunAsync(string[] arguments)
    {
        var (folder, models) = (arguments[0], arguments[1]);
        return ServerChild.RunAsync(folder, new() { ["Models:Folder"] = models }, _ => Task.FromResult(models));
    }
}
