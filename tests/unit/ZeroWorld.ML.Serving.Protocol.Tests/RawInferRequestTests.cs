using System.Buffers;
using Google.Protobuf;
using Inference;
using Input = Inference.ModelInferRequest.Types.InferInputTensor;
using Output = Inference.ModelInferRequest.Types.InferRequestedOutputTensor;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

/// <summary>The quick reader against the generated code: what it takes, it takes as that does.</summary>
public sealed class RawInferRequestTests
{
    private readonly RawInferRequest _request = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void TryRead_RawTensors_AreThoseOfTheMessageHoweverItLiesInMemory(int segmentBytes)
    {
        var random = new Random(5);
        for (var round = 0; round < 50; round++)
        {
            var message = RandomRequest(random);

            Assert.True(_request.TryRead(Segment.Of(message.ToByteArray(), segmentBytes)));

            AssertEqual(message);
        }
    }

    [Fact]
    public void TryRead_AnythingMore_IsLeftToTheOtherReader()
    {
        var parameter = new InferParameter { Int64Param = 1 };
        AssertLeft(static message => { }, expected: true);
        AssertLeft(message => message.Parameters["timeout"] = parameter, expected: true);
        AssertLeft(static message => message.Parameters["timeout"] = new InferParameter { Int64Param = -1 });
        AssertLeft(static message => message.Parameters["timeout"] = new InferParameter { Uint64Param = 1 });
        AssertLeft(static message => message.Parameters["timeout"] = new InferParameter());
        AssertLeft(message => message.Parameters["priority"] = parameter);
        AssertLeft(message => message.Inputs[0].Parameters["x"] = parameter);
        AssertLeft(message => message.Outputs.Add(new Output { Name = "y", Parameters = { ["classification"] = parameter } }));
        AssertLeft(static message => message.Inputs[0].Contents = new InferTensorContents());
        AssertLeft(static message => message.RawInputContents.Add(ByteString.Empty));
        AssertLeft(static message => message.RawInputContents.Clear());
        AssertLeft(static message => message.ModelName = new string('m', 1000));
        AssertLeft(static message => message.Inputs[0].Shape.AddRange(Enumerable.Repeat(1L, 300)));
        Assert.False(_request.TryRead(Segment.Of([.. Simple().ToByteArray(), 0x08, 0x01], 100)));
        Assert.False(_request.TryRead(Segment.Of([0x0A, 0x02, 0xC3, 0x28], 100)));
    }

    [Fact]
    public void TryRead_BrokenMessages_TakesOnlyWhatTheGeneratedCodeReadsTheSame()
    {
        var random = new Random(17);
        var taken = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = RandomRequest(random).ToByteArray();
            for (var change = random.Next(1, 4); change > 0 && bytes.Length > 0; change--)
            {
                bytes[random.Next(Math.Min(bytes.Length, 60))] = (byte)random.Next(256);
            }

            bytes = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            if (_request.TryRead(Segment.Of(bytes, random.Next(1, 40))))
            {
                AssertEqual(ModelInferRequest.Parser.ParseFrom(bytes));
                taken++;
            }
        }

        Assert.InRange(taken, 1000, 19_000);
    }

    private static ModelInferRequest Simple() => new()
    {
        ModelName = "m",
        Inputs = { new Input { Name = "x", Datatype = "FP32", Shape = { 1, 2 } } },
        RawInputContents = { ByteString.CopyFrom(new byte[8]) },
    };

    private static ModelInferRequest RandomRequest(Random random)
    {
        var message = new ModelInferRequest { ModelName = Text(random), ModelVersion = random.Next(2) == 0 ? "" : "3", Id = Text(random) };
        if (random.Next(3) == 0)
        {
            message.Parameters["timeout"] = new InferParameter { Int64Param = random.NextInt64(1L << random.Next(62)) };
        }

        for (var index = random.Next(4); index > 0; index--)
        {
            var input = new Input { Name = Text(random), Datatype = "FP32" };
            input.Shape.AddRange(Enumerable.Range(0, random.Next(4)).Select(_ => random.NextInt64(-3, 1L << random.Next(1, 60))));
            message.Inputs.Add(input);
            var raw = new byte[random.Next(200)];
            random.NextBytes(raw);
            message.RawInputContents.Add(ByteString.CopyFrom(raw));
        }

        message.Outputs.AddRange(Enumerable.Range(0, random.Next(3)).Select(_ => new Output { Name = Text(random) }));
        return message;
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(5) == 0 ? 'é' : (char)random.Next('a', 'z')));

    private void AssertLeft(Action<ModelInferRequest> change, bool expected = false)
    {
        var message = Simple();
        change(message);
        Assert.Equal(expected, _request.TryRead(Segment.Of(message.ToByteArray(), 100)));
    }

    private void AssertEqual(ModelInferRequest message)
    {
        Assert.Equal((message.ModelName, message.ModelVersion, message.Id), (_request.ModelName, _request.ModelVersion, _request.Id));
        Assert.Equal(RequestParameters.Read(message.Parameters), RequestParameters.None with { Timeout = _request.Timeout });
        Assert.Equal(message.Outputs.Select(static output => output.Name), _request.Outputs.ToArray());
        Assert.Equal(message.Inputs.Count, _request.InputCount);
        for (var index = 0; index < message.Inputs.Count; index++)
        {
            var input = _request.GetInput(index);
            Assert.Equal((message.Inputs[index].Name, message.Inputs[index].Datatype), (input.Name, input.Datatype));
            Assert.Equal(message.Inputs[index].Shape, input.Shape.ToArray());
            Assert.Equal(message.RawInputContents[index].ToByteArray(), input.Raw.ToArray());
        }
    }

    /// <summary>Memory in pieces.</summary>
    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static ReadOnlySequence<byte> Of(byte[] bytes, int segmentBytes)
        {
            var first = new Segment { Memory = bytes.AsMemory(0, Math.Min(segmentBytes, bytes.Length)) };
            var last = first;
            for (var start = segmentBytes; start < bytes.Length; start += segmentBytes)
            {
                var next = new Segment { Memory = bytes.AsMemory(start, Math.Min(segmentBytes, bytes.Length - start)), RunningIndex = start };
                last.Next = next;
                last = next;
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}
