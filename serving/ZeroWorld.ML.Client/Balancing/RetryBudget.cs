namespace ZeroWorld.ML.Client;

/// <summary>Keeps retries a small part of all calls, so that servers in trouble do not get more calls for it: a retry takes one token, an answer brings a tenth of one.</summary>
/// <remarks>Thread safe. The rule of gRPC's own retry throttling (https://github.com/grpc/proposal/blob/master/A6-client-retries.md).</remarks>
internal sealed class RetryBudget
{
    private const int Token = 10;
    private const int TokensMax = 10 * Token;
    private int _tokens = TokensMax;

    public void OnAnswer()
    {
        var tokens = Volatile.Read(ref _tokens);
        if (tokens < TokensMax)
        {
            // An answer that is not counted because another one was at that moment does no harm.
            Interlocked.CompareExchange(ref _tokens, tokens + 1, tokens);
        }
    }

    public bool TryTake()
    {
        var tokens = Volatile.Read(ref _tokens);
        while (tokens >= Token)
        {
            var seen = Interlocked.CompareExchange(ref _tokens, tokens - Token, tokens);
            if (seen == tokens)
            {
                return true;
            }

            tokens = seen;
        }

        return false;
    }
}
