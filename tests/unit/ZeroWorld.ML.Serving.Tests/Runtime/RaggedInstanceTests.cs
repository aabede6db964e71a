using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class RaggedInstanceTests
{
    private static readonly ModelSettings Settings = new()
    {
        RaggedInputs = new Dictionary<string, IReadOnlyList<long>> { ["values"] = [-1, -1, 2] },
        BatchInputs =
        [
            new(BatchInputKind.ElementCount, "count", TensorDtype.Int32, "values"),
            new(BatchInputKind.AccumulatedElementCount, "end", TensorDtype.Float32, "values"),
            new(BatchInputKind.AccumulatedElementCountWithZero, "bounds", TensorDtype.Int32, "values"),
            new(BatchInputKind.MaxElementCountAsShape, "most", TensorDtype.Int32, "values"),
            new(BatchInputKind.ItemShape, "shape", TensorDtype.Int32, "values"),
            new(BatchInputKind.ItemShapeFlatten, "flat", TensorDtype.Float32, "values"),
        ],
        BatchOutputs = [new("doubled", "values", [-1, -1, 2])],
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Signature_OfRequests_HasRaggedInputsInTheirShapeAndNoneThatIsMade()
    {
        using var instance = Wrap(out _);

        Assert.Equal(["values FP32 [-1, -1, 2]", "scale FP32 [-1, 1]"], instance.Signature.Inputs.Select(static input => input.ToString()));
        Assert.Equal([true, false], instance.Signature.Inputs.Select(static input => input.IsRagged));
        Assert.Equal(["place FP32 [-1]", "doubled FP32 [-1, -1, 2]"], instance.Signature.Outputs.Select(static output => output.ToString()));
        Assert.True(instance.Signature.IsBatchable);
    }

    [Fact]
    public void Run_OneRequest_TellsItsRows()
    {
        using var instance = Wrap(out var runs);

        var outputs = instance.Run([TensorBuffer.OfFloat32([2, 3, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), TensorBuffer.OfFloat32([2, 1], [1, 2])]);

        Assert.Equal("2|3|2", ShapeOf(outputs[1]));
        Assert.Equal([2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24], ValuesOf(outputs[1]));
        Assert.Equal(["12", "2|1", "1: 12", "1: 12", "2: 0 12", "12: 0 0 0 0 0 0 0 0 0 0 0 0", "2|2: 3 2 3 2", "4: 3 2 3 2"], Assert.Single(runs));
    }

    [Fact]
    public async Task Run_RequestsOfDifferentShapes_ShareARunInTheirOrder()
    {
        using var wrapped = Wrap(out var runs, out var fake);
        await using var scheduler = new BatchScheduler(
            [wrapped], new BatchSchedulerOptions { BatchRowsMax = 16, QueueRowsMax = 64, RunsInlineWhenIdle = false }, new ServingMetrics(), new ModelTags(TestPackages.Model, 1),
            new ServableStatistics(TimeProvider.System), TimeProvider.System, NullLogger.Instance);
        fake.Close();
        var first = Run(1, 1);
        await fake.Running.WaitAsync(Cancellation);
        Task<BatchOutputs>[] others = [Run(1, 1), Run(1, 3), Run(1, 0)];
        fake.Open();

        var answers = await Task.WhenAll(others).WaitAsync(Cancellation);
        await first.WaitAsync(Cancellation);

        Assert.Equal(["8", "3|1", "3: 2 6 0", "3: 2 8 8", "4: 0 2 8 8", "6: 0 0 0 0 0 0", "3|2: 1 2 3 2 0 2", "6: 1 2 3 2 0 2"], runs[1]);
        Assert.Equal([0f, 1, 2], answers.Select(static answer => answer.Tensors[0].AsSpan<float>()[0]));
        Assert.Equal(["1|1|2: 2 2", "1|3|2: 6 6 6 6 6 6", "1|0|2: "], answers.Select(static answer => $"{ShapeOf(answer.Tensors[1])}: {string.Join(' ', ValuesOf(answer.Tensors[1]))}"));

        Task<BatchOutputs> Run(int rows, int length) => scheduler.RunAsync(
            [TensorBuffer.OfFloat32([rows, length, 2], [.. Enumerable.Repeat((float)length, rows * length * 2)]), TensorBuffer.OfFloat32([rows, 1], new float[rows])], rows, default, Cancellation).AsTask();
    }

    [Fact]
    public void Run_OutputWithOtherElementsThanItsInput_IsTheModelsFailure()
    {
        var fake = new FakeInstance(
            new ModelSignature([new("values", TensorDtype.Float32, [-1])], [new("doubled", TensorDtype.Float32, [-1])]), static _ => [TensorBuffer.OfFloat32([3], new float[3])]);
        using var instance = RaggedInstance.Wrap(fake, Settings with { BatchInputs = [] });

        var failure = Assert.Throws<ServingException>(() => instance.Run([TensorBuffer.OfFloat32([1, 2, 2], new float[4])]));

        Assert.Equal(ServingError.BackendFailed, failure.Error);
        Assert.Equal("The output 'doubled' came from the model with 3 elements; the shapes of the input 'values' ask for 4.", failure.Message);
    }

    private static IModelInstance Wrap(out List<string[]> runs) => Wrap(out runs, out _);

    /// <summary>A model that remembers its inputs and answers the number of each row, and the values twice as large.</summary>
    private static IModelInstance Wrap(out List<string[]> runs, out FakeInstance fake)
    {
        var seen = new List<string[]>();
        runs = seen;
        TensorSpec[] inputs =
        [
            new("values", TensorDtype.Float32, [-1]), new("scale", TensorDtype.Float32, [-1, 1]), new("count", TensorDtype.Int32, [-1]), new("end", TensorDtype.Float32, [-1]),
            new("bounds", TensorDtype.Int32, [-1]), new("most", TensorDtype.Int32, [-1]), new("shape", TensorDtype.Int32, [-1, 2]), new("flat", TensorDtype.Float32, [-1]),
        ];
        fake = new FakeInstance(new ModelSignature(inputs, [new("place", TensorDtype.Float32, [-1]), new("doubled", TensorDtype.Float32, [-1])]), given =>
        {
            seen.Add([.. given.Select(static (tensor, index) => index < 2 ? ShapeOf(tensor) : $"{ShapeOf(tensor)}: {string.Join(' ', ValuesOf(tensor))}")]);
            return
            [
                TensorBuffer.OfFloat32([given[1].Rows], [.. Enumerable.Range(0, given[1].Rows).Select(static row => (float)row)]),
                TensorBuffer.OfFloat32([given[0].Rows], [.. ValuesOf(given[0]).Select(static value => 2 * (float)value)]),
            ];
        });
        return RaggedInstance.Wrap(fake, Settings);
    }

    private static string ShapeOf(TensorBuffer tensor) => string.Join('|', tensor.Shape.ToArray());

    private static IEnumerable<double> ValuesOf(TensorBuffer tensor) => tensor.Dtype == TensorDtype.Int32
        ? tensor.AsSpan<int>().ToArray().Select(static value => (double)value)
        : tensor.AsSpan<float>().ToArray().Select(static value => (double)value);
}
