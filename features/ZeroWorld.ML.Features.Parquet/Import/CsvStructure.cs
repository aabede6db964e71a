using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>What the engine does not say of a CSV file: which line it stumbles over, and how its columns were called before it made names of its own.</summary>
internal static class CsvStructure
{
    private const string Separators = ",;\t|";

    /// <summary>The one of the usual separators that the header line has most of; a comma where it has none.</summary>
    public static char SeparatorOf(string path)
    {
        using var stream = CsvTableFile.Open(path);
        using var lines = new StreamReader(stream, Encoding.UTF8);
        var header = lines.ReadLine() ?? "";
        return Separators.MaxBy(separator => header.Count(letter => letter == separator));
    }

    /// <summary>The first record that is none by RFC 4180, or has other numbers of values than the header has columns.</summary>
    /// <returns>A sentence that names its line; <see langword="null"/> where all records are well.</returns>
    public static FeatureException? FindProblem(string path, char separator, CancellationToken cancellationToken)
    {
        try
        {
            using var file = new CsvTableFile(path, [], separator);
            while (file.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            return null;
        }
        catch (FeatureException problem) when (problem.Error == FeatureError.InvalidInput)
        {
            return problem;
        }
    }

    /// <summary>How many records there are behind the header, and how many of them do not begin with <c>#</c>.</summary>
    /// <returns><see langword="null"/> where a record is none by RFC 4180, or longer than this reader takes.</returns>
    public static (long All, long WithoutComments)? CountRecords(string path, char separator, CancellationToken cancellationToken)
    {
        using var stream = CsvTableFile.Open(path);
        var reader = new CsvRecordReader(stream, (byte)separator);
        var (all, comments) = (reader.Read() ? 0L : -1, 0L);
        while (all >= 0 && reader.Read())
        {
            cancellationToken.ThrowIfCancellationRequested();
            all++;
            comments += reader.Get(0).StartsWith("#"u8) ? 1 : 0;
        }

        return reader.Problem is null && all >= 0 ? (all, all - comments) : null;
    }

    /// <summary>Names of the columns as the first record has them; none where it cannot be read.</summary>
    public static IReadOnlyList<string> HeaderOf(string path, char separator)
    {
        try
        {
            using var file = new CsvTableFile(path, [], separator);
            return file.Names;
        }
        catch (FeatureException problem) when (problem.Error == FeatureError.InvalidInput)
        {
            return [];
        }
    }

    /// <summary>The names of the file for those of the engine, which makes a number behind a name that it has seen before, in capitals or not.</summary>
    /// <param name="header">As in the file; where its first record is no header, or has another separator, the engine's names stay.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: a name stands there twice.</exception>
    public static IReadOnlyList<string> NamesOf(string path, IReadOnlyList<string> header, IReadOnlyList<string> engine)
    {
        if (header.Count != engine.Count || !engine.Zip(header, IsOf).All(static isOf => isOf))
        {
            return engine;
        }

        string[] names = [.. engine.Zip(header, static (made, own) => own.Length == 0 || made.Trim() == own ? made : own)];
        for (var column = 0; column < names.Length; column++)
        {
            var first = header[column].Length == 0 ? column : header.ToList().IndexOf(header[column]);
            if (first < column)
            {
                throw ImportFailure.File(path, FormattableString.Invariant($"has the column '{header[column]}' more than once in its header: as column {first + 1} and column {column + 1}; expected names of their own."));
            }
        }

        return names;
    }

    private static bool IsOf(string made, string own) =>
        own.Length == 0 || made.Trim() == own
        || (made.TrimStart().StartsWith($"{own}_", StringComparison.Ordinal) && made.Trim().AsSpan(own.Length + 1).IndexOfAnyExceptInRange('0', '9') < 0);
}
