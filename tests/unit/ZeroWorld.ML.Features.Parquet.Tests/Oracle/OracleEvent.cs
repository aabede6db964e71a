namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>One row of the random history.</summary>
internal sealed record OracleEvent(int Row, long? Key, string? Text, long Event, long Created, long Id, string Name, double? V, string? S, long? N)
{
    public string ToCsv() => string.Join(
        ',',
        Key,
        Text is null ? string.Empty : $"\"{Text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        UnixMicroseconds.ToText(Event),
        UnixMicroseconds.ToText(Created),
        Id,
        Name,
        V,
        S,
        N);
}

/// <summary>One spine row.</summary>
internal sealed record OracleRead(long? Key, string? Text, long Q, double? Amount, long? Other)
{
    public string ToCsv() => string.Join(
        ',', Key, Text is null ? string.Empty : $"\"{Text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", UnixMicroseconds.ToText(Q), Amount, Other);
}
