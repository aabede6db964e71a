using Spectre.Console;

namespace ZeroWorld.ML.Cli;

/// <summary>Standard output and standard error as consoles. A file or pipe has no width: lines there are not wrapped at 80. Texts are shown as <see cref="ShownText"/> says.</summary>
internal static class Terminals
{
    private const int WidthOfFiles = 200;

    public static IAnsiConsole Output { get; } = Create(System.Console.Out, System.Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Create(System.Console.Error, System.Console.IsErrorRedirected);

    public static IAnsiConsole Create(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        console.Pipeline.Attach(new ShownTextHook());
        if (isRedirected)
        {
            console.Profile.Width = WidthOfFiles;
        }

        return console;
    }
}
