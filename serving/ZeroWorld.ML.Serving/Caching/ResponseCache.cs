using System.Diagnostics.CodeAnalysis;

namespace ZeroWorld.ML.Serving;

/// <summary>Answers by what was asked, of all models that are to be kept: bounded by their memory, the least recently used go first.</summary>
/// <remarks>Thread safe. A request that comes while the same one runs is computed too.</remarks>
internal sealed class ResponseCache(long bytesMax)
{
    /// <summary>What an answer takes beside its elements, about: places in the table and the list, objects of its tensors.</summary>
    internal const int AnswerBytes = 256;

    internal const int TensorBytes = 128;

    private readonly Lock _lock = new();
    private readonly Dictionary<ResponseKey, LinkedListNode<Answer>> _answers = [];

    // The one that was used last first.
    private readonly LinkedList<Answer> _order = new();
    private long _bytes;

    /// <summary>Memory of the answers, about.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _answers.Count;
            }
        }
    }

    /// <param name="outputs">One per output of the signature; they stay valid when the answer goes.</param>
    public bool TryFind(in ResponseKey key, [NotNullWhen(true)] out TensorBuffer[]? outputs)
    {
        lock (_lock)
        {
            if (!_answers.TryGetValue(key, out var node))
            {
                outputs = null;
                return false;
            }

            _order.Remove(node);
            _order.AddFirst(node);
            outputs = node.Value.Outputs;
            return true;
        }
    }

    /// <summary>Keeps a copy of an answer, where it is not larger than all of the memory.</summary>
    public void Add(in ResponseKey key, TensorBuffer[] outputs)
    {
        var bytes = AnswerBytes + outputs.Sum(static output => TensorBytes + (long)output.ToRaw().Length);
        if (bytes > bytesMax)
        {
            return;
        }

        var answer = new Answer(key, [.. outputs.Select(static output => output.Copy())], bytes);
        lock (_lock)
        {
            if (_answers.ContainsKey(key))
            {
                return;
            }

            while (_bytes + bytes > bytesMax)
            {
                Remove_NeedsLock(_order.Last!);
            }

            _answers.Add(key, _order.AddFirst(answer));
            _bytes += bytes;
        }
    }

    /// <summary>Lets go of all answers of a version.</summary>
    public void Remove(VersionCache version)
    {
        lock (_lock)
        {
            for (var node = _order.First; node is not null;)
            {
                var next = node.Next;
                if (node.Value.Key.Version == version)
                {
                    Remove_NeedsLock(node);
                }

                node = next;
            }
        }
    }

    private void Remove_NeedsLock(LinkedListNode<Answer> node)
    {
        _order.Remove(node);
        _answers.Remove(node.Value.Key);
        _bytes -= node.Value.Bytes;
    }

    private sealed record Answer(ResponseKey Key, TensorBuffer[] Outputs, long Bytes);
}
