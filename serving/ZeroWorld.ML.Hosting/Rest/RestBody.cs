using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Hosting;

/// <summary>Bodies of REST: read whole and bounded, written whole, so that a failure while writing still has an answer.</summary>
internal static class RestBody
{
    private const int BytesExpected = 4096;
    private const int BytesExpectedMax = 1 << 20;
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = 100, AllowDuplicateProperties = false };

    /// <summary>Reads the body as it was before its Content-Encoding.</summary>
    /// <exception cref="RestFailure">413: it is larger than the limit, as sent or unpacked; 400: it cannot be unpacked; 415: an encoding that is not known here.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int bytesMax)
    {
        if (context.Request.ContentLength > bytesMax)
        {
            // What is sent all the same is read and forgotten for some seconds: a caller whose connection ends while it sends does not see the answer.
            if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            {
                limit.MaxRequestBodySize = null;
            }

            throw TooLarge(bytesMax);
        }

        // Room for what comes, not for what is announced: a caller that announces much and sends nothing gets little.
        var expected = (int)Math.Min(context.Request.ContentLength ?? BytesExpected, BytesExpectedMax);
        return await Compression.UnpackAsync(context.Request, body => ReadAsync(body, expected, bytesMax, context.RequestAborted), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Reads a JSON object that may be left out.</summary>
    /// <returns>An empty object where the body is empty.</returns>
    /// <exception cref="RestFailure">400: the body is no JSON object.</exception>
    public static async Task<JsonDocument> ReadObjectAsync(HttpContext context, int bytesMax)
    {
        var body = await ReadAsync(context, bytesMax).ConfigureAwait(false);
        if (!Utf8.IsValid(body.Span))
        {
            throw new RestFailure(StatusCodes.Status400BadRequest, "The body is not valid Unicode text.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body.IsEmpty ? "{}"u8.ToArray() : body, ReadOptions);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: the name of a property holds half of a surrogate pair.
            throw new RestFailure(StatusCodes.Status400BadRequest, $"The body is not JSON: {(exception is JsonException fault ? $"{JsonFault.Of(fault)}." : exception.Message)}");
        }

        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new RestFailure(StatusCodes.Status400BadRequest, "The body is no JSON object.");
    }

    /// <summary>Writes a JSON body; the status must be set before.</summary>
    public static Task WriteAsync<T>(HttpContext context, T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            write(writer, value);
        }

        return SendAsync(context, buffer.WrittenMemory);
    }

    public static Task SendAsync(HttpContext context, ReadOnlyMemory<byte> body, string contentType = "application/json")
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Sends a body of tensors, packed where the caller accepts that.</summary>
    /// <remarks>Other answers are never packed: there are clients of this protocol that offer to unpack everything and then unpack tensors only.</remarks>
    public static Task SendPackedAsync(HttpContext context, ReadOnlyMemory<byte> body, string contentType)
    {
        if (Compression.Choose(context.Request) is not { } encoding)
        {
            return SendAsync(context, body, contentType);
        }

        context.Response.Headers.ContentEncoding = encoding;
        return SendAsync(context, Compression.Compress(body, encoding), contentType);
    }

    /// <summary>Reads to the end, or to the limit: what a packed body unpacks to is never held beyond it.</summary>
    private static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(Stream body, int bytesExpected, int bytesMax, CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(bytesExpected + 1);
        while (true)
        {
            var read = await body.ReadAsync(buffer.GetMemory(1), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return buffer.WrittenMemory;
            }

            buffer.Advance(read);
            if (buffer.WrittenCount > bytesMax)
            {
                throw TooLarge(bytesMax);
            }
        }
    }

    private static RestFailure TooLarge(int bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {bytesMax} bytes (Server:MessageBytesMax).");
}
