using System.Buffers;
using System.Numerics;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>The texts of a column, each once, with the number of the one that each element is: where they are few. Its memory is kept from one column to the next. Not thread safe.</summary>
internal sealed class TextDictionary
{
    private const int TextsMax = 256;
    private readonly Dictionary<string, int> _numbers = [];
    private readonly List<string> _texts = [];
    private int[] _elements = [];

    public int Count => _texts.Count;

    /// <summary>Bits of the greatest number.</summary>
    public int Width => Math.Max(1, BitOperations.Log2((uint)Math.Max(1, _texts.Count - 1)) + 1);

    /// <summary>Numbers of all elements that are not null.</summary>
    public ReadOnlySpan<int> Elements => _elements;

    /// <summary>Takes the texts of a column in place of those before.</summary>
    /// <returns><see langword="false"/>: there are too many different ones.</returns>
    public bool TryTake(ReadOnlySpan<string?> elements)
    {
        Clear();
        if (_elements.Length < elements.Length)
        {
            _elements = new int[Math.Max(elements.Length, _elements.Length * 2)];
        }

        var (count, last) = (0, -1);
        foreach (var text in elements)
        {
            if (text is not null)
            {
                last = NumberOf(text, last);
                _elements[count++] = last;
                if (_texts.Count > TextsMax)
                {
                    Clear();
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>The texts, one after the other.</summary>
    public void Write(ArrayBufferWriter<byte> output)
    {
        foreach (var text in _texts)
        {
            ParquetEncoding.WriteText(output, text);
        }
    }

    /// <summary>Of the texts.</summary>
    /// <returns><see langword="null"/>: there are none, or they are too long.</returns>
    public ValueRange? FindRange()
    {
        var range = new TextRange();
        foreach (var text in _texts)
        {
            range.Add(Encoding.UTF8.GetBytes(text));
        }

        return range.Values;
    }

    public void Clear()
    {
        _numbers.Clear();
        _texts.Clear();
    }

    /// <summary>Most columns have the same text again, or the same few in the same order: those are found without a look at their characters.</summary>
    private int NumberOf(string text, int last)
    {
        if (last >= 0 && ReferenceEquals(_texts[last], text))
        {
            return last;
        }

        var next = last + 1 < _texts.Count ? last + 1 : 0;
        if (next < _texts.Count && ReferenceEquals(_texts[next], text))
        {
            return next;
        }

        if (!_numbers.TryGetValue(text, out var number))
        {
            number = _texts.Count;
            _numbers.Add(text, number);
            _texts.Add(text);
        }

        return number;
    }
}
