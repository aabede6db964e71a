namespace ZeroWorld.ML.Features;

/// <summary>Why a feature value is what it is (docs/formats/feature-semantics.md). Numbers are those of <c>zeroworld.ml.v1.FeatureStatus</c>.</summary>
public enum FeatureStatus
{
    Unspecified = 0,

    /// <summary>The value is there.</summary>
    Present = 1,

    /// <summary>The row is there and its value is null; or an aggregate of nothing that has no value.</summary>
    Null = 2,

    /// <summary>A last-value view has no visible row of the entity, or a key is null.</summary>
    NotFound = 3,

    /// <summary>The newest visible row is older than the view's ttl; the value is withheld.</summary>
    OutsideMaxAge = 4,

    /// <summary>The store was not reached in time, or does not cover the moment of the read.</summary>
    Unavailable = 5,
}
