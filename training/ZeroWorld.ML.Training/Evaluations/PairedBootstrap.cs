namespace ZeroWorld.ML.Training;

/// <summary>How sure a difference between two models on the same rows is. Pure functions: the same arguments give the same interval.</summary>
/// <remarks>
/// Units are drawn with replacement and both models are measured on the same draw (Efron and Tibshirani 1993, chapter 13, percentile interval). Rows of one entity are
/// not independent, so whole entities are the units: drawing rows would make the interval too narrow. Resamples on which a metric is undefined (one class only) are
/// drawn again, at most as often as there are resamples.
/// </remarks>
public static class PairedBootstrap
{
    /// <summary>The interval of <c>metric(challenger) - metric(champion)</c>.</summary>
    /// <param name="metric">What is compared.</param>
    /// <param name="champion">One probability per row.</param>
    /// <param name="challenger">One probability per row.</param>
    /// <param name="labels">One per row.</param>
    /// <param name="groups">Entity of each row; empty: every row is a unit of its own.</param>
    /// <param name="resamples">100 or more.</param>
    /// <param name="confidence">Above 0.5, below 1.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: one class only, or too few units of one class to draw from.</exception>
    /// <exception cref="ArgumentException">Lengths differ, or a score is NaN.</exception>
    public static BootstrapInterval OfDifference(
        GateMetric metric,
        ReadOnlySpan<float> champion,
        ReadOnlySpan<float> challenger,
        ReadOnlySpan<bool> labels,
        ReadOnlySpan<long> groups,
        int resamples,
        double confidence,
        int seed,
        CancellationToken cancellationToken)
    {
        Check(resamples, confidence);
        if (!groups.IsEmpty && groups.Length != labels.Length)
        {
            throw new ArgumentException($"There are {labels.Length} labels and {groups.Length} groups; expected as many.", nameof(groups));
        }

        var (before, after) = (new RankedScores(champion, labels), new RankedScores(challenger, labels));
        var value = after.Measure(metric) - before.Measure(metric);
        if (double.IsNaN(value))
        {
            throw new TrainingException(TrainingError.UnsuitableData, $"The {labels.Length} rows to compare on hold one class only; {metric} needs both.");
        }

        var (unitOfRow, units) = ToUnits(groups, labels.Length);
        var random = new Random(seed);
        var (drawn, counts) = (new int[units], new int[labels.Length]);
        var differences = new double[resamples];
        for (int done = 0, wasted = 0; done < resamples;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Array.Clear(drawn);
            for (var draw = 0; draw < units; draw++)
            {
                drawn[random.Next(units)]++;
            }

            for (var row = 0; row < counts.Length; row++)
            {
                counts[row] = drawn[unitOfRow[row]];
            }

            var difference = after.Measure(metric, counts) - before.Measure(metric, counts);
            if (!double.IsNaN(difference))
            {
                differences[done++] = difference;
            }
            else if (++wasted > resamples)
            {
                throw new TrainingException(
                    TrainingError.UnsuitableData, $"Of {units} units most draws hold one class only: there are too few to say how sure a difference of {metric} is.");
            }
        }

        return ToInterval(value, differences, confidence, units);
    }

    /// <summary>The interval of the difference of two means over units, such as users: <paramref name="champion"/> and <paramref name="challenger"/> hold one value per unit.</summary>
    /// <exception cref="ArgumentException">Lengths differ, or there are no units.</exception>
    /// <inheritdoc cref="OfDifference"/>
    public static BootstrapInterval OfMeans(ReadOnlySpan<double> champion, ReadOnlySpan<double> challenger, int resamples, double confidence, int seed)
    {
        Check(resamples, confidence);
        if (champion.Length != challenger.Length || champion.IsEmpty)
        {
            throw new ArgumentException($"There are {champion.Length} and {challenger.Length} values; expected as many, and at least one.", nameof(challenger));
        }

        var units = champion.Length;
        var values = new double[units];
        for (var unit = 0; unit < units; unit++)
        {
            values[unit] = challenger[unit] - champion[unit];
        }

        var random = new Random(seed);
        var differences = new double[resamples];
        for (var done = 0; done < resamples; done++)
        {
            var sum = 0.0;
            for (var draw = 0; draw < units; draw++)
            {
                sum += values[random.Next(units)];
            }

            differences[done] = sum / units;
        }

        return ToInterval(values.Average(), differences, confidence, units);
    }

    private static void Check(int resamples, double confidence)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 100);
        if (confidence is not (> 0.5 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "Expected above 0.5 and below 1.");
        }
    }

    private static (int[] UnitOfRow, int Units) ToUnits(ReadOnlySpan<long> groups, int rows)
    {
        var unitOfRow = new int[rows];
        var known = new Dictionary<long, int>();
        for (var row = 0; row < rows; row++)
        {
            if (groups.IsEmpty)
            {
                unitOfRow[row] = row;
            }
            else if (known.TryGetValue(groups[row], out var unit))
            {
                unitOfRow[row] = unit;
            }
            else
            {
                known.Add(groups[row], known.Count);
                unitOfRow[row] = known.Count - 1;
            }
        }

        return (unitOfRow, groups.IsEmpty ? rows : known.Count);
    }

    private static BootstrapInterval ToInterval(double value, double[] differences, double confidence, int units)
    {
        Array.Sort(differences);
        var tail = (1 - confidence) / 2;
        var lower = differences[(int)Math.Floor(tail * (differences.Length - 1))];
        var upper = differences[(int)Math.Ceiling((1 - tail) * (differences.Length - 1))];
        return new BootstrapInterval(value, lower, upper, confidence, units, differences.Length);
    }
}
