namespace ZeroWorld.ML.Training.Moderation;

/// <summary>The published tables that this project measures again.</summary>
public static class ModerationReproductions
{
    public static IReadOnlyList<IReproduction> All { get; } = [new HateReproduction(), new SmsSpamReproduction(), new SentimentReproduction(), new LanguageReproduction()];
}
