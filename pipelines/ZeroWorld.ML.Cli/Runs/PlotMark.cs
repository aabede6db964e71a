namespace ZeroWorld.ML.Cli;

internal enum PlotMark
{
    Line,
    Dots,
    LineAndDots,
}
