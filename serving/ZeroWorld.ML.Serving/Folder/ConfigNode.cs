namespace ZeroWorld.ML.Serving;

/// <summary>What kind of value a field of a configuration has.</summary>
internal enum ConfigKind
{
    /// <summary>A whole or broken number, signed.</summary>
    Number,

    /// <summary>Quoted.</summary>
    Text,

    /// <summary>A word: a value of an enum, true, false, inf or nan.</summary>
    Word,

    /// <summary>Fields in braces.</summary>
    Message,
}

/// <summary>One value of one field of a configuration: of a message in protobuf's text format, or of a mapping in YAML. A field that is repeated is there more than once.</summary>
/// <param name="Name">Name of the field.</param>
/// <param name="Kind">Kind of its value.</param>
/// <param name="Text">The value without quotes; empty for a message.</param>
/// <param name="Fields">The fields of a message, in order.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
internal sealed record ConfigNode(string Name, ConfigKind Kind, string Text, IReadOnlyList<ConfigNode> Fields, int Line, int Column)
{
    public ModelConfigException Wrong(string expected) =>
        new(Line, Column, $"'{Name}' is {(Kind == ConfigKind.Message ? "a message" : Kind == ConfigKind.Text ? $"\"{Text}\"" : Text)}; expected {expected}");
}
