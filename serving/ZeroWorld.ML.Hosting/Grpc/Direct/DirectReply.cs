using System.Globalization;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace ZeroWorld.ML.Hosting;

/// <summary>The answer of a direct call as HTTP has it: a message and an OK behind it, or a status alone.</summary>
internal static class DirectReply
{
    private const string ContentType = "application/grpc";
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private static readonly StringValues Ok = "0";
    private static readonly Status TooLarge = new(StatusCode.ResourceExhausted, "Sending message exceeds the maximum configured message size.");

    public static void Write(HttpResponse response, IDirectCall call, int bytesMax)
    {
        response.ContentType = ContentType;
        call.WriteTo(new DirectOutput(response.BodyWriter), bytesMax);
        response.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()!.Trailers[StatusHeader] = Ok;
    }

    public static RpcException RefuseSize() => new(TooLarge);

    /// <summary>A status without a message, and what belongs to it.</summary>
    public static void WriteStatus(HttpResponse response, Status status, Metadata? trailers = null)
    {
        if (response.HasStarted)
        {
            // Only a caller that has gone gets here: the status comes after the message, in one piece.
            return;
        }

        response.ContentType = ContentType;
        response.Headers[StatusHeader] = ((int)status.StatusCode).ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(status.Detail))
        {
            response.Headers[MessageHeader] = Encode(status.Detail);
        }

        foreach (var entry in trailers ?? [])
        {
            if (!entry.IsBinary)
            {
                response.Headers.Append(entry.Key, entry.Value);
            }
            else
            {
                response.Headers.Append(entry.Key, Convert.ToBase64String(entry.ValueBytes));
            }
        }
    }

    /// <summary>Percent-encoding of everything but printable ASCII, as the protocol has it.</summary>
    private static string Encode(string text)
    {
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 && !text.Contains('%', StringComparison.Ordinal))
        {
            return text;
        }

        var encoded = new StringBuilder(text.Length + 16);
        foreach (var item in Encoding.UTF8.GetBytes(text))
        {
            if (item is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
            {
                encoded.Append((char)item);
            }
            else
            {
                encoded.Append(CultureInfo.InvariantCulture, $"%{item:X2}");
            }
        }

        return encoded.ToString();
    }
}
