using System.Numerics;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>The parts that tiles hold: sketches within their stated error, sums without any.</summary>
public sealed class SketchTests
{
    // 1.04 / sqrt(4096) = 1.6 %: five standard errors, and the merge of parts must be the sketch of the whole.
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    [InlineData(20_000)]
    [InlineData(300_000)]
    public void Estimate_OfDistinctValues_IsWithinItsStatedErrorAndMergesExactly(int distinct)
    {
        for (var seed = 0; seed < 3; seed++)
        {
            var whole = new HyperLogLog();
            var parts = Enumerable.Range(0, 7).Select(static _ => new HyperLogLog()).ToArray();
            for (var index = 0; index < distinct; index++)
            {
                var hash = new WindowValue((seed * 10_000_000L) + index, null).Hash();
                whole.Add(hash);
                parts[index % 7].Add(hash);
                parts[(index + 1) % 7].Add(hash);
            }

            var merged = new HyperLogLog();
            foreach (var part in parts)
            {
                var reader = new TileReader(Bytes(part.Write));
                Assert.True(merged.TryMerge(ref reader) && reader.IsAtEnd);
            }

            Assert.Equal(Bytes(whole.Write), Bytes(merged.Write));
            Assert.Equal(whole.Estimate(), merged.Estimate());
            Assert.InRange(whole.Estimate(), distinct - (int)Math.Ceiling(0.081 * distinct), distinct + (int)Math.Ceiling(0.081 * distinct));
        }
    }

    [Fact]
    public void Estimate_OfTexts_IsWithinItsStatedError()
    {
        var sketch = new HyperLogLog();
        for (var index = 0; index < 50_000; index++)
        {
            sketch.Add(WindowValue.From(FeatureValue.FromString($"user-{index}"), FeatureType.String).Hash());
        }

        Assert.InRange(sketch.Estimate(), 46_000, 54_000);
    }

