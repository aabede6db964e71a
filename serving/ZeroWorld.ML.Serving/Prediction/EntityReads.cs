using System.Buffers;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>The reads of one request: every distinct entity once, and which of them belongs to which row. Not thread safe.</summary>
/// <remarks>Its memory is rented. It goes back by <see cref="Release"/>, which is only for reads whose call has ended well: of another one the reader may still write answers, and the collector takes them.</remarks>
internal sealed class EntityReads
{
    private const int NullKey = -1;

    // Per entity of the plan its rows: index of the read, NullKey where a key is null.
    private readonly int[] _reads;
    private readonly int _rows;
    private OnlineReadKey[] _keys;
    private OnlineReadAnswer[] _answers = [];
    private int _count;

    private EntityReads(int entities, int rows)
    {
        _reads = new int[entities * rows];
        _rows = rows;
        _keys = ArrayPool<OnlineReadKey>.Shared.Rent(entities);
    }

    /// <summary>What to read, until <see cref="ReleaseKeys"/>.</summary>
    public ReadOnlySpan<OnlineReadKey> Keys => _keys.AsSpan(0, _count);

    /// <summary>One per key, filled in by the reader.</summary>
    public Memory<OnlineReadAnswer> Answers => _answers.AsMemory(0, _count);

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: a key is too long.</exception>
    public static EntityReads Of(PredictionPlan plan, BoundRequest request)
    {
        var reads = new EntityReads(plan.Entities.Length, request.Rows);
        for (var entity = 0; entity < plan.Entities.Length; entity++)
        {
            reads.Add(plan.Entities[entity], request, reads._reads.AsSpan(entity * request.Rows, request.Rows));
        }

        reads._answers = ArrayPool<OnlineReadAnswer>.Shared.Rent(reads._count);
        return reads;
    }

    /// <param name="coverage">What the store covers of the view; <see langword="null"/>: it was never given it.</param>
    public ViewPayload GetPayload(int entity, int payload, int row, ViewCoverage? coverage)
    {
        var read = _reads[(entity * _rows) + row];
        if (read == NullKey)
        {
            return ViewPayload.NullKey;
        }

        ref readonly var answer = ref _answers[read];
        return answer.IsAvailable && coverage is not null
            ? new ViewPayload(ViewPayloadState.Answered, answer.Payloads[payload] ?? default, coverage.From)
            : ViewPayload.Unavailable;
    }

    /// <summary>Lets go of the keys: the reader has taken what it needs of them.</summary>
    public void ReleaseKeys()
    {
        _keys.AsSpan(0, _count).Clear();
        ArrayPool<OnlineReadKey>.Shared.Return(_keys);
        _keys = [];
    }

    /// <summary>Lets go of the answers, once: no payload is looked at after that, and the reader's call has ended.</summary>
    public void Release()
    {
        foreach (ref var answer in _answers.AsSpan(0, _count))
        {
            answer.Release();
            answer = default;
        }

        ArrayPool<OnlineReadAnswer>.Shared.Return(_answers);
        _answers = [];
    }

    private void Add(EntityRead entity, BoundRequest request, Span<int> reads)
    {
        var isBroadcast = true;
        foreach (var key in entity.Keys)
        {
            isBroadcast &= request.Keys[key].IsBroadcast;
        }

        if (isBroadcast)
        {
            reads.Fill(Encode(entity, request, row: 0) is { } shared ? AddKey(entity, shared) : NullKey);
            return;
        }

        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < reads.Length; row++)
        {
            if (Encode(entity, request, row) is not { } key)
            {
                reads[row] = NullKey;
            }
            else if (known.TryGetValue(key, out var read))
            {
                reads[row] = read;
            }
            else
            {
                reads[row] = AddKey(entity, key);
                known.Add(key, reads[row]);
            }
        }
    }

    /// <returns>The index of its read.</returns>
    private int AddKey(EntityRead entity, string key)
    {
        if (_count == _keys.Length)
        {
            var larger = ArrayPool<OnlineReadKey>.Shared.Rent(_count * 2);
            _keys.CopyTo(larger, 0);
            ReleaseKeys();
            _keys = larger;
        }

        _keys[_count] = new OnlineReadKey(new EntityId(entity.Project, entity.Entity.Name, key), entity.Fields);
        return _count++;
    }

    /// <returns><see langword="null"/> where a part of the key is null.</returns>
    private static string? Encode(EntityRead entity, BoundRequest request, int row)
    {
        if (entity.Keys.Length == 1)
        {
            var value = request.Keys[entity.Keys[0]][row];
            return value.IsNull ? null : Encode(entity, new ReadOnlySpan<FeatureValue>(in value), row);
        }

        var values = new FeatureValue[entity.Keys.Length];
        for (var index = 0; index < values.Length; index++)
        {
            values[index] = request.Keys[entity.Keys[index]][row];
            if (values[index].IsNull)
            {
                return null;
            }
        }

        return Encode(entity, values, row);
    }

    private static string Encode(EntityRead entity, ReadOnlySpan<FeatureValue> values, int row)
    {
        try
        {
            return EntityKeyCodec.Encode(entity.Entity, values);
        }
        catch (FeatureException exception) when (exception.Error == FeatureError.InvalidInput)
        {
            throw new ServingException(ServingError.InvalidInput, $"Row {row}: {exception.Message}", exception);
        }
    }
}
