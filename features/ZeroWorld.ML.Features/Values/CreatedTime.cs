namespace ZeroWorld.ML.Features;

/// <summary>When the source knew it: microseconds since 1970-01-01T00:00:00Z.</summary>
/// <remarks>A row is visible from max(event time, created time) on.</remarks>
public readonly record struct CreatedTime(long Microseconds)
{
    public override string ToString() => UnixMicroseconds.ToText(Microseconds);
}
