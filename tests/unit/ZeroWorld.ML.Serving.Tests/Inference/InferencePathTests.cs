using System.Buffers.Binary;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class InferencePathTests : IAsyncDisposable
{
    private readonly ServingHost _host = new();

    private static CancellationToken Cancellation => ServingHost.Cancellation;

    [Fact]
    public async Task InferAsync_Rows_GivesTheModelsOutputsAndTheVersion()
    {
        await StartAsync();

        var result = await InferAsync(Floats("features", [2, 2], 1, 2, 3, 4));

        Assert.Equal(7, result.Version);
        var output = Assert.Single(result.Outputs);
        Assert.Equal("probability", output.Name);
        Assert.Equal([FakeInstance.ScoreRow([1f, 2f]), FakeInstance.ScoreRow([3f, 4f])], output.Tensor.AsSpan<float>().ToArray());
    }

    [Fact]
    public async Task InferAsync_NoRows_GivesNoRows()
    {
        await StartAsync();

        var result = await InferAsync(Floats("features", [0, 2]));

        Assert.Equal([0, 1], result.Outputs[0].Tensor.Shape.ToArray());
    }

    [Fact]
    public async Task InferAsync_WrongInputs_IsRefusedInTheWordsThatClientsKnow()
    {
        await StartAsync();

        Assert.Equal(
            "expected 1 inputs but got 0 inputs for model 'fraud'. Got input(s) [], but missing required input(s) ['features']. Please provide all required input(s).",
            await RefusalAsync());
        Assert.Equal("unexpected inference input 'other' for model 'fraud'", await RefusalAsync(Floats("other", [1, 2], 1, 2)));
        Assert.Equal("input 'features' already exists in request for model 'fraud'", await RefusalAsync(Floats("features", [1, 2], 1, 2), Floats("features", [1, 2], 1, 2)));
        Assert.Equal(
            "inference input 'features' data-type is 'FP64', but model 'fraud' expects 'FP32'",
            await RefusalAsync(new InferenceInput("features", "FP64", [1, 2], new byte[16])));
        Assert.Equal("unexpected shape for input 'features' for model 'fraud'. Expected [-1,2], got [1,3]", await RefusalAsync(Floats("features", [1, 3], 1, 2, 3)));
        Assert.Equal("unexpected shape for input 'features' for model 'fraud'. Expected [-1,2], got [-1,2]", await RefusalAsync(Floats("features", [-1, 2])));
        Assert.Equal("unexpected shape for input 'features' for model 'fraud'. Expected [-1,2], got [2]", await RefusalAsync(Floats("features", [2], 1, 2)));
        Assert.Equal(
            "input byte size mismatch for input 'features' for model 'fraud'. Expected 16, got 8", await RefusalAsync(Floats("features", [2, 2], 1, 2)));
        Assert.Equal(
            "inference request batch-size must be <= 4096 for 'fraud', got 4097", await RefusalAsync(Floats("features", [4097, 2], new float[4097 * 2])));
    }

    [Fact]
    public async Task InferAsync_ShapeWhoseProductOverflows_IsRefused()
    {
        await StartAsync();

        Assert.Contains(
            "more elements than a tensor can have",
            await RefusalAsync(new InferenceInput("features", "FP32", [long.MaxValue, 2], new byte[8])),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task InferAsync_ChosenOutputs_ComeInTheAskedOrder()
    {
        await StartTwoOutputsAsync();

        var result = await _host.Inferences.InferAsync(Request(["second", "first"], Floats("features", [1, 2], 5, 6)), Cancellation);

        Assert.Equal(["second", "first"], result.Outputs.Select(output => output.Name));
        Assert.Equal(6f, result.Outputs[0].Tensor.AsSpan<float>()[0]);
        Assert.Equal(5f, result.Outputs[1].Tensor.AsSpan<float>()[0]);
    }

    [Fact]
    public async Task InferAsync_UnknownOrRepeatedOutput_IsRefused()
    {
        await StartTwoOutputsAsync();

        var unknown = await Assert.ThrowsAsync<ServingException>(() => _host.Inferences.InferAsync(Request(["third"], Floats("features", [1, 2], 5, 6)), Cancellation).AsTask());
        var repeated = await Assert.ThrowsAsync<ServingException>(() => _host.Inferences.InferAsync(Request(["first", "first"], Floats("features", [1, 2], 5, 6)), Cancellation).AsTask());

        Assert.Equal("unexpected inference output 'third' for model 'fraud'", unknown.Message);
        Assert.Equal(ServingError.InvalidInput, repeated.Error);
    }

    [Theory]
    [InlineData("nobody", "", "Request for unknown model: 'nobody' is not found.")]
    [InlineData("other/fraud", "", "Request for unknown model: 'fraud' of project 'other' is not found.")]
    [InlineData("\uFEFFfraud", "", "Request for unknown model: '\uFEFFfraud' is not found")]
    [InlineData("../fraud", "", "Request for unknown model: '../fraud' is not found")]
    [InlineData("fraud", "0", "Request for unknown model: 'fraud' version 0 is not found. Versions: 7.")]
    [InlineData("fraud", "99999999999999999999", "Model 'fraud' of project 'default' has no alias '99999999999999999999'. Aliases: none.")]
    [InlineData("fraud", "9", "Request for unknown model: 'fraud' version 9 is not found. Versions: 7.")]
    public async Task InferAsync_UnknownModelOrVersion_IsNotFound(string model, string version, string message)
    {
        await StartAsync();

        var exception = await Assert.ThrowsAsync<ServingException>(() => _host.Inferences.InferAsync(
            new InferenceRequest { ModelName = model, ModelVersion = version, Inputs = [] }, Cancellation).AsTask());

        Assert.Equal(ServingError.ModelNotFound, exception.Error);
        Assert.Equal(message, exception.Message);
    }

    [Theory]
    [InlineData("fraud", "")]
    [InlineData("default/fraud", "7")]
    [InlineData("fraud", "champion")]
    public async Task InferAsync_VersionByNumberOrAlias_Answers(string model, string version)
    {
        await StartAsync();
        _host.Catalog.SetAlias(ServingHost.Model, "champion", 7);
        await _host.Servables.RefreshAsync(Cancellation);

        var result = await _host.Inferences.InferAsync(new InferenceRequest { ModelName = model, ModelVersion = version, Inputs = [Floats("features", [1, 2], 1, 2)] }, Cancellation);

        Assert.Equal(7, result.Version);
    }

    [Fact]
    public async Task InferAsync_ModelOfStringsWithGoldenNumbers_IsRefusedBecauseTextsAreExpected()
    {
        var signature = new ModelSignature([new("features", TensorDtype.Bytes, [-1])], [new("probability", TensorDtype.Bytes, [-1])]);
        _host.Runtime.Make = _ => new FakeInstance(signature, inputs => [inputs[0]]);
        AddTensorModel(manifest => manifest with
        {
            Inputs = [new ManifestInput("features", "BYTES", [-1], [])],
            Outputs = [new ManifestOutput("probability", "probability", "BYTES", [-1])],
        });
        await _host.Servables.RefreshAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => InferAsync(new InferenceInput("features", "BYTES", [1], new byte[4])));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Contains("is of BYTES; expected texts and no data", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_StringsWithSomethingMissingOrLeft_IsRefused()
    {
        var signature = new ModelSignature([new("s", TensorDtype.Bytes, [-1])], []);
        byte[] two = [1, 0, 0, 0, 65, 0, 0, 0, 0];

        var tensors = InferenceInputs.Read("m", signature with { Outputs = [new("y", TensorDtype.Bytes, [-1])] }, [new("s", "BYTES", [2], two)], 10, out var rows);
        Assert.Equal(2, rows);
        Assert.Equal(two, tensors[0].ToRaw().ToArray());
        foreach (var (count, bytes) in new (long, byte[])[] { (1, two), (3, two), (2, [.. two, 0]), (2, two[..^1]), (1, [255, 255, 255, 255]) })
        {
            Assert.Throws<ServingException>(() => InferenceInputs.Read("m", signature, [new("s", "BYTES", [count], bytes)], 10, out _));
        }
    }

    [Fact]
    public void Read_RequiredInputMissingBesideAnOptionalOne_SaysHowManyAreExpected()
    {
        var signature = new ModelSignature(
            [new("a", TensorDtype.Int32, [-1]), new("b", TensorDtype.Int32, [-1]), new("c", TensorDtype.Int32, [-1]) { IsOptional = true }], [new("y", TensorDtype.Int32, [-1])]);

        var exception = Assert.Throws<ServingException>(() => InferenceInputs.Read("m", signature, [new("b", "INT32", [1], new byte[4])], 10, out _));

        Assert.Equal(
            "expected number of inputs between 2 and 3 but got 1 inputs for model 'm'. Got input(s) ['b'], but missing required input(s) ['a']. Please provide all required input(s).",
            exception.Message);
    }

    [Fact]
    public void Read_InputsThatDisagreeOnRows_IsRefused()
    {
        var signature = new ModelSignature(
            [new("a", TensorDtype.Int32, [-1]), new("b", TensorDtype.Int32, [-1])], [new("y", TensorDtype.Int32, [-1])]);

        var exception = Assert.Throws<ServingException>(() => InferenceInputs.Read("m", signature, [new("a", "INT32", [2], new byte[8]), new("b", "INT32", [1], new byte[4])], 10, out _));

        Assert.Contains("Expected 2 rows as in 'a', got 1", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BoolThatIsNeitherZeroNorOne_IsRefused()
    {
        var signature = new ModelSignature([new("b", TensorDtype.Bool, [-1])], [new("y", TensorDtype.Bool, [-1])]);

        var exception = Assert.Throws<ServingException>(() => InferenceInputs.Read("m", signature, [new("b", "BOOL", [3], new byte[] { 0, 1, 2 })], 10, out _));

        Assert.Contains("holds 2 at element 2", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetMetadataAsync_LoadedModel_DescribesItWithOpenRowAxis()
    {
        await StartAsync();

        var metadata = await _host.Inferences.GetMetadataAsync("fraud", "", Cancellation);

        Assert.Equal("onnxruntime_onnx", metadata.Platform);
        Assert.Equal([7L], metadata.Versions);
        Assert.Equal(["features FP32 [-1, 2]"], metadata.Signature.Inputs.Select(spec => spec.ToString()));
    }

    [Fact]
    public async Task IsReady_UnknownOrLoaded_TellsThemApart()
    {
        await StartAsync();

        Assert.True(_host.Inferences.IsReady("fraud", ""));
        Assert.True(_host.Inferences.IsReady("fraud", "7"));
        Assert.False(_host.Inferences.IsReady("fraud", "8"));
        Assert.False(_host.Inferences.IsReady("fraud", "champion"));
        Assert.False(_host.Inferences.IsReady("", ""));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static InferenceRequest Request(IReadOnlyList<string> outputs, params InferenceInput[] inputs) =>
        new() { ModelName = "fraud", Inputs = inputs, Outputs = outputs };

    private static InferenceInput Floats(string name, long[] shape, params float[] values)
    {
        var raw = new byte[values.Length * 4];
        for (var index = 0; index < values.Length; index++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(raw.AsSpan(index * 4), values[index]);
        }

        return new InferenceInput(name, "FP32", shape, raw);
    }

    private Task<InferenceResult> InferAsync(params InferenceInput[] inputs) => _host.Inferences.InferAsync(Request([], inputs), Cancellation).AsTask();

    private async Task<string> RefusalAsync(params InferenceInput[] inputs)
    {
        var exception = await Assert.ThrowsAsync<ServingException>(() => InferAsync(inputs));
        Assert.Equal(ServingError.InvalidInput, exception.Error);
        return exception.Message;
    }

    private void AddTensorModel(Func<ModelManifest, ModelManifest>? change = null) => _host.Catalog.Add(ServingHost.Model, 7, _host.MakeTensorPackage(change));

    private async Task StartAsync()
    {
        _host.Runtime.Make = _ => FakeInstance.Score(2);
        AddTensorModel();
        await _host.Servables.RefreshAsync(Cancellation);
    }

    private async Task StartTwoOutputsAsync()
    {
        var signature = new ModelSignature(
            [new("features", TensorDtype.Float32, [-1, 2])], [new("first", TensorDtype.Float32, [-1]), new("second", TensorDtype.Float32, [-1])]);
        _host.Runtime.Make = _ => new FakeInstance(signature, inputs => [Column(inputs[0], 0), Column(inputs[0], 1)]);
        AddTensorModel(manifest => manifest with
        {
            Outputs = [new ManifestOutput("first", "first", "FP32", [-1]), new ManifestOutput("second", "second", "FP32", [-1])],
        });
        await _host.Servables.RefreshAsync(Cancellation);
    }

    private static TensorBuffer Column(TensorBuffer tensor, int column)
    {
        var values = new float[tensor.Rows];
        for (var row = 0; row < values.Length; row++)
        {
            values[row] = tensor.AsSpan<float>()[(row * 2) + column];
        }

        return TensorBuffer.Of(TensorDtype.Float32, [values.Length], MemoryMarshal.AsBytes<float>(values).ToArray());
    }
}
