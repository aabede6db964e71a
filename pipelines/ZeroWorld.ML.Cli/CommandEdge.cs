using System.CommandLine;
using System.Globalization;
using Grpc.Core;
using Spectre.Console;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Hosting;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training;

namespace ZeroWorld.ML.Cli;

/// <summary>The one place where failures become a sentence on standard error and an exit code.</summary>
internal static class CommandEdge
{
    // What a server has accepted is answered for as long as its settings allow (twice 10 minutes at most). System.CommandLine would end the process after 2 s.
    private static readonly TimeSpan ServerStopMax = TimeSpan.FromMinutes(21);

    // Who reads a stream commits what is done, leaves its group and tells how far it came: a busy machine takes longer than 2 s for it.
    private static readonly TimeSpan WorkerStopMax = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(ParseResult parse)
    {
        try
        {
            if (UsageErrors.Describe(parse) is { } sentence)
            {
                return Fail(sentence, ExitCode.Usage);
            }

            // System.CommandLine answers a group without a command itself, with its help and exit code 1; a wrong command line is 2 here.
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
            if (FindStopMax(parse.CommandResult.Command) is { } stopMax)
            {
                invocation.ProcessTerminationTimeout = stopMax;
            }

            var code = await parse.InvokeAsync(invocation);
            return parse.Errors.Count > 0 ? ExitCode.Usage : code;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Cancelled;
        }
        catch (UsageException exception)
        {
            return Fail(exception.Message, ExitCode.Usage);
        }
        catch (RpcException exception)
        {
            return Fail($"{exception.Status.Detail} ({StatusName(exception.StatusCode)})", ExitCode.Failure);
        }
        catch (Exception exception) when (IsExpected(exception))
        {
            return Fail(exception.Message, ExitCode.Failure);
        }
        // A bug: the trace goes to a file, a person gets a sentence.
        catch (Exception exception)
        {
            var path = Path.Combine(Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"zwml-crash-{Environment.ProcessId}.txt"));
            await File.WriteAllTextAsync(path, exception.ToString());
            return Fail($"This should not have happened: {exception.Message} The details are in '{path}'; please report them.", ExitCode.Failure);
        }
    }

    /// <summary>How long a command may take to end when it is asked to; <see langword="null"/>: as long as System.CommandLine gives it.</summary>
    internal static TimeSpan? FindStopMax(Command command) => command.Name switch
    {
        ServeCommand.Name => ServerStopMax,
        StreamCommand.RunName or ModerateStreamCommand.Name => WorkerStopMax,
        _ => null,
    };

    private static bool IsExpected(Exception exception) =>
        exception is FeatureException or RegistryException or TrainingException or ServingException or HostingException or IOException or UnauthorizedAccessException;

    private static int Fail(string message, int code)
    {
        // It may name what somebody else wrote.
        message = ShownText.Lines(message);
        if (System.Console.IsErrorRedirected)
        {
            // A log or a script gets the sentence as it is, without breaks at a width.
            System.Console.Error.WriteLine($"error: {message}");
        }
        else
        {
            Terminals.Error.MarkupLineInterpolated($"[red]error:[/] {message}");
        }

        return code;
    }

    private static string StatusName(StatusCode status) => status switch
    {
        StatusCode.InvalidArgument => "INVALID_ARGUMENT",
        StatusCode.NotFound => "NOT_FOUND",
        StatusCode.AlreadyExists => "ALREADY_EXISTS",
        StatusCode.FailedPrecondition => "FAILED_PRECONDITION",
        StatusCode.DeadlineExceeded => "DEADLINE_EXCEEDED",
        StatusCode.ResourceExhausted => "RESOURCE_EXHAUSTED",
        StatusCode.DataLoss => "DATA_LOSS",
        StatusCode.PermissionDenied => "PERMISSION_DENIED",
        _ => status.ToString().ToUpperInvariant(),
    };
}
