namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>An item that cannot be decided about.</summary>
/// <param name="Offset">Place in the input.</param>
/// <param name="Reason">What is wrong with it.</param>
/// <param name="Item">The item as it came, at most its first 4,096 characters.</param>
public sealed record DeadLetter(string Offset, string Reason, string Item, DateTimeOffset Time)
{
    public const int ItemLengthMax = 4_096;
}
