namespace ZeroWorld.ML.Features;

/// <summary>A piece of a YAML file that knows where it stands.</summary>
/// <param name="File">Path as messages show it.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal abstract record YamlNode(string File, long Line, long Column)
{
    /// <summary>What it is, for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>How a plain (unquoted) scalar reads by the YAML core schema; quoted ones are always text.</summary>
internal enum YamlScalarKind
{
    Null,
    Bool,
    Integer,
    Number,
    Text,
}

/// <param name="Value">The text, quotes and escapes resolved.</param>
/// <param name="ScalarKind">What it reads as.</param>
/// <param name="TextColumn">Column of the first character of <paramref name="Value"/>, or 0 where characters and columns do not run in step.</param>
internal sealed record YamlScalar(string File, long Line, long Column, string Value, YamlScalarKind ScalarKind, long TextColumn)
    : YamlNode(File, Line, Column)
{
    public override string Kind => ScalarKind switch
    {
        YamlScalarKind.Null => "nothing",
        YamlScalarKind.Bool => $"the bool {Value}",
        YamlScalarKind.Integer => $"the integer {Shorten(Value)}",
        YamlScalarKind.Number => $"the number {Shorten(Value)}",
        _ => $"'{Shorten(Value)}'",
    };

    public static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}

internal sealed record YamlList(string File, long Line, long Column, IReadOnlyList<YamlNode> Items) : YamlNode(File, Line, Column)
{
    public override string Kind => "a list";
}

internal sealed record YamlMap(string File, long Line, long Column, IReadOnlyList<KeyValuePair<YamlScalar, YamlNode>> Entries)
    : YamlNode(File, Line, Column)
{
    public override string Kind => "a mapping";
}
