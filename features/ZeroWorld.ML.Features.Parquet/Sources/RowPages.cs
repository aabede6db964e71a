using System.Runtime.CompilerServices;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Rows of one partition in memory that is not the collector's: it would copy all of it more than once.</summary>
/// <remarks>Addresses are good as long as the memory. Not thread safe.</remarks>
/// <param name="layout">How a row lies.</param>
/// <param name="memory">Of one worker: it serves all of its partitions.</param>
internal sealed unsafe class RowPages(RowLayout layout, LargePages memory)
{
    private const int PageBytes = 64 << 10;

    private readonly int _rowsPerPage = Math.Max(PageBytes / layout.Width, 1);
    private readonly List<nint> _pages = [];
    private byte* _next;
    private byte* _end;
    private byte* _nextText;
    private long _textLeft;

    /// <summary>Rows so far.</summary>
    public int Count { get; private set; }

    /// <returns>Where a new row lies, none of whose columns is null yet.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Add()
    {
        if (_next == _end)
        {
            Grow();
        }

        var row = _next;
        _next += layout.Width;
        Count++;
        for (var word = 0; word < layout.NullWords; word++)
        {
            ((ulong*)row)[word] = 0;
        }

        return row;
    }

    /// <returns>Where the length of the text lies, and its bytes behind that.</returns>
    public long AddText(ReadOnlySpan<byte> text)
    {
        var length = (long)sizeof(int) + text.Length;
        if (length > _textLeft)
        {
            _textLeft = Math.Max(length, PageBytes);
            _nextText = memory.Take(_textLeft);
        }

        var place = _nextText;
        Unsafe.WriteUnaligned(place, text.Length);
        text.CopyTo(new Span<byte>(place + sizeof(int), text.Length));
        _nextText += length;
        _textLeft -= length;
        return (long)place;
    }

    public static ReadOnlySpan<byte> TextAt(long place) => new((byte*)place + sizeof(int), Unsafe.ReadUnaligned<int>((byte*)place));

    /// <summary>Fills in where each row lies, in the order in which they were added.</summary>
    /// <param name="rows">As many as there are rows.</param>
    public void List(Span<nint> rows)
    {
        for (var row = 0; row < Count; row++)
        {
            rows[row] = _pages[row / _rowsPerPage] + (row % _rowsPerPage * layout.Width);
        }
    }

    private void Grow()
    {
        var length = (long)_rowsPerPage * layout.Width;
        _next = memory.Take(length);
        _end = _next + length;
        _pages.Add((nint)_next);
    }
}
