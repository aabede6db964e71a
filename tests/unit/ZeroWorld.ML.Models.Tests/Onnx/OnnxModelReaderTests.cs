using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models.Onnx;
using ZeroWorld.ML.Models.Onnx.Protos;

namespace ZeroWorld.ML.Models.Tests.Onnx;

public sealed class OnnxModelReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string ModelPath => _folder.File("model.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_TreeEnsemble_GivesWhatTheRuntimeSees()
    {
        var ensemble = RandomTrees.Ensemble(new Random(1), 5, 15, 8);
        TreeEnsembleGraph.Write(ModelPath, ensemble, new Dictionary<string, string> { ["trainer"] = "LightGBM" });

        var model = OnnxModelReader.Read(ModelPath);

        Assert.Equal(8, model.IrVersion);
        Assert.Equal(new Dictionary<string, long> { [""] = 17, ["ai.onnx.ml"] = 3 }, model.Opsets);
        Assert.Equal("LightGBM", model.Metadata["trainer"]);
        Assert.Equal(["Add", "Mul", "Sigmoid", "ai.onnx.ml:TreeEnsembleRegressor"], model.Operators);
        Assert.Empty(model.ExternalFiles);
        Assert.Equal(
            new ModelSignature([new TensorSpec("features", TensorDtype.Float32, [-1, 15])], [new TensorSpec("probability", TensorDtype.Float32, [-1, 1])]),
            model.GetSignature());
        using var session = new InferenceSession(ModelPath);
        Assert.Equal(session.InputMetadata["features"].Dimensions.Select(size => (long)size), model.Inputs[0].Shape);
        Assert.Equal(session.OutputMetadata["probability"].Dimensions.Select(size => (long)size), model.Outputs[0].Shape);
        Assert.Equal("rows", session.InputMetadata["features"].SymbolicDimensions[0]);
    }

    [Fact]
    public void Read_InitializersAmongTheInputs_AreNoInputs()
    {
        var proto = Small();
        proto.Graph.Input.Add(new ValueInfoProto { Name = "weights", Type = FloatTensor(2) });
        proto.Graph.Initializer.Add(new TensorProto { Name = "weights", DataType = 1, Dims = { 2 }, FloatData = { 1, 2 } });

        Assert.Equal(["x"], Read(proto).Inputs.Select(input => input.Name));
    }

    [Fact]
    public void Read_SequenceOutputAndSmallFloats_AreReadButHaveNoSignature()
    {
        var proto = Small();
        proto.Graph.Output.Add(new ValueInfoProto { Name = "maps", Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence() } });
        proto.Graph.Output.Add(new ValueInfoProto { Name = "tiny", Type = FloatTensor(2) });
        proto.Graph.Output[2].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Float8E4M3Fn;

        var model = Read(proto);

        Assert.Equal(["float", "sequence", "float8e4m3fn"], model.Outputs.Select(output => output.Type));
        var exception = Assert.Throws<RegistryException>(model.GetSignature);
        Assert.StartsWith("The output 'maps' has the type sequence, which cannot be served", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OperatorsOfSubgraphsAndFunctions_AreListed()
    {
        var proto = Small();
        var branch = new GraphProto { Node = { new NodeProto { OpType = "Div", Output = { "d" } } } };
        proto.Graph.Node.Add(new NodeProto { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", G = branch } } });
        proto.Functions.Add(new FunctionProto { Name = "f", Node = { new NodeProto { OpType = "Own", Domain = "custom" } } });

        Assert.Equal(["Div", "Identity", "If", "custom:Own"], Read(proto).Operators);
    }

    [Fact]
    public void Read_ExternalWeights_AreListedWhereTheyExist()
    {
        File.WriteAllBytes(_folder.File("weights.bin"), new byte[64]);

        var model = Read(External("weights.bin", offset: "32", length: "32"));

        Assert.Equal(["weights.bin"], model.ExternalFiles);
    }

    [Theory]
    [InlineData("../weights.bin", "0", "4", "'../weights.bin'; expected a relative path")]
    [InlineData("/etc/passwd", "0", "4", "'/etc/passwd'; expected a relative path")]
    [InlineData("a/../../b", "0", "4", "expected a relative path")]
    [InlineData("..\\b", "0", "4", "expected a relative path")]
    [InlineData("", "0", "4", "''; expected a relative path")]
    [InlineData("missing.bin", "0", "4", "'missing.bin', which does not exist")]
    [InlineData("folder", "0", "4", "'folder', which is a folder")]
    [InlineData("link.bin", "0", "4", "'link.bin', which is a link")]
    [InlineData("weights.bin", "62", "4", "up to byte 66, but that file has 64 bytes")]
    [InlineData("weights.bin", "-1", "4", "the offset '-1'; expected bytes, 0 or more")]
    [InlineData("weights.bin", "9223372036854775807", "1", "end beyond any file")]
    public void Read_HostileExternalWeights_AreRefused(string location, string offset, string length, string reason)
    {
        File.WriteAllBytes(_folder.File("weights.bin"), new byte[64]);
        Directory.CreateDirectory(_folder.File("folder"));
        File.CreateSymbolicLink(_folder.File("link.bin"), "/etc/hostname");

        AssertRefused(External(location, offset, length).ToByteArray(), reason);
    }

    [Fact]
    public void Read_ExternalWeightsInAnAttributeOfASubgraph_AreCheckedToo()
    {
        var tensor = External("../up.bin", "0", "4").Graph.Initializer[0];
        var inner = new GraphProto { Node = { new NodeProto { OpType = "Constant", Attribute = { new AttributeProto { Name = "value", T = tensor } } } } };
        var proto = Small();
        proto.Graph.Node.Add(new NodeProto { OpType = "Loop", Attribute = { new AttributeProto { Name = "body", G = inner } } });

        AssertRefused(proto.ToByteArray(), "'../up.bin'; expected a relative path");
    }

    [Fact]
    public void Read_TruncatedAnywhere_IsRefusedOrStillWhole()
    {
        var proto = Small();
        proto.Graph.Initializer.Add(new TensorProto { Name = "w", DataType = 1, Dims = { 16 }, RawData = ByteString.CopyFrom(new byte[64]) });
        var whole = proto.ToByteArray();
        File.WriteAllBytes(ModelPath, whole);
        Assert.Single(OnnxModelReader.Read(ModelPath).Inputs);

        for (var length = 0; length < whole.Length; length++)
        {
            AssertRefused(whole[..length], "is not a readable ONNX model");
        }
    }

    [Fact]
    public void Read_RandomlyDamaged_NeverFailsOtherwise()
    {
        var random = new Random(7);
        var whole = External("weights.bin", "0", "4").ToByteArray();
        File.WriteAllBytes(_folder.File("weights.bin"), new byte[64]);
        for (var repeat = 0; repeat < 3000; repeat++)
        {
            var bytes = repeat % 3 == 0 ? new byte[random.Next(200)] : (byte[])whole.Clone();
            if (repeat % 3 == 0)
            {
                random.NextBytes(bytes);
            }

            for (var flips = random.Next(1, 6); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(ModelPath, bytes);
            try
            {
                Assert.NotNull(OnnxModelReader.Read(ModelPath).Inputs);
            }
            catch (RegistryException exception)
            {
                Assert.Equal(RegistryError.InvalidInput, exception.Error);
            }
        }
    }

    [Fact]
    public void Read_AnnouncedLengthBeyondTheFile_IsRefusedWithoutMemory()
    {
        // Field 7 (graph), length 2^62.
        byte[] bytes = [0x3A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 0x00];

        AssertRefused(bytes, "it is truncated: 4611686018427387904 bytes are announced");
    }

    [Fact]
    public void Read_GraphsNestedTooDeep_AreRefused()
    {
        var graph = new GraphProto();
        for (var depth = 0; depth < OnnxModelReader.NestingMax + 1; depth++)
        {
            graph = new GraphProto { Node = { new NodeProto { OpType = "If", Attribute = { new AttributeProto { Name = "then_branch", G = graph } } } } };
        }

        var proto = Small();
        proto.Graph = graph;

        AssertRefused(proto.ToByteArray(), "nested more than 32 deep");
    }

    [Fact]
    public void Read_TooManyInputs_AreRefused()
    {
        var proto = Small();
        proto.Graph.Input.AddRange(Enumerable.Range(0, OnnxModelReader.ValuesMax).Select(index => new ValueInfoProto { Name = $"i{index}", Type = FloatTensor(1) }));

        AssertRefused(proto.ToByteArray(), "more than 10000 inputs or outputs");
    }

    [Fact]
    public void Read_TooLongName_IsRefused()
    {
        var proto = Small();
        proto.Graph.Node[0].OpType = new string('x', OnnxModelReader.TextBytesMax + 1);

        AssertRefused(proto.ToByteArray(), "has 1048577 bytes, more than 1048576");
    }

    [Fact]
    public void Read_NoGraphOrTwoEqualInputs_AreRefused()
    {
        AssertRefused([], "it holds no graph");
        AssertRefused(new ModelProto { IrVersion = 8 }.ToByteArray(), "it holds no graph");
        AssertRefused(new ModelProto { IrVersion = 8, Graph = new GraphProto() }.ToByteArray(), "0 operator sets");
        var proto = Small();
        proto.Graph.Input.Add(proto.Graph.Input[0]);
        AssertRefused(proto.ToByteArray(), "the input 'x' is declared twice");
    }

    [Fact]
    public void Read_MissingFile_SaysSo()
    {
        var exception = Assert.Throws<RegistryException>(() => OnnxModelReader.Read(_folder.File("none.onnx")));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains("cannot be opened", exception.Message, StringComparison.Ordinal);
    }

    private static ModelProto Small() => new()
    {
        IrVersion = 8,
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "small",
            Node = { new NodeProto { OpType = "Identity", Input = { "x" }, Output = { "y" } } },
            Input = { new ValueInfoProto { Name = "x", Type = FloatTensor(3) } },
            Output = { new ValueInfoProto { Name = "y", Type = FloatTensor(3) } },
        },
    };

    private static TypeProto FloatTensor(long size) => new()
    {
        TensorType = new TypeProto.Types.Tensor
        {
            ElemType = 1,
            Shape = new TensorShapeProto
            {
                Dim = { new TensorShapeProto.Types.Dimension { DimParam = "n" }, new TensorShapeProto.Types.Dimension { DimValue = size } },
            },
        },
    };

    private static ModelProto External(string location, string offset, string length)
    {
        var proto = Small();
        proto.Graph.Initializer.Add(new TensorProto
        {
            Name = "w",
            DataType = 1,
            DataLocation = TensorProto.Types.DataLocation.External,
            ExternalData =
            {
                new StringStringEntryProto { Key = "location", Value = location },
                new StringStringEntryProto { Key = "offset", Value = offset },
                new StringStringEntryProto { Key = "length", Value = length },
            },
        });
        return proto;
    }

    private OnnxModel Read(ModelProto proto)
    {
        File.WriteAllBytes(ModelPath, proto.ToByteArray());
        return OnnxModelReader.Read(ModelPath);
    }

    private void AssertRefused(byte[] bytes, string reason)
    {
        File.WriteAllBytes(ModelPath, bytes);
        var exception = Assert.Throws<RegistryException>(() => OnnxModelReader.Read(ModelPath));
        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }
}
