using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Validate_Defaults_Pass()
    {
        foreach (object options in (object[])[new BatchSchedulerOptions(), new ServableManagerOptions(), new PredictionOptions(), new PredictionLogOptions()])
        {
            Assert.Empty(Problems(options));
        }
    }

    [Fact]
    public void Validate_QueueSmallerThanABatch_IsRefused()
    {
        Assert.Empty(Problems(new BatchSchedulerOptions { BatchRowsMax = 100, QueueRowsMax = 100 }));
        Assert.Single(Problems(new BatchSchedulerOptions { BatchRowsMax = 100, QueueRowsMax = 99 }));
    }

    [Theory]
    [InlineData(0.9, 1)]
    [InlineData(1, 0)]
    [InlineData(60_000, 0)]
    [InlineData(60_001, 1)]
    public void Validate_FeatureTimeoutAroundItsBounds_IsCheckedInclusively(double milliseconds, int problems) =>
        Assert.Equal(problems, Problems(new PredictionOptions { FeatureTimeout = TimeSpan.FromMilliseconds(milliseconds) }).Count);

    [Fact]
    public void Validate_RetryDelayAboveItsGreatest_IsRefused() =>
        Assert.Single(Problems(new ServableManagerOptions { RetryDelay = TimeSpan.FromSeconds(2), RetryDelayMax = TimeSpan.FromSeconds(1) }));

    private static List<ValidationResult> Problems(object options)
    {
        var problems = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), problems, validateAllProperties: true);
        return problems;
    }
}
