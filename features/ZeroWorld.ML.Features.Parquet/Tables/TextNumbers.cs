namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Finds columns of texts that are numbers as people write them: with a decimal comma, thousands apart, a sign of money or percent, or words such as ? and N/A where a number is missing.</summary>
/// <remarks>A column is one of numbers only if every value of it is, and at least one shows how it is written: codes of digits stay texts.</remarks>
internal static class TextNumbers
{
    private const string Plain = "[+-]?[0-9]+";

    // Where all other values are numbers such a word can be nothing but a gap; among texts it may be a value.
    private const string Missing = @"\?|-|--|\.|(?i:#?n/a|none|nan|missing|unknown)";

    // Three digits after a comma may be thousands, so another number of them must show that it is a decimal comma.
    private static readonly Form[] Forms =
    [
        new($@"{Plain}(,[0-9]+)?|[+-]?[0-9]{{1,3}}(\.[0-9]{{3}})+(,[0-9]+)?", ".*,([0-9]{1,2}|[0-9]{4,})", static text => $"replace(replace({text}, '.', ''), ',', '.')"),
        new($@"{Plain}([.,][0-9]+)? ?%", ".*%", static text => $"replace(regexp_replace({text}, ' ?%$', ''), ',', '.')"),
        new(@"[+-]?[$€£]? ?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?", ".*[$€£,].*", static text => $"regexp_replace({text}, '[$€£, ]', '', 'g')"),
        new($@"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|{Missing}", ".*[0-9].*", static text => $"CASE WHEN {text} <> '' AND NOT regexp_full_match({text}, {Sql.Text(Missing)}) THEN {text} END"),
    ];

    /// <summary>For each column the expression of its numbers, FLOAT64; columns that stay texts are left out.</summary>
    /// <param name="columns">Names of columns of texts in the table <c>data</c>.</param>
    internal static Dictionary<string, string> Find(DuckDbSession session, IReadOnlyList<string> columns, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (columns.Count == 0)
        {
            return found;
        }

        var counts = columns.SelectMany(static column => Forms.SelectMany(form => (string[])
        [
            $"count(*) FILTER (NOT regexp_full_match(trim({Sql.Name(column)}), {Sql.Text(form.Every)}))",
            $"count(*) FILTER (regexp_full_match(trim({Sql.Name(column)}), {Sql.Text(form.One)}))",
        ]));
        using var rows = session.Query($"SELECT {string.Join(", ", counts)} FROM data", cancellationToken);
        rows.Read();
        for (var column = 0; column < columns.Count; column++)
        {
            for (var form = 0; form < Forms.Length; form++)
            {
                var place = 2 * ((column * Forms.Length) + form);
                if (rows.GetInt64(place) == 0 && rows.GetInt64(place + 1) > 0)
                {
                    found.Add(columns[column], $"CAST({Forms[form].Number($"trim({Sql.Name(columns[column])})")} AS DOUBLE)");
                    break;
                }
            }
        }

        return found;
    }

    /// <param name="Every">What every value must be.</param>
    /// <param name="One">What at least one value must be.</param>
    /// <param name="Number">From the expression of the text to that of a plain number's text.</param>
    private sealed record Form(string Every, string One, Func<string, string> Number);
}
