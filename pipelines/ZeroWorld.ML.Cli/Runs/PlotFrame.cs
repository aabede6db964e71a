namespace ZeroWorld.ML.Cli;

/// <summary>What the axes of a plot go over.</summary>
internal enum PlotFrame
{
    /// <summary>Each axis over its own values; x counts (steps, trials) and has ticks at whole numbers.</summary>
    Free,

    /// <summary>Both from 0 to 1.</summary>
    Unit,

    /// <summary>Both from 0 to 1, with the line of equal values.</summary>
    UnitWithDiagonal,

    /// <summary>Both from 0 to the greatest value of either, with the line of equal values.</summary>
    SquareWithDiagonal,
}
