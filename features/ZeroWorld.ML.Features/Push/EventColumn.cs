namespace ZeroWorld.ML.Features;

/// <summary>A source column of pushed events.</summary>
/// <param name="Name">Name in the source table.</param>
/// <param name="Type">Type of its values.</param>
/// <param name="Values">One per event; a null is <see cref="FeatureValue.IsNull"/>.</param>
public sealed record EventColumn(string Name, FeatureType Type, IReadOnlyList<FeatureValue> Values);
