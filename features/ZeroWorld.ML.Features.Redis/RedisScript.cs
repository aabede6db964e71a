using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace ZeroWorld.ML.Features.Redis;

/// <summary>A script that the server knows by its digest: the client looks its texts up by the whole text, some kilobytes per call.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RedisScript(string text)
{
#pragma warning disable CA5350 // Not for security: Redis names scripts by it.
    private readonly byte[] _digest = SHA1.HashData(Encoding.UTF8.GetBytes(text));
#pragma warning restore CA5350

    /// <summary>Runs it, once: a server that does not know it yet, or no longer, is given it and has done nothing before.</summary>
    public async Task<RedisResult> EvaluateAsync(IDatabase database, RedisKey[] keys, RedisValue[] arguments)
    {
        try
        {
            return await database.ScriptEvaluateAsync(_digest, keys, arguments).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await database.ScriptEvaluateAsync(text, keys, arguments).ConfigureAwait(false);
        }
    }
}
