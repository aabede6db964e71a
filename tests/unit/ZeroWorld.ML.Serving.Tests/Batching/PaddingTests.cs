using System.Collections.Concurrent;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Runs are brought to the sizes of a ladder, and answers are those of unpadded runs.</summary>
public sealed class PaddingTests : IDisposable
{
    private static readonly ModelSignature Signature = new(
        [new TensorSpec("ids", TensorDtype.Int64, [-1, -1]), new TensorSpec("mask", TensorDtype.Float32, [-1, -1])],
        [new TensorSpec("tokens", TensorDtype.Int64, [-1, -1, 2]), new TensorSpec("sum", TensorDtype.Float32, [-1, 1])]);

    private static readonly ModelPadding Ladder = new()
    {
        Rows = [1, 4, 8],
        Axes = [new PaddedAxis([4, 8, 16], [new PaddedInput("ids", 1, 7), new PaddedInput("mask", 1)], [new PaddedOutput("tokens", 1)])],
    };

    private readonly TestPackages _packages = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RunFittedAsync_AnyLengthsAtOnce_EachGetsItsOwnAnswerFromRunsOfTheLadder()
    {
        await Gen.Select(Gen.Int[0, 4], Gen.Int[0, 20]).List[1, 12].SampleAsync(
            async requests =>
            {
                var shapes = new ConcurrentQueue<(long, long)>();
                await using var scheduler = Create(shapes, Ladder);

                var answers = await Task.WhenAll(requests.Select((request, index) => scheduler.RunFittedAsync(Inputs(request.Item1, request.Item2, index), request.Item1, default, isTogether: false, Cancellation).AsTask()));

                for (var index = 0; index < requests.Count; index++)
                {
                    var (rows, length) = requests[index];
                    var expected = Model(Inputs(rows, length, index));
                    Assert.Equal([rows, length, 2], answers[index].Tensors[0].Shape.ToArray());
                    Assert.Equal(expected[0].AsSpan<long>().ToArray(), answers[index].Tensors[0].AsSpan<long>().ToArray());
                    Assert.Equal(expected[1].AsSpan<float>().ToArray(), answers[index].Tensors[1].AsSpan<float>().ToArray());
                }

                Assert.All(shapes, static shape => Assert.True(shape.Item1 is 0 or 1 or 4 or 8 or > 8 && shape.Item2 is 0 or 4 or 8 or > 15, $"{shape}"));
            },
            iter: 60);
    }

    [Fact]
    public async Task RunFittedAsync_DifferentLengths_ShareARun()
    {
        var instance = new FakeInstance(Signature, Model);
        await using var scheduler = Create(instance, Ladder);
        instance.Close();
        var first = scheduler.RunFittedAsync(Inputs(1, 16, 0), 1, default, isTogether: false, Cancellation).AsTask();
        await instance.Running.WaitAsync(Cancellation);

        Task<BatchOutputs>[] others = [scheduler.RunFittedAsync(Inputs(1, 5, 1), 1, default, isTogether: false, Cancellation).AsTask(), scheduler.RunFittedAsync(Inputs(2, 8, 2), 2, default, isTogether: false, Cancellation).AsTask()];
        instance.Open();
        await Task.WhenAll([first, .. others]).WaitAsync(Cancellation);

        Assert.Equal([1, 4], instance.BatchRows);
        var second = await others[1];
        Assert.Equal((4, 1), (second.BatchRows, second.Start));
    }

    [Fact]
    public async Task RunFittedAsync_DifferentLengthsTogether_ShareARun()
    {
        var instance = new FakeInstance(Signature, Model);
        await using var scheduler = Create(instance, Ladder);

        Task<BatchOutputs>[] requests =
        [
            scheduler.RunFittedAsync(Inputs(1, 5, 1), 1, default, isTogether: true, Cancellation).AsTask(),
            scheduler.RunFittedAsync(Inputs(2, 8, 2), 2, default, isTogether: true, Cancellation).AsTask(),
        ];
        Assert.Empty(instance.BatchRows);
        scheduler.Execute();
        await Task.WhenAll(requests).WaitAsync(Cancellation);

        Assert.Equal([4], instance.BatchRows);
        var second = await requests[1];
        Assert.Equal((4, 1), (second.BatchRows, second.Start));
    }

