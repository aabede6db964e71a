using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The reads of one request: every distinct entity once, and which of them belongs to which row.</summary>
internal sealed class EntityReads
{
    private const int NullKey = -1;

    // Per entity of the plan: index into Keys per row (or one for all rows), NullKey where a key is null.
    private readonly int[][] _reads;

    private EntityReads(int[][] reads, OnlineReadKey[] keys)
    {
        _reads = reads;
        Keys = keys;
        Answers = new OnlineReadAnswer[keys.Length];
    }

    public OnlineReadKey[] Keys { get; }

    /// <summary>One per key, filled in by the reader.</summary>
    public OnlineReadAnswer[] Answers { get; }

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: a key is too long.</exception>
    public static EntityReads Of(PredictionPlan plan, BoundRequest request)
    {
        var reads = new int[plan.Entities.Length][];
        var keys = new List<OnlineReadKey>(plan.Entities.Length);
        for (var entity = 0; entity < reads.Length; entity++)
        {
            reads[entity] = Add(plan.Entities[entity], request, keys);
        }

        return new EntityReads(reads, [.. keys]);
    }

    /// <param name="coverage">What the store covers of the view; <see langword="null"/>: it was never given it.</param>
    public ViewPayload GetPayload(int entity, int payload, int row, ViewCoverage? coverage)
    {
        var reads = _reads[entity];
        var read = reads[reads.Length == 1 ? 0 : row];
        if (read == NullKey)
        {
            return ViewPayload.NullKey;
        }

        var answer = Answers[read];
        return answer.IsAvailable && coverage is not null
            ? new ViewPayload(ViewPayloadState.Answered, answer.Payloads[payload] ?? default, coverage.From)
            : ViewPayload.Unavailable;
    }

    /// <summary>Lets go of the answers: no payload is looked at after that.</summary>
    public void Release()
    {
        foreach (ref var answer in Answers.AsSpan())
        {
            answer.Release();
            answer = default;
        }
    }

    private static int[] Add(EntityRead entity, BoundRequest request, List<OnlineReadKey> keys)
    {
        var isBroadcast = true;
        foreach (var key in entity.Keys)
        {
            isBroadcast &= request.Keys[key].IsBroadcast;
        }

        var reads = new int[isBroadcast ? 1 : request.Rows];
        var known = reads.Length > 1 ? new Dictionary<string, int>(StringComparer.Ordinal) : null;
        var values = new FeatureValue[entity.Keys.Length];
        for (var row = 0; row < reads.Length; row++)
        {
            if (Encode(entity, request, row, values) is not { } key)
            {
                reads[row] = NullKey;
            }
            else if (known is not null && known.TryGetValue(key, out var read))
            {
                reads[row] = read;
            }
            else
            {
                reads[row] = keys.Count;
                known?.Add(key, keys.Count);
                keys.Add(new OnlineReadKey(new EntityId(entity.Project, entity.Entity.Name, key), entity.Fields));
            }
        }

        return reads;
    }

    private static string? Encode(EntityRead entity, BoundRequest request, int row, FeatureValue[] values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = request.Keys[entity.Keys[index]][row];
            if (values[index].IsNull)
            {
                return null;
            }
        }

        try
        {
            return EntityKeyCodec.Encode(entity.Entity, values);
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
        {
            throw new ServingException(ServingError.InvalidInput, exception.Message, exception);
        }
    }
}
