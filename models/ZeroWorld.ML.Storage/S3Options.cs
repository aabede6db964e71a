using System.ComponentModel.DataAnnotations;

namespace ZeroWorld.ML.Storage;

/// <summary>A bucket of S3 or of a server that speaks it, and the limits of its use.</summary>
public sealed class S3Options : IValidatableObject
{
    public const string Section = "S3";

    /// <summary>S3 wants parts of 5 MiB or more, and at most 10,000 of them.</summary>
    internal const int PartMebibytesMin = 5;

    /// <summary>The bucket; it must exist.</summary>
    /// <value><see langword="null"/> or empty, the default: nothing is kept in S3.</value>
    public string? Bucket { get; set; }

    /// <summary>What all names begin with: <c>team/zeroworld</c>.</summary>
    /// <value>Default: none.</value>
    public string Prefix { get; set; } = "";

    /// <summary>URL of a server that speaks S3: <c>http://HOST:9000</c>. The bucket is then a part of the path.</summary>
    /// <value>Default: none; Amazon's own in <see cref="Region"/>.</value>
    public string? Endpoint { get; set; }

    /// <summary>The region, also what requests to <see cref="Endpoint"/> are signed for.</summary>
    /// <value>Default <c>us-east-1</c>.</value>
    [Required]
    public string Region { get; set; } = "us-east-1";

    /// <summary>Access key id.</summary>
    /// <value>Default: none; the AWS client looks for credentials where it always does (variables, profile, role of the machine or pod).</value>
    public string? AccessKey { get; set; }

    /// <summary>A file whose first line is the secret of <see cref="AccessKey"/>.</summary>
    /// <value>Default: none.</value>
    public string? SecretKeyFile { get; set; }

    /// <summary>Files larger than this go in parts of this size.</summary>
    /// <value>Default 16 MiB; 5 to 1,024.</value>
    [Range(PartMebibytesMin, 1024)]
    public int PartMebibytes { get; set; } = 16;

    /// <summary>How often a request that failed for a passing reason (5xx, 429, a broken connection) is sent again, with growing pauses.</summary>
    /// <value>Default 4; 0 to 20.</value>
    [Range(0, 20)]
    public int RetriesMax { get; set; } = 4;

    /// <summary>The longest that one request may be without an answer.</summary>
    /// <value>Default 30 s; 100 ms to 10 minutes.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Files of the bucket that are kept on this machine; the least recently used go first.</summary>
    /// <value>Default 8,192 MiB. What an operation is reading may pass it until it ends.</value>
    [Range(0, 1 << 24)]
    public int CacheMebibytes { get; set; } = 8192;

    /// <summary>Whether a bucket is named.</summary>
    public bool IsUsed => !string.IsNullOrEmpty(Bucket);

    /// <summary>Names in one answer of a listing; tests make it small.</summary>
    internal int ListPageSize { get; set; } = 1000;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(Endpoint) && !(Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
        {
            yield return new ValidationResult($"{nameof(Endpoint)} is '{Endpoint}'; expected a URL such as http://127.0.0.1:9000.", [nameof(Endpoint)]);
        }

        if (string.IsNullOrEmpty(AccessKey) != string.IsNullOrEmpty(SecretKeyFile))
        {
            yield return new ValidationResult($"Only one of {nameof(AccessKey)} and {nameof(SecretKeyFile)} is given; expected both or neither.", [nameof(AccessKey), nameof(SecretKeyFile)]);
        }

        if (!string.IsNullOrEmpty(SecretKeyFile) && !File.Exists(SecretKeyFile))
        {
            yield return new ValidationResult($"{nameof(SecretKeyFile)} is '{SecretKeyFile}'; expected a file that is there.", [nameof(SecretKeyFile)]);
        }

        if (RequestTimeout < TimeSpan.FromMilliseconds(100) || RequestTimeout > TimeSpan.FromMinutes(10))
        {
            yield return new ValidationResult($"{nameof(RequestTimeout)} is {RequestTimeout}; expected 100 ms to 10 minutes.", [nameof(RequestTimeout)]);
        }

        if (Prefix.StartsWith('/') || Prefix.Contains("//", StringComparison.Ordinal))
        {
            yield return new ValidationResult($"{nameof(Prefix)} is '{Prefix}'; expected a path without '/' at its begin and without empty parts.", [nameof(Prefix)]);
        }
    }
}
