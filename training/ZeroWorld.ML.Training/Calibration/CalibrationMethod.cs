namespace ZeroWorld.ML.Training;

/// <summary>How probabilities are calibrated.</summary>
public enum CalibrationMethod
{
    /// <summary>The one with the smallest Brier score on the later half of the validation rows after it was fitted on the earlier half; plain where none is better.</summary>
    Auto,

    /// <summary><see cref="PlainSigmoid"/>.</summary>
    None,

    /// <summary><see cref="PlattScaling"/>.</summary>
    Platt,

    /// <summary><see cref="IsotonicRegression"/>.</summary>
    Isotonic,
}
