using System.IO.Compression;
using System.Runtime.InteropServices;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>A model folder behind a whole server.</summary>
public sealed class FolderServingTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_TorchScriptModel_AnswersAndAFileWithCodeThatDoesNotParseEndsNothing()
    {
        const string Settings = """
            inputs: [{ name: x, dtype: FP32, shape: [-1, 2] }]
            outputs: [{ name: y, dtype: FP32, shape: [-1, 2] }]
            batch_rows_max: 8
            """;
        await using var server = new FolderServer();
        server.Add("script", 1, MakeScript("torch.mul(x, 3)"), "model.pt");
        server.Configure("script", Settings);
        server.Add("bad", 1, MakeScript("this is ) no code"), "model.pt");
        server.Configure("bad", Settings);
        server.Add("worse", 1, MakeScript("torch.mul(x, 3)", type: "Absent"), "model.pt");
        server.Configure("worse", Settings);
        server.Add("bare", 1, MakeScript("x"), "model.pt");
        await server.StartAsync(Cancellation);

        var result = await server.InferAsync("script", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));
        var bad = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("bad", Cancellation));
        var worse = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("worse", Cancellation));
        var bare = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("bare", Cancellation));

        Assert.Equal([3f, 6f], MemoryMarshal.Cast<byte, float>(result.Outputs[0].Tensor.ToRaw().Span).ToArray());
        Assert.StartsWith("The model file 'model.pt' cannot be loaded: ", bad.Message, StringComparison.Ordinal);

        // Libtorch would end the process over this one.
        Assert.Equal("The model file 'model.pt' cannot be loaded: libtorch cannot read the code in it.", worse.Message);
        Assert.Contains("declare inputs and outputs", bare.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Load_ManyFilesThatLibtorchWouldEndTheProcessOver_CostNoThreads()
    {
        await using var server = new FolderServer();
        for (var model = 0; model < 70; model++)
        {
            server.Add($"worse{model}", 1, MakeScript("torch.mul(x, 3)", type: "Absent"), "model.pt");
            server.Configure($"worse{model}", "inputs: [{ name: x, dtype: FP32, shape: [-1, 2] }]\noutputs: [{ name: y, dtype: FP32, shape: [-1, 2] }]");
        }

        server.Add("good", 1, MakeScript("torch.mul(x, 3)"), "model.pt");
        server.Configure("good", "inputs: [{ name: x, dtype: FP32, shape: [-1, 2] }]\noutputs: [{ name: y, dtype: FP32, shape: [-1, 2] }]\nbatch_rows_max: 8");
        await server.StartAsync(Cancellation);

        var refused = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("worse69", Cancellation));
        var result = await server.InferAsync("good", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));

        Assert.EndsWith("libtorch cannot read the code in it.", refused.Message, StringComparison.Ordinal);
        Assert.Equal([3f, 6f], MemoryMarshal.Cast<byte, float>(result.Outputs[0].Tensor.ToRaw().Span).ToArray());
        var names = Directory.EnumerateDirectories("/proc/self/task").Select(static task => File.ReadAllText($"{task}/comm").Trim()).ToList();
        Assert.InRange(names.Count(static name => name == "torch load"), 1, 2);
    }

    [Fact]
    public async Task Infer_InputThatTheModelHasAValueFor_MayBeLeftOutOrGiven()
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeOptional());
        await server.StartAsync(Cancellation);

        var left = await server.InferAsync("m", Cancellation, new InferenceInput("x", "FP32", [2], Floats(1, 2)));
        var given = await server.InferAsync("m", Cancellation, new InferenceInput("offset", "FP32", [1], Floats(5)), new InferenceInput("x", "FP32", [2], Floats(1, 2)));
        var missing = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("m", Cancellation, new InferenceInput("offset", "FP32", [1], Floats(5))));

        Assert.Equal(Floats(11, 12).ToArray(), left.Outputs[0].Tensor.ToRaw().ToArray());
        Assert.Equal(Floats(6, 7).ToArray(), given.Outputs[0].Tensor.ToRaw().ToArray());
        Assert.Contains("missing required input(s) ['x']", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_ModelThatHasAValueForEachInput_TakesRequestsWithoutAny()
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeAllOptional());
        await server.StartAsync(Cancellation);

        var none = await server.InferAsync("m", Cancellation);
        var second = await server.InferAsync("m", Cancellation, new InferenceInput("offset", "FP32", [1], Floats(5)));

        Assert.Equal(Floats(11).ToArray(), none.Outputs[0].Tensor.ToRaw().ToArray());
        Assert.Equal(Floats(6).ToArray(), second.Outputs[0].Tensor.ToRaw().ToArray());
    }

    [Theory]
    [InlineData("max_batch_size: 4 input [{ name: \"x\" data_type: TYPE_FP32 dims: [ 2 ] }] output [{ name: \"y\" data_type: TYPE_FP32 dims: [ 2 ] }]", 4)]
    [InlineData("max_batch_size: 4", 4)]
    public async Task Infer_MoreRowsThanTheConfigurationAllows_IsRefusedWithTheLimit(string config, int rowsMax)
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeNeg());
        server.Configure("m", config, "config.pbtxt");
        await server.StartAsync(Cancellation);

        var fits = await server.InferAsync("m", Cancellation, new InferenceInput("x", "FP32", [rowsMax, 2], new byte[rowsMax * 8]));
        var exception = await Assert.ThrowsAsync<ServingException>(
            () => server.InferAsync("m", Cancellation, new InferenceInput("x", "FP32", [rowsMax + 1, 2], new byte[(rowsMax + 1) * 8])));

        Assert.Equal(rowsMax, fits.Outputs[0].Tensor.Rows);
        Assert.Equal($"inference request batch-size must be <= {rowsMax} for 'm', got {rowsMax + 1}", exception.Message);
    }

    [Theory]
    [InlineData("../secret.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("link.bin")]
    [InlineData("..\\secret.bin")]
    [InlineData("absent.bin")]
    public async Task Start_WeightsOutsideOfTheModel_AreRefusedAndOthersServe(string location)
    {
        await using var server = new FolderServer();
        server.Add("good", 1, MakeNeg());
        server.Add("bad", 1, MakeExternal(location));
        var folder = Path.Combine(server.Models, "bad");
        File.WriteAllBytes(Path.Combine(folder, "secret.bin"), new byte[64]);
        File.CreateSymbolicLink(Path.Combine(folder, "1", "link.bin"), "/etc/passwd");
        await server.StartAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("bad", Cancellation, new InferenceInput("x", "FP32", [2], Floats(1, 2))));
        var good = await server.InferAsync("good", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Equal(Floats(-1, -2).ToArray(), good.Outputs[0].Tensor.ToRaw().ToArray());
    }

    [Theory]
    [InlineData(new long[] { 1L << 40 })]
    [InlineData(new long[] { 1L << 40, 1L << 40 })]
    [InlineData(new long[] { -1 })]
    [InlineData(new long[] { long.MaxValue, 2 })]
    [InlineData(new long[] { 0 })]
    public async Task Start_WeightsOfSizesThatTheyDoNotHave_AreRefusedAndOthersServe(long[] dims)
    {
        var model = Models.Onnx.Protos.ModelProto.Parser.ParseFrom(new OnnxGraphBuilder("lie").AddInput(new("x", TensorDtype.Float32, [2]))
            .AddInitializer("w", [1f, 2f], [2]).AddNode("Add", ["x", "w"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [2])).ToBytes());
        model.Graph.Initializer[0].Dims.Clear();
        model.Graph.Initializer[0].Dims.AddRange(dims);
        await using var server = new FolderServer();
        server.Add("good", 1, MakeNeg());
        server.Add("bad", 1, Google.Protobuf.MessageExtensions.ToByteArray(model));
        await server.StartAsync(Cancellation);

        var exception = await Assert.ThrowsAsync<ServingException>(() => server.InferAsync("bad", Cancellation, new InferenceInput("x", "FP32", [2], Floats(1, 2))));
        var good = await server.InferAsync("good", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));

        Assert.Equal(ServingError.ModelRefused, exception.Error);
        Assert.Equal(Floats(-1, -2).ToArray(), good.Outputs[0].Tensor.ToRaw().ToArray());
    }

    [Fact]
    public async Task LoadModel_StormUnderTraffic_EveryAnswerIsRightAndTheLastLoadServes()
    {
        await using var server = new FolderServer();
        server.Add("m", 1, MakeNeg());
        server.Add("steady", 1, MakeNeg());
        await server.StartAsync(Cancellation, ("Models:Control", "Explicit"), ("Models:Load", "steady"));
        var model = new ModelName(ModelName.DefaultProject, "m");
        using var stop = new CancellationTokenSource();
        var (answers, refusals) = (0, 0);
        var callers = Enumerable.Range(1, 6).Select(caller => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var steady = await server.InferAsync("steady", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(caller, 2)));
                Assert.Equal(Floats(-caller, -2).ToArray(), steady.Outputs[0].Tensor.ToRaw().ToArray());
                try
                {
                    var result = await server.InferAsync("m", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(caller, 2)));
                    Assert.Equal(Floats(-caller, -2).ToArray(), result.Outputs[0].Tensor.ToRaw().ToArray());
                    Interlocked.Increment(ref answers);
                }
                catch (ServingException exception) when (exception.Error is ServingError.ModelNotFound or ServingError.ModelNotReady)
                {
                    Interlocked.Increment(ref refusals);
                }
            }
        })).ToList();

        for (var round = 0; round < 60; round++)
        {
            await server.Servables.LoadModelAsync(model, Cancellation);
            if (round % 3 == 0)
            {
                await server.InferAsync("m", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));
            }

            await server.Servables.UnloadModelAsync(model, Cancellation);
        }

        await server.Servables.LoadModelAsync(model, Cancellation);
        await stop.CancelAsync();
        await Task.WhenAll(callers);
        var last = await server.InferAsync("m", Cancellation, new InferenceInput("x", "FP32", [1, 2], Floats(1, 2)));

        Assert.Equal(Floats(-1, -2).ToArray(), last.Outputs[0].Tensor.ToRaw().ToArray());
        Assert.True(answers > 0 && refusals > 0, $"{answers} answers, {refusals} refusals.");
    }

    [Fact]
    public async Task Start_RealModels_GiveWhatTheEngineGives()
    {
        var folder = SharedData.FindOrSkip("onnx-models");
        await using var server = new FolderServer();
        foreach (var file in Directory.EnumerateFiles(folder, "*.onnx"))
        {
            server.Add(Path.GetFileNameWithoutExtension(file), 1, file);

            // Where what it is compared with runs.
            server.Configure(Path.GetFileNameWithoutExtension(file), "device: cpu\n");
        }

        await server.StartAsync(Cancellation);

        var checkedModels = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*.onnx"))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            Assert.True(ModelName.TryParse(name, out var model));
            using var lease = await server.Servables.AcquireAsync(model, VersionSelector.Any, Cancellation);
            var inputs = lease.Servable.Signature.Inputs.Select(MakeInput).ToList();
            var expected = RawSession.Run(file, [.. lease.Servable.Signature.Inputs.Select(static spec => spec.Name)], inputs);
            var result = await server.InferAsync(
                name, Cancellation, [.. inputs.Select((tensor, index) => new InferenceInput(lease.Servable.Signature.Inputs[index].Name, tensor.Dtype.ToName(), tensor.Shape.ToArray(), tensor.ToRaw()))]);
            foreach (var output in result.Outputs)
            {
                Assert.Null(RawSession.FindDifference(expected![output.Name], output.Tensor));
            }

            checkedModels++;
        }

        Assert.True(checkedModels > 0);
    }

    private static TensorBuffer MakeInput(TensorSpec spec)
    {
        // Open axes: one row, and samples of sound on the last one.
        long[] shape = [.. spec.Shape.Select((size, axis) => size >= 0 ? size : axis == 0 || axis < spec.Shape.Count - 1 ? 1 : 512)];
        var random = new Random(1);
        var count = (int)shape.Aggregate(1L, static (product, size) => product * size);
        return spec.Dtype switch
        {
            TensorDtype.Float32 => TensorBuffer.Of(spec.Dtype, shape, Floats([.. Enumerable.Range(0, count).Select(_ => random.NextSingle())])),
            TensorDtype.Float16 => TensorBuffer.Of(spec.Dtype, shape, MemoryMarshal.AsBytes<Half>([.. Enumerable.Range(0, count).Select(_ => (Half)random.NextSingle())]).ToArray()),
            TensorDtype.Int64 => TensorBuffer.Of(spec.Dtype, shape, MemoryMarshal.AsBytes<long>([.. Enumerable.Repeat(16000L, count)]).ToArray()),
            _ => TensorBuffer.Of(spec.Dtype, shape, new byte[count * spec.Dtype.Width()]),
        };
    }

    private static ReadOnlyMemory<byte> Floats(params float[] values) => MemoryMarshal.AsBytes<float>(values).ToArray();

    private static byte[] MakeNeg() => new OnnxGraphBuilder("neg").AddInput(new("x", TensorDtype.Float32, [-1, 2])).AddNode("Neg", ["x"], ["y"])
        .AddOutput(new("y", TensorDtype.Float32, [-1, 2])).ToBytes();

    /// <summary>y = x + offset, where offset is an input with the default 10.</summary>
    private static byte[] MakeOptional()
    {
        var model = Models.Onnx.Protos.ModelProto.Parser.ParseFrom(new OnnxGraphBuilder("optional").AddInput(new("x", TensorDtype.Float32, [-1]))
            .AddInitializer("offset", [10f], [1]).AddNode("Add", ["x", "offset"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [-1])).ToBytes());
        var offset = model.Graph.Input[0].Clone();
        offset.Name = "offset";
        offset.Type.TensorType.Shape.Dim[0].DimValue = 1;
        model.Graph.Input.Add(offset);
        return Google.Protobuf.MessageExtensions.ToByteArray(model);
    }

    /// <summary>y = x + offset, where x has the default 1 and offset 10.</summary>
    private static byte[] MakeAllOptional()
    {
        var model = Models.Onnx.Protos.ModelProto.Parser.ParseFrom(new OnnxGraphBuilder("optional").AddInitializer("x", [1f], [1])
            .AddInitializer("offset", [10f], [1]).AddNode("Add", ["x", "offset"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [1])).ToBytes());
        foreach (var name in new[] { "x", "offset" })
        {
            var input = model.Graph.Output[0].Clone();
            input.Name = name;
            model.Graph.Input.Add(input);
        }

        return Google.Protobuf.MessageExtensions.ToByteArray(model);
    }

    /// <summary>y = x + w, with w in another file.</summary>
    private static byte[] MakeExternal(string location)
    {
        var model = Models.Onnx.Protos.ModelProto.Parser.ParseFrom(new OnnxGraphBuilder("external").AddInput(new("x", TensorDtype.Float32, [2]))
            .AddInitializer("w", [1f, 2f], [2]).AddNode("Add", ["x", "w"], ["y"]).AddOutput(new("y", TensorDtype.Float32, [2])).ToBytes());
        var weights = model.Graph.Initializer[0];
        weights.RawData = Google.Protobuf.ByteString.Empty;
        weights.FloatData.Clear();
        weights.DataLocation = Models.Onnx.Protos.TensorProto.Types.DataLocation.External;
        weights.ExternalData.Add(new Models.Onnx.Protos.StringStringEntryProto { Key = "location", Value = location });
        weights.ExternalData.Add(new Models.Onnx.Protos.StringStringEntryProto { Key = "length", Value = "8" });
        return Google.Protobuf.MessageExtensions.ToByteArray(model);
    }

    /// <summary>A TorchScript archive of a module without parameters whose forward returns one expression of x.</summary>
    private static byte[] MakeScript(string expression, string type = "Net")
    {
        var code = $"class Net(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n  def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n    return {expression}\n";
        byte[] module = [0x80, 2, (byte)'c', .. System.Text.Encoding.ASCII.GetBytes($"__torch__\n{type}\n"), (byte)')', 0x81, (byte)'}', (byte)'(', (byte)'X', 8, 0, 0, 0, .. "training"u8, 0x89, (byte)'u', (byte)'b', (byte)'.'];
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in new (string, byte[])[]
            {
                ("model/data.pkl", module),
                ("model/code/__torch__.py", System.Text.Encoding.UTF8.GetBytes(code)),
                ("model/constants.pkl", [0x80, 2, (byte)')', (byte)'.']),
                ("model/version", "3\n"u8.ToArray()),
            })
            {
                using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(content);
            }
        }

        return stream.ToArray();
    }
}
