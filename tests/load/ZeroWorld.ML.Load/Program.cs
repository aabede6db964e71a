using ZeroWorld.ML.Load;

// The server runs as a child of this program, started with this first argument.
if (args is [ServerChild.Argument, .. var child])
{
    return await ServerChild.RunAsync(child);
}

if (LoadOptions.TryParse(args) is not { } options)
{
    await Console.Error.WriteLineAsync(LoadOptions.Usage);
    return 2;
}

if (await LoadRun.RunAsync(options) is { } report)
{
    await Console.Out.WriteLineAsync(options.IsJson ? report.ToJson() : report.ToTable());
}

return 0;
