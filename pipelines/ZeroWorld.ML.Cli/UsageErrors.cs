using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;

namespace ZeroWorld.ML.Cli;

/// <summary>A wrong command line in one sentence: what is wrong, what was meant, where the whole help is.</summary>
internal static class UsageErrors
{
    private static readonly SearchValues<char> OptionCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    /// <returns><see langword="null"/> where the command line is right, or where it ends at a group of commands, whose help is the answer.</returns>
    public static string? Describe(ParseResult parse)
    {
        var command = parse.CommandResult.Command;

        // Where a command takes any number of values, the parser takes a mistyped option for one of them.
        var unknown = parse.Tokens.TakeWhile(static token => token.Type != TokenType.DoubleDash).FirstOrDefault(token =>
            token.Type == TokenType.Argument && (IsOptionLike(token.Value) || (token.Value is ['-', _, ..] && parse.UnmatchedTokens.Contains(token.Value))))?.Value;
        if (unknown is not null && (parse.Errors.Count == 0 || parse.UnmatchedTokens.Contains(unknown)))
        {
            string[] options = [.. command.Options.Where(static option => !option.Hidden).Select(static option => option.Name)];
            return $"There is no option '{unknown}' here. {Meant(unknown, options)}Expected one of {string.Join(", ", options)}. A value that looks like one stands behind '--'.";
        }

        if (parse.Errors.Count == 0 || (command.Subcommands.Count > 0 && parse.UnmatchedTokens.Count == 0))
        {
            return null;
        }

        if (parse.UnmatchedTokens.Count > 0)
        {
            var token = parse.UnmatchedTokens[0];
            string[] commands = [.. command.Subcommands.Where(static known => !known.Hidden).Select(static known => known.Name)];
            return commands.Length > 0
                ? $"There is no command '{token}' here. {Meant(token, commands)}Expected one of {string.Join(", ", commands)}."
                : $"'{token}' is one value too many. {Help(parse)}";
        }

        return $"{string.Join(' ', parse.Errors.Select(Sentence).Distinct())} {Help(parse)}";
    }

    private static string Sentence(ParseError error)
    {
        var (name, type, tokens) = error.SymbolResult switch
        {
            OptionResult option => ($"Option '{option.Option.Name}'", option.Option.ValueType, option.Tokens),
            ArgumentResult { Parent: OptionResult option } => ($"Option '{option.Option.Name}'", option.Option.ValueType, option.Tokens),
            ArgumentResult argument => ($"Argument '{argument.Argument.Name}'", argument.Argument.ValueType, argument.Tokens),
            _ => ("", typeof(string), []),
        };
        return type == typeof(string) ? error.Message : $"{name} has {(tokens.Count == 0 ? "no value" : $"the value '{tokens[^1].Value}'")}; expected {Expected(type)}.";
    }

    private static string Expected(Type type)
    {
        var own = type.GetElementType() ?? Nullable.GetUnderlyingType(type) ?? type;
        return own switch
        {
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(own))}",
            _ when own == typeof(int) || own == typeof(long) => "a whole number",
            _ when own == typeof(uint) => "a whole number of at least 0",
            _ when own == typeof(double) || own == typeof(float) => "a number",
            _ when own == typeof(bool) => "true or false",
            _ when own == typeof(TimeSpan) => "a time span as 00:00:05",
            _ when own == typeof(string) => "a text",
            _ => $"a {own.Name}",
        };
    }

    private static bool IsOptionLike(string text) =>
        text.StartsWith("--", StringComparison.Ordinal) && text.Length > 2 && text.AsSpan(2).IndexOfAnyExcept(OptionCharacters) < 0;

    private static string Help(ParseResult parse)
    {
        var names = new Stack<string>();
        for (var result = parse.CommandResult; result.Parent is CommandResult parent; result = parent)
        {
            names.Push(result.Command.Name);
        }

        var path = string.Join(' ', names.Prepend("zwml"));
        var arguments = string.Concat(parse.CommandResult.Command.Arguments.Where(static argument => !argument.Hidden).Select(static argument => $" <{argument.Name}>"));
        return $"The command is '{path}{arguments}', and '{path} --help' shows its options.";
    }

    // What is at most a third of its letters away is what was meant.
    private static string Meant(string text, string[] known)
    {
        var nearest = known.Select(name => (Name: name, Distance: DistanceOf(text, name))).OrderBy(static pair => pair.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(1, (text.TrimStart('-').Length + 1) / 3) ? $"Did you mean '{nearest.Name}'? " : "";
    }

    // Letters put in, left out, changed or swapped with their neighbour: F. J. Damerau, "A technique for computer detection and correction of spelling errors", 1964.
    private static int DistanceOf(string one, string other)
    {
        var best = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                best[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(best[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1), 1 + Math.Min(best[i - 1, j], best[i, j - 1]));
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                {
                    best[i, j] = Math.Min(best[i, j], best[i - 2, j - 2] + 1);
                }
            }
        }

        return best[one.Length, other.Length];
    }
}
