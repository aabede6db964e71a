namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Fits on the same rows that differ by their seed. Thread safe; disposed when the last fit is done.</summary>
internal interface ITreeFits : IDisposable
{
    /// <param name="isAlone">Whether no other fit runs beside it, so that it may use all processors.</param>
    /// <returns>The same trees, alone or not.</returns>
    IFittedTrees Fit(int seed, bool isAlone, CancellationToken cancellationToken);
}
