namespace ZeroWorld.ML.Training;

/// <param name="X">False positive rate, or recall, or mean predicted probability.</param>
/// <param name="Y">True positive rate, or precision, or observed share of positives.</param>
/// <param name="Threshold">Rows at or above this score are taken as positive; of a reliability bin its rows.</param>
public readonly record struct CurvePoint(double X, double Y, double Threshold);
