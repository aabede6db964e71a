namespace ZeroWorld.ML.Training;

/// <summary>Measured quality of one model on the rows of one split.</summary>
public sealed record Evaluation
{
    /// <value>Rows that were scored.</value>
    public required int Rows { get; init; }

    /// <value>Positive ones among them.</value>
    public required int Positives { get; init; }

    /// <value>Area under the ROC curve.</value>
    public required double AucRoc { get; init; }

    /// <value>Stepwise average precision.</value>
    public required double AveragePrecision { get; init; }

    /// <value>Card precision at <see cref="CardsPerDay"/>.</value>
    public required double CardPrecision { get; init; }

    /// <value>What a perfect model would reach as <see cref="CardPrecision"/>.</value>
    public required double CardPrecisionCeiling { get; init; }

    /// <value>The k of card precision.</value>
    public required int CardsPerDay { get; init; }

    public required double Brier { get; init; }

    /// <value>In nats.</value>
    public required double LogLoss { get; init; }

    /// <summary>Measures scores.</summary>
    /// <param name="scores">One probability per row of <paramref name="rows"/>.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a score is NaN.</exception>
    public static Evaluation Of(TrainingTable table, ReadOnlySpan<int> rows, ReadOnlySpan<float> scores, int cardsPerDay)
    {
        ArgumentNullException.ThrowIfNull(table);
        var labels = table.LabelsOf(rows);
        var (times, cards) = (new long[rows.Length], new long[rows.Length]);
        for (var index = 0; index < rows.Length; index++)
        {
            times[index] = table.Time(rows[index]);
            cards[index] = table.Card(rows[index]);
        }

        return new Evaluation
        {
            Rows = rows.Length,
            Positives = table.CountPositives(rows),
            AucRoc = BinaryMetrics.AreaUnderRoc(scores, labels),
            AveragePrecision = BinaryMetrics.AveragePrecision(scores, labels),
            CardPrecision = Training.CardPrecision.AtK(scores, labels, times, cards, cardsPerDay),
            CardPrecisionCeiling = Training.CardPrecision.CeilingAtK(labels, times, cards, cardsPerDay),
            CardsPerDay = cardsPerDay,
            Brier = BinaryMetrics.Brier(scores, labels),
            LogLoss = BinaryMetrics.LogLoss(scores, labels),
        };
    }
}
