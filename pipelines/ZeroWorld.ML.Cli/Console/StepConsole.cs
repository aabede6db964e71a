using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace ZeroWorld.ML.Cli;

/// <summary>Shows a job as numbered steps: a live bar for a person, one finished line per step for a log.</summary>
/// <remarks>Everything goes to standard error, so that standard output holds the report alone and <c>--json</c> can be piped.</remarks>
internal sealed class StepConsole(IAnsiConsole console, int steps)
{
    private readonly IAnsiConsole _console = console;
    private readonly int _steps = steps;
    private int _current;

    public static StepConsole ToStandardError(int steps) =>
        new(Terminals.Error, steps);

    /// <summary>Runs one step and prints its line.</summary>
    /// <param name="title">What is done, as a noun.</param>
    /// <param name="run">Gets a progress that takes 0 to 1, and returns the result with a summary of it.</param>
    public async Task<T> RunAsync<T>(string title, Func<IProgress<double>, Task<(T Result, string Summary)>> run)
    {
        var number = ++_current;
        var started = Stopwatch.GetTimestamp();
        var label = string.Create(CultureInfo.InvariantCulture, $"[{number}/{_steps}] {title}");
        var (result, summary) = _console.Profile.Capabilities.Interactive && _console.Profile.Capabilities.Ansi
            ? await RunWithBarAsync(label, run)
            : await run(new Silent());
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _console.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[green]done[/]  {label,-34} {summary}  [grey]{seconds:0.0} s[/]");
        return result;
    }

    private async Task<(T Result, string Summary)> RunWithBarAsync<T>(string label, Func<IProgress<double>, Task<(T Result, string Summary)>> run) =>
        await _console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async context =>
            {
                var task = context.AddTask(Markup.Escape(label), maxValue: 1);
                task.IsIndeterminate = true;
                var outcome = await run(new Bar(task));
                task.Value = 1;
                return outcome;
            });

    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value)
        {
            task.IsIndeterminate = false;
            task.Value = Math.Clamp(value, 0, 1);
        }
    }

    private sealed class Silent : IProgress<double>
    {
        public void Report(double value)
        {
            // A log shows finished steps only.
        }
    }
}
