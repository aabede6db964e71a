namespace ZeroWorld.ML.Features;

/// <summary>Type of a feature, an entity key or a request value. Numbers are those of <c>zeroworld.ml.v1.ValueType</c>.</summary>
public enum FeatureType
{
    Bool = 1,
    Int64 = 2,
    Float32 = 3,
    Float64 = 4,
    String = 5,
    Bytes = 6,

    /// <summary>Microseconds since 1970-01-01T00:00:00Z, int64.</summary>
    Timestamp = 7,

    /// <summary>A list of int64 without nulls: what <c>first_k</c>, <c>last_k</c> and <c>top_k</c> of an int64 column give, ids of a sparse feature. Lists are never keys.</summary>
    Int64List = 8,

    /// <summary>A list of float64 without nulls: as above, a vector, or the weights of a sparse feature.</summary>
    Float64List = 9,

    /// <summary>A list of strings, as above.</summary>
    StringList = 10,
}
