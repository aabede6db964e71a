namespace ZeroWorld.ML.Training;

/// <summary>Watches the loss on held-out rows of a fit that goes in steps: which step was the best, and when it has been so for long enough.</summary>
/// <remarks>Not thread safe.</remarks>
public sealed class EarlyStopping
{
    /// <param name="patience">Steps without a better loss after which the fit stops; 1 or more.</param>
    /// <param name="bestStep">The best step so far, to go on from a checkpoint; 0 before the first.</param>
    /// <param name="bestLoss">Its loss.</param>
    public EarlyStopping(int patience, int bestStep = 0, double bestLoss = double.PositiveInfinity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(patience, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(bestStep);
        (Patience, BestStep, BestLoss) = (patience, bestStep, bestLoss);
    }

    public int Patience { get; }

    /// <value>The step with the least loss, of equal ones the earliest; 0 before the first.</value>
    public int BestStep { get; private set; }

    public double BestLoss { get; private set; }

    /// <summary>Whether the fit may stop after this step.</summary>
    public bool IsOver(int step) => step - BestStep >= Patience;

    /// <param name="step">The step that was just made, from 1, ascending.</param>
    /// <param name="loss">On held-out rows; NaN is never better.</param>
    /// <returns>Whether it is the best so far.</returns>
    public bool Observe(int step, double loss)
    {
        if (!(loss < BestLoss))
        {
            return false;
        }

        (BestStep, BestLoss) = (step, loss);
        return true;
    }
}
