namespace ZeroWorld.ML.Training.Tests;

public sealed class CardPrecisionTests
{
    [Fact]
    public void AtK_TwoDays_CardsFoundOnTheFirstAreOutOnTheSecond()
    {
        // Day 0: cards 1 (fraud) and 2 lead. Day 1: card 1 would lead again, but was found; 3 (fraud) and 4 are looked at.
        float[] scores = [0.9f, 0.8f, 0.1f, 0.95f, 0.7f, 0.6f];
        bool[] labels = [true, false, false, true, true, false];
        long[] times = [0, 1, 2, UtcDay.Length, UtcDay.Length + 1, UtcDay.Length + 2];
        long[] cards = [1, 2, 3, 1, 3, 4];

        Assert.Equal(0.5, CardPrecision.AtK(scores, labels, times, cards, 2), 1e-12);
    }

    [Fact]
    public void AtK_SeveralRowsOfACard_CountOnceWithTheGreatestScoreAndAnyFraud()
    {
        // The card's fraud is its quiet payment; its loud one makes it suspicious.
        float[] scores = [0.9f, 0.1f, 0.8f];
        bool[] labels = [false, true, false];

        Assert.Equal(1, CardPrecision.AtK(scores, labels, [0, 1, 2], [1, 1, 2], 1), 1e-12);
    }

    [Fact]
    public void AtK_FewerCardsThanK_DividesByK()
    {
        Assert.Equal(0.1, CardPrecision.AtK([0.9f], [true], [0], [1], 10), 1e-12);
    }

    [Fact]
    public void AtK_EqualScores_TakesCardsInOrderOfId()
    {
        Assert.Equal(0, CardPrecision.AtK([0.5f, 0.5f], [true, false], [0, 1], [2, 1], 1), 1e-12);
    }

    [Fact]
    public void AtK_NegativeInfinity_IsAScoreLikeOthers()
    {
        Assert.Equal(1, CardPrecision.AtK([float.NegativeInfinity], [true], [0], [1], 1), 1e-12);
    }

    [Fact]
    public void AtK_NoRowsOrNan_IsUndefinedOrRefused()
    {
        Assert.True(double.IsNaN(CardPrecision.AtK([], [], [], [], 5)));
        Assert.Throws<ArgumentException>(() => CardPrecision.AtK([float.NaN], [true], [0], [1], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => CardPrecision.AtK([0.5f], [true], [0], [1], 0));
    }

    [Fact]
    public void CeilingAtK_FewerFraudulentCardsThanK_IsBelowOne()
    {
        // Three fraudulent cards on day 0; on day 1 one of them again (already found) and one new.
        bool[] labels = [true, true, true, false, true, true];
        long[] times = [0, 1, 2, 3, UtcDay.Length, UtcDay.Length];

        Assert.Equal((0.75 + 0.25) / 2, CardPrecision.CeilingAtK(labels, times, [1, 2, 3, 4, 1, 5], 4), 1e-12);
    }
}
