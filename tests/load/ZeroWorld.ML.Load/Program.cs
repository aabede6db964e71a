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

var report = await LoadRun.RunAsync(options);
await Console.Out.WriteLineAsync(options.IsJson ? report.ToJson() : report.ToTable());
return 0;
