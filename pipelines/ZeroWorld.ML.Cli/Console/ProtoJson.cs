using Google.Protobuf;

namespace ZeroWorld.ML.Cli;

/// <summary>Answers as JSON on standard output, for programs.</summary>
internal static class ProtoJson
{
    private static readonly JsonFormatter Formatter =
        new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true).WithIndentation());

    public static void Write(IMessage message) => System.Console.Out.WriteLine(Format(message));

    public static string Format(IMessage message) => Formatter.Format(message);
}
