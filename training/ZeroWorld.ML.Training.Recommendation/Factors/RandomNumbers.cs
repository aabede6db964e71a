namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Draws from distributions.</summary>
internal static class RandomNumbers
{
    /// <summary>A standard normal number (Box and Muller).</summary>
    internal static double NextNormal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
