using Google.Protobuf;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting.Tests;

/// <summary>The short way of reading a request gives what the generated parser gives, or refuses.</summary>
public sealed class DirectPredictMessageTests
{
    [Fact]
    public void TryRead_RandomRequests_ReadsWhatTheGeneratedParserReads()
    {
        var random = new Random(1);
        for (var round = 0; round < 2_000; round++)
        {
            var request = Create(random);

            Assert.True(DirectPredictMessage.TryRead(request.ToByteArray(), out var message), request.ToString());

            AssertEqual(PredictionGrpcService.ToRequest(PredictRequest.Parser.ParseFrom(request.ToByteArray()), null, 0), message);
            Assert.Equal(request.OmitFeatures, message.OmitsFeatures);
        }
    }

    [Fact]
    public void TryRead_DamagedRequestsThatItTakes_AreTheSameToTheParser()
    {
        var random = new Random(3);
        var compared = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Create(random).ToByteArray();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (DirectPredictMessage.TryRead(bytes, out var message))
            {
                AssertEqual(PredictionGrpcService.ToRequest(PredictRequest.Parser.ParseFrom(bytes), null, 0), message);
                compared++;
            }
        }

        Assert.InRange(compared, 1_000, 20_000);
    }

    [Fact]
    public void TryRead_WhatItDoesNotTake_IsRefused()
    {
        var nulls = new Column { Name = "customer_id", Int64S = new Int64Values { Values = { 1, 0 } }, NullRows = { 1 } };
        PredictRequest[] requests =
        [
            new() { Model = "fraud", Reasons = 3 },
            new() { Model = "fraud", Version = 0 },
            new() { Model = "fraud", Entities = { nulls } },
            new() { Model = "fraud", Entities = { new Column { Name = "customer_id" } } },
            new() { Model = "fraud", Entities = { new Column { Int64S = new Int64Values { Values = { 1 } } } } },
            new() { Model = "fraud", Request = { new Column { Name = "ids", Int64Lists = new Int64Lists { Rows = { new Int64Values { Values = { 1 } } } } } } },
            new() { Model = "fraud", Request = { new Column { Name = "amount", Float64S = new Float64Values() } } },
        ];

        Assert.All(requests, static request => Assert.False(DirectPredictMessage.TryRead(request.ToByteArray(), out _), request.ToString()));
    }

    private static void AssertEqual(PredictionRequest expected, in DirectPredictMessage actual)
    {
        Assert.Equal((expected.Project, expected.Model, expected.Selector), (actual.Project, actual.Model, actual.Selector));
        AssertEqual(expected.Entities, actual.Entities);
        AssertEqual(expected.Request, actual.Request);
    }

    private static void AssertEqual(IReadOnlyList<RequestColumn> expected, RequestColumn[] actual)
    {
        Assert.Equal(expected.Select(static column => (column.Name, column.Type)), actual.Select(static column => (column.Name, column.Type)));
        for (var index = 0; index < actual.Length; index++)
        {
            Assert.True(expected[index].Values.Span.SequenceEqual(actual[index].Values.Span));
        }
    }

    private static PredictRequest Create(Random random)
    {
        var request = new PredictRequest { Model = "fraud", OmitFeatures = random.Next(2) == 0 };
        if (random.Next(2) == 0)
        {
            request.Project = "prüfung";
        }

        switch (random.Next(3))
        {
            case 0:
                request.Version = random.Next(1, 1 << 20);
                break;
            case 1:
                request.Alias = "challenger";
                break;
        }

        for (var count = random.Next(4); count > 0; count--)
        {
            request.Entities.Add(Column(random, $"key_{count}"));
        }

        for (var count = random.Next(4); count > 0; count--)
        {
            request.Request.Add(Column(random, $"value_{count}"));
        }

        return request;
    }

    private static Column Column(Random random, string name)
    {
        var rows = random.Next(1, 5);
        T[] Many<T>(Func<T> create) => [.. Enumerable.Range(0, rows).Select(_ => create())];
        return random.Next(6) switch
        {
            0 => new Column { Name = name, Bools = new BoolValues { Values = { Many(() => random.Next(2) == 0) } } },
            1 => new Column { Name = name, Int64S = new Int64Values { Values = { Many(() => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64)) } } },
            2 => new Column { Name = name, Float32S = new Float32Values { Values = { Many(() => BitConverter.Int32BitsToSingle(random.Next())) } } },
            3 => new Column { Name = name, Float64S = new Float64Values { Values = { Many(() => BitConverter.Int64BitsToDouble(random.NextInt64())) } } },
            4 => new Column { Name = name, Strings = new StringValues { Values = { Many(() => new string('ß', random.Next(5))) } } },
            _ => new Column { Name = name, Timestamps = new TimestampValues { Microseconds = { Many(() => random.NextInt64()) } } },
        };
    }
}
