using System.Text;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Rows of a delimited text (RFC 4180: quoted fields may hold delimiters, line ends and doubled quotes). The first row names the columns.</summary>
internal sealed record CsvTable(IReadOnlyList<string> Columns, IReadOnlyList<string[]> Rows)
{
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: an open quote, or a row of another length; the message names the row.</exception>
    public static CsvTable Read(string path, char delimiter)
    {
        using var reader = new StreamReader(path, Encoding.UTF8);
        var columns = ReadRow(reader, delimiter, path, 0) ?? throw Unsuitable($"'{path}' is empty; expected a first row with the names of the columns");
        var rows = new List<string[]>();
        while (ReadRow(reader, delimiter, path, rows.Count + 1) is { } row)
        {
            if (row.Length == 1 && row[0].Length == 0)
            {
                continue;
            }

            rows.Add(row.Length == columns.Length
                ? row
                : throw Unsuitable($"'{path}', row {rows.Count + 1}: it has {row.Length} fields; expected {columns.Length} as in the first row"));
        }

        return new CsvTable(columns, rows);
    }

    private static string[]? ReadRow(StreamReader reader, char delimiter, string path, int number)
    {
        if (reader.Peek() < 0)
        {
            return null;
        }

        var (fields, field, isQuoted) = (new List<string>(), new StringBuilder(), false);
        while (true)
        {
            var next = reader.Read();
            if (isQuoted)
            {
                if (next < 0)
                {
                    throw Unsuitable($"'{path}', row {number}: a quote is not closed before the end of the file");
                }

                if (next != '"')
                {
                    field.Append((char)next);
                }
                else if (reader.Peek() == '"')
                {
                    field.Append((char)reader.Read());
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (next == '"' && field.Length == 0)
            {
                isQuoted = true;
            }
            else if (next == delimiter || next is '\n' or < 0)
            {
                if (next == '\n' && field.Length > 0 && field[^1] == '\r')
                {
                    field.Length--;
                }

                fields.Add(field.ToString());
                field.Clear();
                if (next is '\n' or < 0)
                {
                    return [.. fields];
                }
            }
            else
            {
                field.Append((char)next);
            }
        }
    }

    private static TrainingException Unsuitable(string sentence) => new(TrainingError.UnsuitableData, sentence + ".");
}
