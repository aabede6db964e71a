using CsCheck;
using Google.Protobuf;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Serving.Protocol.Tests;

public sealed class ReverseProtoWriterTests
{
    [Theory]
    [InlineData(0UL)]
    [InlineData(127UL)]
    [InlineData(128UL)]
    [InlineData(16_383UL)]
    [InlineData(16_384UL)]
    [InlineData(ulong.MaxValue)]
    public void WriteVarint_AnySize_IsWhatTheGeneratedCodeReads(ulong value)
    {
        using var writer = new ReverseProtoWriter(0);
        writer.WriteVarint(value);

        Assert.Equal(value, new CodedInputStream(writer.Written.ToArray()).ReadUInt64());
    }

    [Fact]
    public void WriteVarintField_Zero_IsLeftOut()
    {
        using var writer = new ReverseProtoWriter(16);
        writer.WriteVarintField(4, 0);
        writer.WriteStringField(1, "");

        Assert.Equal(0, writer.Length);
    }

    [Fact]
    public void Write_AnyColumn_EqualsTheGeneratedCode() => Gen.Select(
        Gen.String, Gen.Long.Array[0, 200], Gen.Double.Array[0, 50], Gen.String.Array[0, 20], Gen.UInt[0, 1_000_000].Array[0, 20]).Sample(
        static (name, integers, numbers, texts, rows) =>
        {
            // Texts that are no Unicode are replaced here, and refused by the generated code.
            name = Clean(name);
            texts = [.. texts.Select(Clean)];
            Check(
                new Column { Name = name, Int64S = new Int64Values { Values = { integers } }, NullRows = { rows } },
                Column.Int64SFieldNumber,
                writer =>
                {
                    for (var index = integers.Length - 1; index >= 0; index--)
                    {
                        writer.WriteZigZag(integers[index]);
                    }
                },
                integers.Length > 0);
            Check(
                new Column { Name = name, Float64S = new Float64Values { Values = { numbers } }, NullRows = { rows } },
                Column.Float64SFieldNumber,
                writer =>
                {
                    for (var index = numbers.Length - 1; index >= 0; index--)
                    {
                        writer.WriteDouble(numbers[index]);
                    }
                },
                numbers.Length > 0);
            Check(
                new Column { Name = name, Strings = new StringValues { Values = { texts } }, NullRows = { rows } },
                Column.StringsFieldNumber,
                writer =>
                {
                    for (var index = texts.Length - 1; index >= 0; index--)
                    {
                        writer.WriteStringElement(1, texts[index]);
                    }
                },
                isPacked: false);
        },
        iter: 300);

    private static void Check(Column expected, int field, Action<ReverseProtoWriter> writeValues, bool isPacked)
    {
        using var writer = new ReverseProtoWriter(0);
        if (expected.NullRows.Count > 0)
        {
            for (var index = expected.NullRows.Count - 1; index >= 0; index--)
            {
                writer.WriteVarint(expected.NullRows[index]);
            }

            writer.EndField(Column.NullRowsFieldNumber, 0);
        }

        var values = writer.Length;
        writeValues(writer);
        if (isPacked)
        {
            writer.EndField(1, values);
        }

        writer.EndField(field, values);
        writer.WriteStringField(Column.NameFieldNumber, expected.Name);

        Assert.Equal(expected.ToByteArray(), writer.Written.ToArray());
    }

    private static string Clean(string text) => string.Concat(text.EnumerateRunes());
}
