using System.Text;

namespace ZeroWorld.ML.Cli;

/// <summary>Names as options take them: several, or several in one text with commas between them. A name that has a comma stands in double quotes, as in a CSV file.</summary>
internal static class NameList
{
    public const string Form = "Names are apart by spaces or commas; one with a comma stands in double quotes: '\"a,b\",c'.";

    /// <exception cref="UsageException">A quote is not closed.</exception>
    public static List<string> Parse(IEnumerable<string>? texts)
    {
        var names = new List<string>();
        foreach (var text in texts ?? [])
        {
            var (name, isQuoted) = (new StringBuilder(), false);
            foreach (var piece in text)
            {
                if (piece == ',' && !isQuoted)
                {
                    Add(names, name);
                }
                else if (piece == '"')
                {
                    isQuoted = !isQuoted;
                }
                else
                {
                    name.Append(piece);
                }
            }

            if (isQuoted)
            {
                throw new UsageException($"'{text}' has a double quote that is not closed. {Form}");
            }

            Add(names, name);
        }

        return names;
    }

    private static void Add(List<string> names, StringBuilder name)
    {
        if (name.ToString().Trim() is { Length: > 0 } found)
        {
            names.Add(found);
        }

        name.Clear();
    }
}
