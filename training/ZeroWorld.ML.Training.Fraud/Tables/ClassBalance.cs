using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>What is done about positives being rare, before a model is fitted.</summary>
/// <remarks>Whatever distorts probabilities is put right by the calibrator. Anomaly detectors learn from genuine rows only: they have the plain form alone.</remarks>
[JsonConverter(typeof(JsonStringEnumConverter<ClassBalance>))]
public enum ClassBalance
{
    /// <summary>Nothing: every row counts as one.</summary>
    Plain,

    /// <summary>All positive rows together weigh as much as all negative ones.</summary>
    Weights,

    /// <summary>Ten negative rows are kept for each positive one, drawn by the seed.</summary>
    Undersampling,
}
