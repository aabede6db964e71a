namespace ZeroWorld.ML.Features.Parquet;

/// <summary>How a column is written: the feature types, and int32 for statuses.</summary>
internal enum ColumnKind
{
    Bool,
    Int32,
    Int64,
    Float32,
    Float64,
    String,
    Bytes,
    Timestamp,
    Int64List,
    Float64List,
    StringList,
}
