namespace ZeroWorld.ML.Models;

/// <summary>One feature on the way from the root, as TreeSHAP keeps it.</summary>
internal struct PathElement
{
    /// <summary>-1 for the root's own element.</summary>
    public int Feature;

    /// <summary>Share of the training rows that go this way when the feature is left out.</summary>
    public double ZeroFraction;

    /// <summary>1 when the row itself goes this way, else 0.</summary>
    public double OneFraction;

    /// <summary>Weight of all subsets of so many features on the path.</summary>
    public double Weight;
}
