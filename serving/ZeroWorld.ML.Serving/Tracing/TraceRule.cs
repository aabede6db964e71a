namespace ZeroWorld.ML.Serving;

/// <summary>Which requests are traced.</summary>
/// <param name="IsOn">Whether any is.</param>
/// <param name="Rate">Of requests whose caller has no trace, one in this many. 1 or more.</param>
/// <param name="Count">How many requests more; -1: without end.</param>
public readonly record struct TraceRule(bool IsOn, int Rate, long Count)
{
    /// <summary>Nothing is traced.</summary>
    public static TraceRule Off { get; } = new(false, 1000, -1);
}

/// <summary>What was changed of a <see cref="TraceRule"/>; <see langword="null"/>: as it is further up, for all models or at the start.</summary>
/// <param name="IsOn">See <see cref="TraceRule"/>, likewise the others.</param>
public readonly record struct TraceChange(bool? IsOn, int? Rate, long? Count)
{
    /// <summary>The rule with this change.</summary>
    public TraceRule Apply(TraceRule rule) => new(IsOn ?? rule.IsOn, Rate ?? rule.Rate, Count ?? rule.Count);
}
