using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>Bodies of REST: read whole and bounded, written whole, so that a failure while writing still has an answer.</summary>
internal static class RestBody
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = 100, AllowDuplicateProperties = false };

    /// <summary>Reads the body as it was before its Content-Encoding.</summary>
    /// <exception cref="RestFailure">413: it is larger than the limit, as sent or unpacked; 400: it cannot be unpacked; 415: an encoding that is not known here.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int bytesMax)
    {
        if (context.Request.ContentLength > bytesMax)
        {
            throw TooLarge(bytesMax);
        }

        var body = Compression.Open(context.Request);
        if (body == context.Request.Body)
        {
            return await ReadAsync(body, (int)(context.Request.ContentLength ?? 4096), bytesMax, context.RequestAborted).ConfigureAwait(false);
        }

        await using (body.ConfigureAwait(false))
        {
            try
            {
                return await ReadAsync(body, 4096, bytesMax, context.RequestAborted).ConfigureAwait(false);
            }
            catch (InvalidDataException exception)
            {
                throw new RestFailure(StatusCodes.Status400BadRequest, $"The body is not what its Content-Encoding '{context.Request.Headers.ContentEncoding}' says: {exception.Message}");
            }
        }
    }

    /// <summary>Reads a JSON object that may be left out.</summary>
    /// <returns>An empty object where the body is empty.</returns>
    /// <exception cref="RestFailure">400: the body is no JSON object.</exception>
    public static async Task<JsonDocument> ReadObjectAsync(HttpContext context, int bytesMax)
    {
        var body = await ReadAsync(context, bytesMax).ConfigureAwait(false);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body.IsEmpty ? "{}"u8.ToArray() : body, ReadOptions);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: the name of a property holds half of a surrogate pair.
            throw new RestFailure(StatusCodes.Status400BadRequest, $"The body is not JSON: {exception.Message}");
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

        return SendAsync(context, buffer);
    }

    /// <summary>Sends a body whole, packed where the caller accepts that.</summary>
    public static Task SendAsync(HttpContext context, ArrayBufferWriter<byte> body, string contentType = "application/json")
    {
        var data = body.WrittenMemory;
        if (Compression.Choose(context.Request) is { } encoding)
        {
            data = Compression.Compress(data, encoding);
            context.Response.Headers.ContentEncoding = encoding;
        }

        context.Response.ContentType = contentType;
        context.Response.ContentLength = data.Length;
        return context.Response.Body.WriteAsync(data, context.RequestAborted).AsTask();
    }

    /// <summary>Reads to the end, or to the limit: what a packed body unpacks to is never held beyond it.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, int bytesExpected, int bytesMax, CancellationToken cancellationToken)
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
