namespace ZeroWorld.ML.House.Tests;

internal static class HouseAssert
{
    /// <summary>Fails with every breach in full, one per line.</summary>
    public static void NoBreaches(IEnumerable<string> breaches)
    {
        string[] found = [.. breaches];
        if (found.Length > 0)
        {
            Assert.Fail(string.Join('\n', found));
        }
    }
}
