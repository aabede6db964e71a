using System.Text.Json;

namespace ZeroWorld.ML.Models.Tests;

public sealed class JsonFaultTests
{
    [Theory]
    [InlineData("""{"name": "a", "share": "0.5"}""", "share: line 1 has a value of another kind; expected a number")]
    [InlineData("""{"name": "a", "share": 1, "count": 1.5}""", "count: line 1 has a value of another kind; expected a whole number in range")]
    [InlineData("""{"name": 7, "share": 1}""", "name: line 1 has a value of another kind; expected a text")]
    [InlineData("""{"name": "a", "share": 1, "is_new": 0}""", "is_new: line 1 has a value of another kind; expected true or false")]
    [InlineData("""{"name": "a", "share": 1, "parts": 3}""", "parts: line 1 has a value of another kind; expected a list")]
    [InlineData("""{"name": "a", "share": 1, "parts": [4]}""", "parts[0]: line 1 has a value of another kind; expected an object")]
    [InlineData("""{"name": "a", "share": 1, "parts": [{"name": "b", "share": []}]}""", "parts[0].share: line 1 has a value of another kind; expected a number")]
    [InlineData("[]", "the whole: line 1 has a value of another kind; expected an object")]
    [InlineData("""{}""", "name, share: absent; expected each")]
    [InlineData("""{"name": "a", "share": 1, "parts": [{"name": "b"}]}""", "share: absent in parts[0]; expected each")]
    [InlineData("""{"name": "a", "share": 1, "shares": 1}""", "shares: there is no field 'shares'")]
    [InlineData("""{"name": "a", "share": 1, "range": {"from": "x"}}""", "range.from: line 1 has a value of another kind")]
    [InlineData("{", "line 1, byte 2: Expected depth")]
    [InlineData("{\n  \"name\": no}", "line 2, byte 12: ")]
    public void Of_WhatIsWrong_NamesTheFieldAndNoType(string json, string expected)
    {
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow };

        var fault = JsonFault.Of(Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<Part>(json, options)));

        Assert.StartsWith(expected, fault, StringComparison.Ordinal);
        Assert.DoesNotMatch("LineNumber|Path: ", fault);
        Assert.DoesNotContain("System", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("ZeroWorld", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_FieldThatIsThereTwice_NamesIt()
    {
        var exception = Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse("""{"id": 1, "id": 2}""", new JsonDocumentOptions { AllowDuplicateProperties = false }));

        Assert.Equal("'id' is there twice; expected it once", JsonFault.Of(exception));
    }

    private sealed record Part
    {
        public required string Name { get; init; }

        public required double Share { get; init; }

        public int Count { get; init; }

        public bool IsNew { get; init; }

        public IReadOnlyList<Part> Parts { get; init; } = [];

        public Span? Range { get; init; }
    }

    private sealed record Span(double From);
}
