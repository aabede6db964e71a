using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>A column of a prediction request as the wire brought it: one value, or one per row.</summary>
/// <param name="Name">Join key or request value.</param>
/// <param name="Type">Type of the column on the wire; brought to the declared type by value.</param>
/// <param name="Values">Values of that type; a null is <see cref="FeatureValue.IsNull"/>. Length 1 or the number of rows.</param>
public sealed record RequestColumn(string Name, FeatureType Type, ReadOnlyMemory<FeatureValue> Values);
