using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>Bodies of REST: read whole and bounded, written whole, so that a failure while writing still has an answer.</summary>
internal static class RestBody
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="RestFailure">413: the body is larger than the limit.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context, int bytesMax)
    {
        if (context.Request.ContentLength > bytesMax)
        {
            throw TooLarge(bytesMax);
        }

        var buffer = new ArrayBufferWriter<byte>((int)(context.Request.ContentLength ?? 4096) + 1);
        while (true)
        {
            var read = await context.Request.Body.ReadAsync(buffer.GetMemory(1), context.RequestAborted).ConfigureAwait(false);
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

    public static Task SendAsync(HttpContext context, ArrayBufferWriter<byte> json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.WrittenCount;
        return context.Response.Body.WriteAsync(json.WrittenMemory, context.RequestAborted).AsTask();
    }

    private static RestFailure TooLarge(int bytesMax) =>
        new(StatusCodes.Status413PayloadTooLarge, $"The body is larger than {bytesMax} bytes (Server:MessageBytesMax).");
}