    [Fact]
    public void Estimate_OfNothing_IsZero() => Assert.Equal(0, new HyperLogLog().Estimate());

    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(2, 1e-3)]
    [InlineData(3, 1e9)]
    [InlineData(4, 1e-300)]
    [InlineData(5, 1e300)]
    public void Find_AnyRank_IsWithinOneInAHundredAndTwentyEight(int seed, double scale)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, 2_000).Select(_ => random.Next(20) == 0 ? 0 : (random.NextDouble() - 0.4) * Math.Exp(random.NextDouble() * 6) * scale).ToArray();
        var parts = Enumerable.Range(0, 5).Select(static _ => new QuantileBuckets()).ToArray();
        for (var index = 0; index < values.Length; index++)
        {
            parts[index % 5].Add(values[index]);
        }

        var merged = new QuantileBuckets();
        foreach (var part in parts)
        {
            var reader = new TileReader(Bytes(part.Write));
            Assert.True(merged.TryMerge(ref reader) && reader.IsAtEnd);
        }

        Array.Sort(values);
        for (var step = 0; step <= 1000; step++)
        {
            var rank = step / 1000.0 * (values.Length - 1);
            var (low, share) = ((int)rank, rank - (int)rank);
            var high = Math.Min(low + 1, values.Length - 1);
            var exact = share == 0 ? values[low] : (values[low] * (1 - share)) + (values[high] * share);
            var bound = ((Math.Abs(values[low]) * (1 - share)) + (Math.Abs(values[high]) * share)) / 128 * (1 + 1e-9);
            Assert.InRange(merged.Find(rank), exact - bound, exact + bound);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sum_OfAnyDoubles_IsExactWhateverTheOrderAndGrouping(int seed)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, 500).Select(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))).Where(double.IsFinite).ToList();
        values.AddRange([double.MaxValue, double.MaxValue, -double.MaxValue, double.Epsilon, -double.Epsilon, 0.1, 1e308, 1e-320]);
        var (sum, squares) = (BigInteger.Zero, BigInteger.Zero);
        foreach (var value in values)
        {
            var integer = ToInteger(value);
            sum += integer;
            squares += integer * integer;
        }

        for (var round = 0; round < 5; round++)
        {
            var (total, totalSquares) = (new ExactSum(false), new ExactSum(true));
            var shuffled = values.ToArray();
            random.Shuffle(shuffled);
            foreach (var chunk in shuffled.Chunk(1 + random.Next(100)))
            {
                var (part, partSquares) = (new ExactSum(false), new ExactSum(true));
                foreach (var value in chunk)
                {
                    part.Add(value);
                    partSquares.Add(value);
                }

                var reader = new TileReader(Bytes(part.Write));
                var squaresReader = new TileReader(Bytes(partSquares.Write));
                Assert.True(total.TryAdd(ref reader) && reader.IsAtEnd && totalSquares.TryAdd(ref squaresReader) && squaresReader.IsAtEnd);
            }

            Assert.Equal(sum, total.ToInteger());
            Assert.Equal(squares, totalSquares.ToInteger());
        }
    }

    [Theory]
    [InlineData(0.1, 0.2, 0.30000000000000004)]
    [InlineData(1e16, 1, 1e16)]
    [InlineData(1e16, 3, 1.0000000000000004e16)]
    [InlineData(double.MaxValue, double.MaxValue, double.PositiveInfinity)]
    [InlineData(double.Epsilon, double.Epsilon, 2 * double.Epsilon)]
    [InlineData(2.2250738585072014E-308, -4.9E-324, 2.225073858507201E-308)]
    [InlineData(-5.5, 5.5, 0)]
    public void Round_OfASum_IsTheNearestDouble(double left, double right, double expected)
    {
        var sum = new ExactSum(false);
        sum.Add(left);
        sum.Add(right);

        Assert.Equal(expected, ExactSum.Round(sum.ToInteger(), 1, ExactSum.Scale));
    }

    [Fact]
    public void CountDistinct_AboveItsBound_IsUnavailableInBothPrecisions()
    {
        foreach (var precision in new[] { WindowPrecision.Exact, WindowPrecision.Hop })
        {
            var view = TestViews.Windowed(
                TestViews.Aggregate("distinct", AggregateFunction.CountDistinct, "v", 1_000_000_000),
                TestViews.Aggregate("top", AggregateFunction.TopK, "v", 1_000_000_000) with { Length = 2 },
                TestViews.Aggregate("approx", AggregateFunction.ApproximateCountDistinct, "v", 1_000_000_000),
                TestViews.Aggregate("count", AggregateFunction.Count, null, 1_000_000_000)) with { Precision = precision };
            var field = StorageField.Of(view, hasIntegerEventId: true);
            var kernel = new WindowKernel(field);
            var cells = new FeatureCell[4];
            var builder = new WindowBlockBuilder(field);
            for (var index = 0; index <= WindowFeature.DistinctMax; index++)
            {
                if (index == WindowFeature.DistinctMax)
                {
                    Evaluate();
                    Assert.Equal(WindowFeature.DistinctMax, cells[0].Value.AsInt64());
                    Assert.Equal([0, 1], cells[1].Value.AsFloat64List().ToArray());
                }

                builder.Add(1_000_000 + index, 1_000_000 + index, FeatureValue.FromInt64(index), "i1", [FeatureValue.FromFloat64(index)]);
            }

            Evaluate();
            Assert.Equal(FeatureStatus.Unavailable, cells[0].Status);
            Assert.Equal(FeatureStatus.Unavailable, cells[1].Status);
            Assert.InRange(cells[2].Value.AsInt64(), 3_800, 4_400);
            Assert.Equal(WindowFeature.DistinctMax + 1, cells[3].Value.AsInt64());

            void Evaluate()
            {
                var block = precision == WindowPrecision.Hop ? HopBlockMerge.OfHistory(field, builder.Build(), long.MaxValue, long.MinValue) : builder.Build();
                Assert.True(kernel.Evaluate(block, long.MinValue, 900_000_000, [FeatureValue.Null(FeatureType.Float64)], cells));
            }
        }
    }

    [Fact]
    public void Add_OfATextThatIsTooLong_IsRefusedWithItsColumn()
    {
        var view = TestViews.Windowed(TestViews.Aggregate("last", AggregateFunction.Last, "s", 10) with { ColumnType = FeatureType.String });
        var builder = new WindowBlockBuilder(StorageField.Of(view, hasIntegerEventId: true));

        Assert.True(builder.Add(1, 1, FeatureValue.FromInt64(1), "i1", [FeatureValue.FromString(new string('x', 39))]));
        var exception = Assert.Throws<FeatureException>(() => builder.Add(1, 1, FeatureValue.FromInt64(2), "i1", [FeatureValue.FromString(new string('x', 38) + "\u00e9")]));

        Assert.Equal(FeatureError.InvalidInput, exception.Error);
        Assert.Contains("Column 's'", exception.Message, StringComparison.Ordinal);
        Assert.Equal(1, builder.Count);
    }

    private static byte[] Bytes(Action<TileWriter> write)
    {
        var writer = new TileWriter();
        write(writer);
        return writer.Written.ToArray();
    }

    private static BigInteger ToInteger(double value)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | (exponent == 0 ? 0 : 1L << 52);
        var magnitude = (BigInteger)mantissa << Math.Max(0, exponent - 1);
        return bits < 0 ? -magnitude : magnitude;
    }
}