    [Fact]
    public async Task RunFittedAsync_InputsOfOneAxisDiffer_IsRefusedByName()
    {
        await using var scheduler = Create(new FakeInstance(Signature, Model), Ladder);
        TensorBuffer[] inputs = [Inputs(1, 3, 0)[0], Inputs(1, 5, 0)[1]];

        var exception = await Assert.ThrowsAsync<ServingException>(() => scheduler.RunFittedAsync(inputs, 1, default, isTogether: false, Cancellation).AsTask());

        Assert.Equal(ServingError.InvalidInput, exception.Error);
        Assert.Contains("input 'mask'", exception.Message, StringComparison.Ordinal);
        Assert.Contains("has 5 on axis 1. Expected 3, as 'ids'", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", 1, 0.0, "the input 'nothing' has no axis 1 of any size")]
    [InlineData("ids", 2, 0.0, "the input 'ids' has no axis 2 of any size")]
    [InlineData("ids", 1, 0.5, "the input 'ids' cannot be filled with 0.5: it is INT64")]
    public void Of_WhatDoesNotFitTheTensors_IsRefused(string tensor, int axis, double value, string expected)
    {
        var package = Package(new ModelPadding { Axes = [new PaddedAxis([4], [new PaddedInput(tensor, axis, value)], [])] });

        var exception = Assert.Throws<ServingException>(() => PaddingPlan.Of(package, Signature));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TensorDtype.Float16, 1.5)]
    [InlineData(TensorDtype.BFloat16, -2.0)]
    [InlineData(TensorDtype.Float32, 0.25)]
    [InlineData(TensorDtype.Float64, -1e300)]
    [InlineData(TensorDtype.Int8, -128.0)]
    [InlineData(TensorDtype.UInt8, 255.0)]
    [InlineData(TensorDtype.Int16, -2.0)]
    [InlineData(TensorDtype.UInt32, 4294967295.0)]
    [InlineData(TensorDtype.Bool, 1.0)]
    public void Pad_EveryDatatype_IsFilledWithTheValue(TensorDtype dtype, double value)
    {
        var signature = new ModelSignature([new TensorSpec("x", dtype, [-1, -1])], [new TensorSpec("y", dtype, [-1, -1])]);
        var plan = PaddingPlan.Of(Package(new ModelPadding { Axes = [new PaddedAxis([3], [new PaddedInput("x", 1, value)], [])] }), signature)!;

        var padded = plan.Pad([TensorBuffer.Of(dtype, [2, 1], new byte[2 * dtype.Width()])], out _)[0];

        Assert.Equal([2, 3], padded.Shape.ToArray());
        Assert.Equal([0, value, value, 0, value, value], Enumerable.Range(0, 6).Select(index => TensorElements.ToDouble(padded, index)));
    }

    [Fact]
    public void Read_YamlWithPadding_IsTaken()
    {
        var settings = YamlConfigReader.Read("""
            batch_rows_max: 64
            padding:
              rows: [1, 8, 64]
              axes:
                - sizes: [16, 32]
                  inputs: [{ name: ids, axis: 1 }, { name: mask, axis: 1, value: -1.5 }]
                  outputs: [{ name: tokens, axis: 1 }]
            """).Settings;

        Assert.Equal([1, 8, 64], settings.Padding!.Rows);
        var axis = Assert.Single(settings.Padding.Axes);
        Assert.Equal([16, 32], axis.Sizes);
        Assert.Equal([new PaddedInput("ids", 1), new PaddedInput("mask", 1, -1.5)], axis.Inputs);
        Assert.Equal([new PaddedOutput("tokens", 1)], axis.Outputs);
    }

    [Theory]
    [InlineData("padding: { rows: [8, 4] }", "must ascend")]
    [InlineData("padding: { rows: [0] }", "expected a whole number from 1")]
    [InlineData("padding: { axes: [{ sizes: [4] }] }", "at least one of the inputs")]
    [InlineData("padding: { axes: [{ sizes: [4], inputs: [{ name: x }] }] }", "needs its name and its axis")]
    [InlineData("padding: { axes: [{ sizes: [4], inputs: [{ name: x, axis: 0 }] }] }", "expected a whole number from 1")]
    [InlineData("padding: { colour: red }", "there is no setting 'colour'")]
    public void Read_YamlWithWrongPadding_IsAnErrorWithItsPlace(string text, string expected)
    {
        var exception = Assert.Throws<ModelConfigException>(() => YamlConfigReader.Read(text));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
        Assert.Matches("^[0-9]+:[0-9]+: ", exception.Message);
    }

    public void Dispose() => _packages.Dispose();

    private BatchScheduler Create(ConcurrentQueue<(long Rows, long Length)> shapes, ModelPadding padding) => Create(
        new FakeInstance(Signature, inputs =>
        {
            shapes.Enqueue((inputs[0].Shape[0], inputs[0].Shape[1]));
            return Model(inputs);
        }),
        padding);

    private BatchScheduler Create(FakeInstance instance, ModelPadding padding) => new(
        [instance], new BatchSchedulerOptions { BatchRowsMax = 16, RunsInlineWhenIdle = false }, new ServingMetrics(), new ModelTags(TestPackages.Model, 1), new ServableStatistics(TimeProvider.System), TimeProvider.System, NullLogger.Instance,
        PaddingPlan.Of(Package(padding), Signature));

    private ModelPackage Package(ModelPadding padding) => _packages.Add(null, manifest => manifest with { Padding = padding });

    /// <summary>Padding changes nothing where the mask is 0.</summary>
    private static TensorBuffer[] Model(TensorBuffer[] inputs)
    {
        var (rows, length) = ((int)inputs[0].Shape[0], (int)inputs[0].Shape[1]);
        var ids = inputs[0].AsSpan<long>();
        var mask = inputs[1].AsSpan<float>();
        var tokens = new long[rows * length * 2];
        var sums = new float[rows];
        for (var index = 0; index < ids.Length; index++)
        {
            tokens[2 * index] = ids[index] + 1;
            tokens[(2 * index) + 1] = -ids[index];
            sums[index / length] += mask[index] * ids[index];
        }

        return [TensorBuffer.Of(TensorDtype.Int64, [rows, length, 2], System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(tokens).ToArray()), TensorBuffer.OfFloat32([rows, 1], sums)];
    }

    private static TensorBuffer[] Inputs(int rows, int length, int seed)
    {
        var random = new Random(seed);
        var ids = Enumerable.Range(0, rows * length).Select(_ => (long)random.Next(100)).ToArray();
        var mask = Enumerable.Range(0, rows * length).Select(_ => (float)random.Next(2)).ToArray();
        return [TensorBuffer.Of(TensorDtype.Int64, [rows, length], System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(ids).ToArray()), TensorBuffer.OfFloat32([rows, length], mask)];
    }
}
