namespace ZeroWorld.ML.Features;

/// <summary>How the values of one feature in a table keep to the bounds that its definition declares.</summary>
/// <param name="View">Name of the feature view.</param>
/// <param name="Feature">Name of the feature; it is one of a last-value view, whose values stand in the table as they are.</param>
/// <param name="Bounds">What it declares.</param>
/// <param name="Values">Values that are not null, in rows that features may see.</param>
/// <param name="OutOfBounds">Those of them that lie outside; NaN does.</param>
public sealed record FeatureQuality(string View, string Feature, FeatureBounds Bounds, long Values, long OutOfBounds);
