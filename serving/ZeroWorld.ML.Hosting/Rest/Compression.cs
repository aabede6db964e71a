using System.IO.Compression;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Hosting;

/// <summary>Bodies of REST in gzip and deflate, both ways.</summary>
internal static class Compression
{
    private const string Gzip = "gzip";
    private const string Deflate = "deflate";
    private const string Identity = "identity";

    /// <summary>Reads the body as it was before its Content-Encoding.</summary>
    /// <param name="read">Reads a stream to its end, or to a limit that it refuses to pass.</param>
    /// <exception cref="RestFailure">415: another encoding; 400: the body is not in it, or was cut off.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>> UnpackAsync(HttpRequest request, Func<Stream, ValueTask<ReadOnlyMemory<byte>>> read, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString().Trim().ToLowerInvariant();
        try
        {
            switch (encoding)
            {
                case "" or Identity:
                    return await read(request.Body).ConfigureAwait(false);
                case Gzip or "x-gzip":
                    using (var tail = new GzipTail(request.Body))
                    using (var unpacked = new GZipStream(tail, CompressionMode.Decompress, leaveOpen: true))
                    {
                        var body = await read(unpacked).ConfigureAwait(false);
                        return await tail.IsWholeAsync(body.Length, cancellationToken).ConfigureAwait(false) ? body : throw Broken(encoding);
                    }

                case Deflate:
                    using (var unpacked = new ZLibStream(request.Body, CompressionMode.Decompress, leaveOpen: true))
                    {
                        return await read(unpacked).ConfigureAwait(false);
                    }

                default:
                    throw new RestFailure(StatusCodes.Status415UnsupportedMediaType, $"The body has the Content-Encoding '{encoding}'; expected gzip, deflate or none.");
            }
        }
        catch (InvalidDataException)
        {
            throw Broken(encoding);
        }
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

    private static RestFailure Broken(string encoding) =>
        new(StatusCodes.Status400BadRequest, $"The body is not what its Content-Encoding '{encoding}' says, or was cut off.");
}
