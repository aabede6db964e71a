using System.Globalization;
using System.Security.Authentication;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>The one place that knows which exceptions of the client mean that the store did not answer, and what they say.</summary>
internal static class RedisFailure
{
    /// <summary>What the answer to a wrong password begins with.</summary>
    public const string WrongPassword = "WRONGPASS ";

    // After a refused password the client goes on without one, so that the last answer is that one is missing.
    private const string Unauthenticated = "it does not accept this user and password, or wants one: give them with user= and password= in Online:Redis (in a file or "
        + "variable), or the password with Features:Redis:PasswordFile";

    private const string Forbidden = "its user may not do what the store needs (docs/operations/online-store.md has the list)";

    // What a server's refusal begins with, or holds where a script met it, and what to do about it.
    private static readonly (string Code, string Sentence)[] Refusals =
    [
        ("OOM ", "it is out of memory (maxmemory is reached and its policy evicts nothing): what was refused is not stored, what was there is untouched. "
            + "Raise maxmemory, or delete views that nobody reads"),
        ("READONLY ", "it is a read-only replica: nothing of this write is stored. Name the primary, or the Sentinels with serviceName=NAME, in Online:Redis; "
            + "after a failover repeat the write"),
        (WrongPassword, Unauthenticated),
        ("NOAUTH ", Unauthenticated),
        ("NOPERM ", Forbidden),

        // The same inside of a script, by Redis 7.0 and by later ones.
        ("The user executing the script can't ", Forbidden),
        ("ACL failure in script", Forbidden),
        ("MISCONF ", "it refuses writes because it cannot save to its disk: nothing of this write is stored. See its log; often the disk is full"),
        ("Unexpected Lua error", "the embedded store ended a script half-way, as on a full disk: make room in its folder and start this process again; what was refused may be stored in part, and repeating it is safe"),
        ("NOREPLICAS ", "it refuses writes because too few replicas are connected (min-replicas-to-write): nothing of this write is stored"),
        ("LOADING ", "it is still loading its data: try again when it is done"),
        ("CLUSTERDOWN ", "the cluster does not serve this slot: a shard of it is down (with cluster-require-full-coverage no the others would go on)"),
    ];

    // Where the client goes on about itself.
    private static readonly string[] Rests = [" To allow this multiplexer to continue", ", next: ", ", inst: ", ", v: ", " (see https://"];

    public static bool IsUnavailable(Exception exception) => exception
        is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException or OperationCanceledException;

    /// <summary>Why a call failed, as the end of a sentence that begins with the server.</summary>
    /// <param name="exception">What the client threw.</param>
    /// <param name="connection">Why there is no connection, where that is known; <see langword="null"/> while there is one.</param>
    public static string Describe(Exception exception, string? connection)
    {
        if (FindRefusal(exception) is { } refusal)
        {
            return $"{refusal} ({FirstLine(exception.Message)})";
        }

        return exception switch
        {
            RedisConnectionException when connection is not null => connection,
            RedisConnectionException => $"the connection to a server is not there, or broke off; what was written may or may not have been taken, and repeating it is safe ({FirstLine(exception.Message)})",
            RedisTimeoutException or TimeoutException => $"{ServerOf(exception.Message) ?? "it"} did not answer in time; the write may or may not have been taken, and repeating it is safe ({FirstLine(exception.Message)})",
            _ => FirstLine(exception.Message),
        };
    }

    /// <summary>What a write or a read beside the path of predictions throws.</summary>
    /// <param name="what">What did not do what was asked, as the begin of a sentence: <c>The online store at ADDRESS did not take or give what was asked</c>.</param>
    public static FeatureException Unavailable(string what, Exception exception, RedisConnection connection) => new(
        FeatureError.StoreUnavailable,
        $"{what}: {Describe(exception, connection.Fault)}.{(connection.FindSilentShards() is { } shards ? $" {shards}." : "")}",
        exception);

    /// <summary>Why no connection was made.</summary>
    /// <param name="exception">What the client threw, or the reason inside of it.</param>
    /// <param name="kind">What the client calls it.</param>
    public static string DescribeConnection(Exception? exception, ConnectionFailureType kind)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is UntrustedServerException)
            {
                return inner.Message;
            }

            if (inner is AuthenticationException)
            {
                return $"no handshake of TLS with it succeeds; where it asks for a client's certificate, name one with Features:Redis:ClientCertificateFile ({FirstLine(inner.Message)})";
            }

            if (FindRefusal(inner) is { } refusal)
            {
                return $"{refusal} ({FirstLine(inner.Message)})";
            }
        }

        return kind == ConnectionFailureType.None || exception is not null and not RedisConnectionException
            ? $"no connection: {FirstLine(exception?.Message ?? "no reason given")}"
            : $"no connection ({kind}): {FirstLine(exception?.Message ?? "no reason given")}";
    }

    /// <summary>That a server was there and is not any more, as the end of a sentence.</summary>
    /// <param name="fault">What the last attempt to come back met.</param>
    public static string DescribeLoss(RedisConnection.Loss loss, string? fault) => string.Create(
        CultureInfo.InvariantCulture,
        $"the server at {loss.Address} answered until {loss.Since.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'} and does not any more: it may have ended (a full disk under its log ends a server), "
        + $"been killed (too little memory: the log of the kernel tells), or be cut off. See its log; when it is there again, repeat this, which is safe ({fault ?? "the connection broke off"})");

    private static string? FindRefusal(Exception exception)
    {
        foreach (var (code, sentence) in Refusals)
        {
            if (exception.Message.Contains(code, StringComparison.Ordinal))
            {
                return sentence;
            }
        }

        return null;
    }

    // Which of several servers was asked is told where the client goes on about itself.
    private static string? ServerOf(string message)
    {
        const string Name = ", serverEndpoint: ";
        var start = message.IndexOf(Name, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var rest = message.AsSpan(start + Name.Length);
        var end = rest.IndexOf(',');
        return $"its server at {(end < 0 ? rest : rest[..end])}";
    }

    // Without the client's advice about its own settings, which are not the user's to change, its counters, and the end of the sentence.
    private static string FirstLine(string message)
    {
        var line = message.AsSpan();
        var end = line.IndexOfAny('\r', '\n');
        line = end < 0 ? line : line[..end];
        foreach (var rest in Rests)
        {
            var start = line.IndexOf(rest, StringComparison.Ordinal);
            line = start < 0 ? line : line[..start];
        }

        return line.TrimEnd('.').ToString();
    }
}
