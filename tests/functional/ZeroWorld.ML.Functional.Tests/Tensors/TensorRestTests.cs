using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace ZeroWorld.ML.Functional.Tests;

public sealed class TensorRestTests(TensorServer server) : IClassFixture<TensorServer>
{
    private const string HeaderLength = "Inference-Header-Content-Length";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_BinaryInAndOut_IsTheFormOfTheHttpClient()
    {
        var request = TensorRequests.Simple();
        const string Json = """
            {"id":"9","inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}},
            {"name":"INPUT1","shape":[1,16],"datatype":"INT32","data":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}],
            "outputs":[{"name":"OUTPUT1"},{"name":"OUTPUT0","parameters":{"binary_data":false}}],"parameters":{"binary_data_output":true}}
            """;

        using var response = await SendAsync("simple", [.. Encoding.UTF8.GetBytes(Json), .. request.RawInputContents[0]], Json.Length);

        var (json, binary) = await ReadAsync(response);
        Assert.Equal("application/octet-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("9", json.GetProperty("id").GetString());
        Assert.Equal(64, json.GetProperty("outputs")[0].GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
        Assert.Equal(Enumerable.Range(-1, 16), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(binary).ToArray());
        Assert.Equal(Enumerable.Range(1, 16), json.GetProperty("outputs")[1].GetProperty("data").EnumerateArray().Select(item => item.GetInt32()));
    }

    [Fact]
    public async Task Infer_BytesThatAreNoText_GoAsBinaryOnly()
    {
        var raw = TensorRequests.Strings([0, 0xFF], "x"u8.ToArray());
        const string Json = """{"inputs":[{"name":"INPUT0","shape":[1,2],"datatype":"BYTES","parameters":{"binary_data_size":11}}],"outputs":[{"name":"OUTPUT0","parameters":{"binary_data":BINARY}}]}""";
        var binaryJson = Json.Replace("BINARY", "true", StringComparison.Ordinal);
        var textJson = Json.Replace("BINARY", "false", StringComparison.Ordinal);

        using var binary = await SendAsync("identity_bytes", [.. Encoding.UTF8.GetBytes(binaryJson), .. raw], binaryJson.Length);
        using var text = await SendAsync("identity_bytes", [.. Encoding.UTF8.GetBytes(textJson), .. raw], textJson.Length);

        Assert.Equal(raw, (await ReadAsync(binary)).Binary);
        await AssertErrorAsync(text, HttpStatusCode.BadRequest, "Element 0 of output 'OUTPUT0' is not UTF-8");
    }

    [Fact]
    public async Task Infer_RawBody_ShapeFollowsFromItsLength()
    {
        using var floats = await SendAsync("fixed_fp32", TensorRequests.Bytes(1f, 2f, 3f, 4f).ToByteArray(), 0);
        using var open = await SendAsync("identity_int16", [1, 0, 2, 0, 3, 0], 0);
        using var text = await SendAsync("one_string", "a\0b"u8.ToArray(), 0);
        using var two = await SendAsync("simple", new byte[128], 0);
        using var odd = await SendAsync("identity_int16", [1, 0, 2], 0);
        using var shorter = await SendAsync("fixed_fp32", new byte[12], 0);
        using var strings = await SendAsync("identity_bytes", "427"u8.ToArray(), 0);

        Assert.Equal("[1,4]", (await ReadAsync(floats)).Json.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
        Assert.Equal("[1,3]", (await ReadAsync(open)).Json.GetProperty("outputs")[0].GetProperty("shape").GetRawText());
        Assert.Equal(TensorRequests.Strings("a\0b"u8.ToArray()), (await ReadAsync(text)).Binary);
        await AssertErrorAsync(two, HttpStatusCode.BadRequest, "Raw request must only have 1 input (found 1) to be deduced but got 2 inputs in 'simple'");
        await AssertErrorAsync(odd, HttpStatusCode.BadRequest, "expected a multiple of 2");
        await AssertErrorAsync(strings, HttpStatusCode.BadRequest, "For BYTE datatype raw input 'INPUT0', the model must have input shape [1]");
        await AssertErrorAsync(shorter, HttpStatusCode.BadRequest, "Expected 16, got 12");
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999")]
    [InlineData("10000")]
    [InlineData("")]
    public async Task Infer_HeaderLengthThatCannotBe_IsRefused(string length)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Path("/v2/models/simple/infer")) { Content = new ByteArrayContent(new byte[10]) };
        request.Content.Headers.TryAddWithoutValidation(HeaderLength, length);

        using var response = await server.Http.SendAsync(request, Cancellation);

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, HeaderLength);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task Infer_PackedBothWays_IsTheSameAnswer(string encoding)
    {
        var request = TensorRequests.Simple();
        const string Json = """{"inputs":[{"name":"INPUT0","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}},{"name":"INPUT1","shape":[1,16],"datatype":"INT32","parameters":{"binary_data_size":64}}],"parameters":{"binary_data_output":true}}""";
        byte[] plain = [.. Encoding.UTF8.GetBytes(Json), .. request.RawInputContents[0], .. request.RawInputContents[1]];

        using var response = await SendAsync("simple", Pack(encoding, plain), Json.Length, encoding, encoding);

        Assert.Equal(encoding, Assert.Single(response.Content.Headers.ContentEncoding));
        var body = await response.Content.ReadAsByteArrayAsync(Cancellation);
        using Stream packed = encoding == "gzip" ? new GZipStream(new MemoryStream(body), CompressionMode.Decompress) : new ZLibStream(new MemoryStream(body), CompressionMode.Decompress);
        using var unpacked = new MemoryStream();
        await packed.CopyToAsync(unpacked, Cancellation);
        var length = int.Parse(response.Headers.GetValues(HeaderLength).Single(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(length + 128, unpacked.Length);
        Assert.Equal(Enumerable.Range(1, 16), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(unpacked.ToArray().AsSpan(length, 64)).ToArray());
    }

    [Fact]
    public async Task Infer_PackedBodiesThatAreWrong_AreRefused()
    {
        var good = Encoding.UTF8.GetBytes("""{"inputs":[{"name":"INPUT0","shape":[1,1],"datatype":"FP32","data":[1]}]}""");
        var bomb = Pack("gzip", new byte[80 << 20]);
        Assert.True(bomb.Length < 1 << 20);

        foreach (var (encoding, body, status) in new (string, byte[], HttpStatusCode)[]
        {
            ("gzip", bomb, HttpStatusCode.RequestEntityTooLarge),
            ("deflate", Pack("deflate", new byte[80 << 20]), HttpStatusCode.RequestEntityTooLarge),
            ("gzip", Pack("gzip", good)[..^8], HttpStatusCode.BadRequest),
            ("gzip", Pack("gzip", good)[..20], HttpStatusCode.BadRequest),
            ("deflate", Pack("deflate", good)[..20], HttpStatusCode.BadRequest),
            ("gzip", good, HttpStatusCode.BadRequest),
            ("deflate", good, HttpStatusCode.BadRequest),
            ("gzip", [], HttpStatusCode.BadRequest),
            ("br", good, HttpStatusCode.UnsupportedMediaType),
            ("gzip, gzip", good, HttpStatusCode.UnsupportedMediaType),
        })
        {
            using var response = await SendAsync("identity_fp32", body, null, encoding);
            await AssertErrorAsync(response, status, "");
        }

        using var next = await SendAsync("identity_fp32", Pack("gzip", good), null, "gzip");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData("INT64", "[9007199254740993,-9223372036854775808]", null)]
    [InlineData("UINT64", "[18446744073709551615,0]", null)]
    [InlineData("FP32", "[0.1,\"NaN\"]", null)]
    [InlineData("BYTES", "[\"\u00e9\",\"\"]", null)]
    [InlineData("FP64", "[NaN,-Infinity]", "[\"NaN\",\"-Infinity\"]")]
    [InlineData("INT8", "[[1,-128]]", "[1,-128]")]
    public async Task Infer_JsonData_ComesBackExactly(string datatype, string data, string? expected)
    {
        using var response = await PostAsync($"identity_{datatype.ToLowerInvariant()}", $$"""{"inputs":[{"name":"INPUT0","shape":[1,2],"datatype":"{{datatype}}","data":{{data}}}]}""");

        var output = (await ReadAsync(response)).Json.GetProperty("outputs")[0];
        Assert.Equal(datatype, output.GetProperty("datatype").GetString());
        Assert.Equal(JsonSerializer.Serialize(JsonDocument.Parse(expected ?? data)), JsonSerializer.Serialize(output.GetProperty("data")));
    }

    [Theory]
    [InlineData("identity_int8", "INT8", "[1,128]", "holds 128 at element 1; expected an integer from -128 to 127")]
    [InlineData("identity_int64", "INT64", "[1,9223372036854775808]", "expected an integer from")]
    [InlineData("identity_int32", "INT32", "[1,1.5]", "expected an integer from")]
    [InlineData("identity_fp32", "FP32", "[1,1e39]", "a number that FP32 can hold")]
    [InlineData("identity_fp16", "FP16", "[1,2]", "receiving FP16 data via JSON is not supported. Please use the binary data format for input INPUT0")]
    [InlineData("identity_bf16", "BF16", "[1,2]", "receiving BF16 data via JSON is not supported")]
    [InlineData("identity_bytes", "BYTES", "[\"\\ud800\",\"\"]", "not valid Unicode")]
    [InlineData("identity_fp32", "FP32", "[1]", "has 1 elements; expected 2")]
    [InlineData("identity_fp32", "FP64", "[1,2]", "data-type is 'FP64'")]
    public async Task Infer_JsonDataThatDoesNotFit_IsRefused(string model, string datatype, string data, string message)
    {
        using var response = await PostAsync(model, $$"""{"inputs":[{"name":"INPUT0","shape":[1,2],"datatype":"{{datatype}}","data":{{data}}}]}""");

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, message);
    }

    [Fact]
    public async Task Infer_HalfPrecisionOutputAsJson_IsRefused()
    {
        const string Json = """{"inputs":[{"name":"INPUT0","shape":[1,1],"datatype":"FP16","parameters":{"binary_data_size":2}}]}""";

        using var response = await SendAsync("identity_fp16", [.. Encoding.UTF8.GetBytes(Json), 0, 0], Json.Length);

        await AssertErrorAsync(response, HttpStatusCode.BadRequest, "sending FP16 data via JSON is not supported. Please use the binary data format for output OUTPUT0");
    }

    [Fact]
    public async Task Infer_TooDeepOrNoJson_IsRefusedAndTheNextOneAnswered()
    {
        foreach (var body in new[] { new string('[', 100_000), "", "null", "{", "\u0000", """{"inputs":[{"name":"INPUT0","shape":[2000000000],"datatype":"FP32","data":[]}]}""" })
        {
            using var response = await PostAsync("identity_fp32", body);
            await AssertErrorAsync(response, HttpStatusCode.BadRequest, "");
        }

        using var next = await PostAsync("identity_fp32", """{"inputs":[{"name":"INPUT0","shape":[1,1],"datatype":"FP32","data":[1]}]}""");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData("one_string/generate", """{"id":"7","INPUT0":"hello","custom":1,"parameters":{"other":"x"}}""", """{"id":"7","model_name":"one_string","model_version":"1","OUTPUT0":"hello"}""")]
    [InlineData("fixed_fp32/versions/1/generate", """{"parameters":{"INPUT0":[1,2.5,3,4]}}""", """{"model_name":"fixed_fp32","model_version":"1","OUTPUT0":[1,2.5,3,4]}""")]
    [InlineData("identity_int64/generate_stream", """{"INPUT0":[7,8]}""", "data: {\"model_name\":\"identity_int64\",\"model_version\":\"1\",\"OUTPUT0\":[7,8]}\n\n")]
    public async Task Generate_PlainProperties_AreInputsAndOutputs(string path, string body, string expected)
    {
        using var response = await server.Http.PostAsync(server.Path($"/v2/models/{path}"), new StringContent(body), Cancellation);

        Assert.Equal(expected, await response.Content.ReadAsStringAsync(Cancellation));
    }

    [Theory]
    [InlineData("fixed_fp32/generate", """{"INPUT0":[1,2,3]}""", HttpStatusCode.BadRequest, "The schema can not convert input 'INPUT0' to tensor with proper shape")]
    [InlineData("fixed_fp32/generate", "{}", HttpStatusCode.BadRequest, "expected 1 inputs but got 0 inputs for model 'fixed_fp32'")]
    [InlineData("fixed_fp32/generate", """{"INPUT0":"x"}""", HttpStatusCode.BadRequest, "The schema can not convert input 'INPUT0'")]
    [InlineData("one_string/generate", """{"INPUT0":1}""", HttpStatusCode.BadRequest, "expected a string")]
    [InlineData("one_string/generate", """{"INPUT0":"x","parameters":{"y":{}}}""", HttpStatusCode.BadRequest, "invalid type")]
    [InlineData("identity_fp16/generate", """{"INPUT0":1}""", HttpStatusCode.BadRequest, "receiving FP16 data via JSON is not supported")]
    [InlineData("nobody/generate", "{}", HttpStatusCode.NotFound, "Request for unknown model: 'nobody'")]
    public async Task Generate_BadRequest_IsAnErrorWithItsStatus(string path, string body, HttpStatusCode status, string message)
    {
        using var response = await server.Http.PostAsync(server.Path($"/v2/models/{path}"), new StringContent(body), Cancellation);

        await AssertErrorAsync(response, status, message);
    }

    [Fact]
    public async Task Infer_Classification_IsAlsoTextInJson()
    {
        using var response = await PostAsync(
            "fixed_fp32", """{"inputs":[{"name":"INPUT0","shape":[1,4],"datatype":"FP32","data":[1,3.5,2,0]}],"outputs":[{"name":"OUTPUT0","parameters":{"classification":2}}]}""");

        Assert.Equal("""{"name":"OUTPUT0","datatype":"BYTES","shape":[1,2],"data":["3.500000:1","2.000000:2"]}""", (await ReadAsync(response)).Json.GetProperty("outputs")[0].GetRawText());
    }

    private static byte[] Pack(string encoding, byte[] plain)
    {
        using var packed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(packed, CompressionMode.Compress) : new ZLibStream(packed, CompressionMode.Compress))
        {
            stream.Write(plain);
        }

        return packed.ToArray();
    }

    private async Task<HttpResponseMessage> PostAsync(string model, string json) => await SendAsync(model, Encoding.UTF8.GetBytes(json), null);

    private async Task<HttpResponseMessage> SendAsync(string model, byte[] body, int? headerLength, string? encoding = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Path($"/v2/models/{model}/infer")) { Content = new ByteArrayContent(body) };
        if (headerLength is { } length)
        {
            request.Headers.Add(HeaderLength, $"{length}");
        }

        if (encoding is not null)
        {
            request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        if (accept is not null)
        {
            request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue(accept));
        }

        return await server.Http.SendAsync(request, Cancellation);
    }

    private static async Task<(JsonElement Json, byte[] Binary)> ReadAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(response.IsSuccessStatusCode, Encoding.UTF8.GetString(body));
        var length = response.Headers.TryGetValues(HeaderLength, out var header)
            ? int.Parse(header.Single(), System.Globalization.CultureInfo.InvariantCulture)
            : body.Length;
        return (JsonDocument.Parse(body.AsMemory(0, length)).RootElement, body[length..]);
    }

    private static async Task AssertErrorAsync(HttpResponseMessage response, HttpStatusCode status, string message)
    {
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(status == response.StatusCode, $"{response.StatusCode}: {body}");
        using var json = JsonDocument.Parse(body);
        Assert.Contains(message, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}
