namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>What a ranking with ties is worth: every order of equal scores counts alike.</summary>
/// <remarks>
/// A group of t equal scores takes the places g to g + t - 1 (from 0), m of its members are wanted. By linearity each place holds a wanted member with probability m / t;
/// the place of the first wanted one follows the hypergeometric distribution.
/// </remarks>
internal static class TieRanks
{
    /// <summary>1 / log2(place + 2) summed over the places from 0, so that a range is a difference; index p holds the sum of the first p places.</summary>
    private static readonly double[] Discounts = Sum(4096);

    /// <summary>Sum of the discounts of the places <paramref name="from"/> to <paramref name="to"/> - 1.</summary>
    internal static double Discount(int from, int to)
    {
        if (to <= from)
        {
            return 0;
        }

        if (to < Discounts.Length)
        {
            return Discounts[to] - Discounts[from];
        }

        var sum = 0.0;
        for (var place = from; place < to; place++)
        {
            sum += 1 / Math.Log2(place + 2);
        }

        return sum;
    }

    /// <summary>Chance that the first <paramref name="places"/> places of a group hold no wanted member.</summary>
    internal static double NoneAmong(int places, int size, int wanted)
    {
        var chance = 1.0;
        for (var place = 0; place < places; place++)
        {
            chance *= Math.Max(0, size - wanted - place) / (double)(size - place);
        }

        return chance;
    }

    private static double[] Sum(int count)
    {
        var sums = new double[count];
        for (var place = 1; place < count; place++)
        {
            sums[place] = sums[place - 1] + (1 / Math.Log2(place + 1));
        }

        return sums;
    }
}
