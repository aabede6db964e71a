namespace ZeroWorld.ML.Training;

/// <summary>How probabilities are calibrated.</summary>
public enum CalibrationMethod
{
    /// <summary>
    /// The one with the smallest Brier score on the later half of the validation rows after it was fitted on the earlier half; plain where none is better, or where Platt's would give every row one probability. Isotonic only where the
    /// earlier half has 100 positives or more and its steps cost no more than 0.001 of average precision on the later one.
    /// </summary>
    Auto,

    /// <summary><see cref="PlainSigmoid"/>.</summary>
    None,

    /// <summary><see cref="PlattScaling"/>.</summary>
    Platt,

    /// <summary><see cref="IsotonicRegression"/>.</summary>
    Isotonic,
}
