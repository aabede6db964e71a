namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Which columns of a table mean what.</summary>
public sealed record FraudTableColumns
{
    /// <value>The label: 0 or 1, true or false, yes or no, or two texts of which <see cref="Positive"/> is one. A row without a label is left out and counted.</value>
    public required string Label { get; init; }

    /// <value>Time of the row: a timestamp, a date, a text such as 31.12.2024 23:59 or Dec-2015, or whole numbers in <see cref="TimeUnit"/>.</value>
    public required string Time { get; init; }

    /// <value>Card, account or user: whole numbers or texts. Rows of one entity are drawn together where a difference is judged.</value>
    public required string Entity { get; init; }

    /// <value>Value of the label that is positive; <see langword="null"/>: 1, true or yes.</value>
    public string? Positive { get; init; }

    public TimeUnit TimeUnit { get; init; }

    /// <value>
    /// Features; <see langword="null"/>: every other column that holds something. A column of times is one as its age, the days from it to the row's time; without a list only where
    /// no training row has a time after its own. <see cref="Time"/> is one as its hour of the day.
    /// </value>
    public IReadOnlyList<string>? Features { get; init; }

    /// <value>Columns of numbers that are categories nevertheless.</value>
    public IReadOnlyList<string> Categorical { get; init; } = [];
}
