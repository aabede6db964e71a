using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>Bodies of REST in gzip and deflate, both ways.</summary>
internal static class Compression
{
    private const string Gzip = "gzip";
    private const string Deflate = "deflate";
    private const string Identity = "identity";

    /// <summary>What undoes the request's Content-Encoding; the body itself where there is none.</summary>
    /// <exception cref="RestFailure">415: another encoding.</exception>
    public static Stream Open(HttpRequest request)
    {
        var encoding = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        return encoding switch
        {
            "" or Identity => request.Body,
            Gzip or "x-gzip" => new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
            Deflate => new ZLibStream(request.Body, CompressionMode.Decompress, leaveOpen: true),
            _ => throw new RestFailure(StatusCodes.Status415UnsupportedMediaType, $"The body has the Content-Encoding '{encoding}'; expected gzip, deflate or none."),
        };
    }

    /// <returns>The encoding that the caller prefers of those there are; <see langword="null"/> for none.</returns>
    public static string? Choose(HttpRequest request)
    {
        string? chosen = null;
        var best = 0.0;
        foreach (var accepted in request.GetTypedHeaders().AcceptEncoding)
        {
            var quality = accepted.Quality ?? 1;
            var name = accepted.Value.ToString().ToLowerInvariant() switch
            {
                Gzip or "x-gzip" => Gzip,
                Deflate => Deflate,
                _ => null,
            };
            if (name is not null && quality > best)
            {
                (chosen, best) = (name, quality);
            }
        }

        return chosen;
    }

    public static byte[] Compress(ReadOnlyMemory<byte> body, string encoding)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == Gzip
            ? new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true)
            : new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(body.Span);
        }

        return compressed.ToArray();
    }
}
