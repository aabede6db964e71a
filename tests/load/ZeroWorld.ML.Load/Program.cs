using ZeroWorld.ML.Load;

// The servers run as children of this program, started with these first arguments.
switch (args)
{
    case [ServerChild.Argument, .. var child]:
        return await ServerChild.RunAsync(child);
    case [ModelServerChild.Argument, .. var child]:
        return await ModelServerChild.RunAsync(child);
    case [BareServerChild.Argument, .. var child]:
        return await BareServerChild.RunAsync(child);
    case [FloorServerChild.Argument]:
        return await FloorServerChild.RunAsync();
    case [FiftyServerChild.Argument, .. var child]:
        return await FiftyServerChild.RunAsync(child);
    case [FiftyRun.Argument, .. var rest] when FiftyRun.TryParse(rest) is { } fifty:
        var report = await FiftyRun.RunAsync(fifty);
        await Console.Out.WriteLineAsync(fifty.IsJson ? report.ToJson() : report.ToTable());
        return 0;
    case [SpeedRun.Argument, .. var rest] when SpeedRun.TryParse(rest) is { } speed:
        var ratios = await SpeedRun.RunAsync(speed);
        await Console.Out.WriteLineAsync(speed.IsJson ? ratios.ToJson() : ratios.ToTable());
        return 0;
    case [GpuRun.Argument, .. var rest] when GpuRun.TryParse(rest) is { } gpu:
        var figures = await GpuRun.RunAsync(gpu);
        await Console.Out.WriteLineAsync(gpu.IsJson ? figures.ToJson() : figures.ToTable());
        return 0;
    case [DeadlineRun.Argument]:
        await Console.Out.WriteLineAsync((await DeadlineRun.RunAsync(300)).ToTable());
        return 0;
    case [DeadlineRun.Argument, var text] when int.TryParse(text, out var count) && count > 0:
        await Console.Out.WriteLineAsync((await DeadlineRun.RunAsync(count)).ToTable());
        return 0;
    default:
        break;
}

if (LoadOptions.TryParse(args) is not { } options)
{
    await Console.Error.WriteLineAsync(LoadOptions.Usage);
    await Console.Error.WriteLineAsync(SpeedRun.Usage);
    await Console.Error.WriteLineAsync(FiftyRun.Usage);
    await Console.Error.WriteLineAsync(GpuRun.Usage);
    await Console.Error.WriteLineAsync(DeadlineRun.Usage);
    return 2;
}

if (await LoadRun.RunAsync(options) is { } result)
{
    await Console.Out.WriteLineAsync(options.IsJson ? result.ToJson() : result.ToTable());
}

return 0;
