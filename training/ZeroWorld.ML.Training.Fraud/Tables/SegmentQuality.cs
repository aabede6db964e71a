namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Quality on the test rows of one segment.</summary>
/// <param name="Column">Column that divides.</param>
/// <param name="Value">Its value, or a range of it.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Positives">Positive ones among them.</param>
/// <param name="AucRoc">NaN with one class only.</param>
/// <param name="AveragePrecision">NaN with one class only.</param>
/// <param name="MeanScore">Mean probability: next to the share of positives where it is calibrated.</param>
public sealed record SegmentQuality(string Column, string Value, int Rows, int Positives, double AucRoc, double AveragePrecision, double MeanScore);
