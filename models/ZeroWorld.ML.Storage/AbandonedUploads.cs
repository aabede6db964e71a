using System.Collections.Concurrent;
using Amazon.S3;
using Amazon.S3.Model;

namespace ZeroWorld.ML.Storage;

/// <summary>Gives up uploads in parts whose process was ended amid them: their parts take room, and nobody sees them.</summary>
/// <remarks>Only those below the folder that is written to, and only once per folder: a bucket has other users. Thread safe.</remarks>
internal sealed class AbandonedUploads(IAmazonS3 client, string bucket, TimeProvider time)
{
    /// <summary>No upload goes on for so long.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromDays(1);

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, bool> _done = new(StringComparer.Ordinal);

    /// <param name="folder">What the names begin with, with '/' at the end; or one whole name.</param>
    public async Task EndAsync(string folder, CancellationToken cancellationToken)
    {
        if (!_done.TryAdd(folder, true))
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            var (begun, request) = (time.GetUtcNow() - Age, new ListMultipartUploadsRequest { BucketName = bucket, Prefix = folder });
            while (true)
            {
                var page = await client.ListMultipartUploadsAsync(request, timeout.Token).ConfigureAwait(false);
                foreach (var upload in page.MultipartUploads ?? [])
                {
                    if ((folder.EndsWith('/') || upload.Key == folder) && upload.Initiated is { } initiated && initiated.ToUniversalTime() < begun.UtcDateTime)
                    {
                        await client.AbortMultipartUploadAsync(bucket, upload.Key, upload.UploadId, timeout.Token).ConfigureAwait(false);
                    }
                }

                if (page.IsTruncated != true)
                {
                    return;
                }

                (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
            }
        }
        catch (Exception exception) when (S3Failure.IsKnown(exception, cancellationToken))
        {
            // A key without the right to list them, or a server that cannot: what is written is the same, and a rule of the bucket may end them.
        }
    }
}
