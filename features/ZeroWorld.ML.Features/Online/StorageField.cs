using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Names the stored form of a view: the hash field it lies in and the fingerprint in its bytes (docs/formats/online-row.md).</summary>
public sealed record StorageField
{
    private StorageField(FeatureView view, byte[] fingerprint, int eventIdWidth)
    {
        View = view;
        Name = Base64Url.EncodeToString(fingerprint)[..5];
        Fingerprint = BinaryPrimitives.ReadUInt32LittleEndian(fingerprint);
        EventIdWidth = eventIdWidth;
        var columns = view.StoredColumns;
        EventRowWidth = WindowBlockCodec.EventIdOffset + eventIdWidth + ((columns.Count + 7) / 8) + columns.Sum(static column => WindowBlockCodec.CellWidth(column.Type));
    }

    public FeatureView View { get; }

    /// <summary>Five characters of base64url.</summary>
    public string Name { get; }

    /// <summary>First four bytes of the storage fingerprint.</summary>
    public uint Fingerprint { get; }

    /// <summary>Bytes of an event id in a window block: 8 for an int64 id, else 16.</summary>
    public int EventIdWidth { get; }

    /// <summary>Bytes of an event row in a window block; <see cref="WindowBlockCodec.RowWidth"/>.</summary>
    internal int EventRowWidth { get; }

    public bool IsWindow => View is WindowedView;

    /// <summary>Whether it is stored as tiles: precision <c>hop</c>.</summary>
    public bool IsHop => View is WindowedView { Precision: WindowPrecision.Hop };

    /// <param name="view">The view.</param>
    /// <param name="hasIntegerEventId">Whether the declared event id column is an int64.</param>
    public static StorageField Of(FeatureView view, bool hasIntegerEventId)
    {
        ArgumentNullException.ThrowIfNull(view);
        var width = hasIntegerEventId ? 8 : 16;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"1\n{view.Project}\n{view.Name}\n{view.Entity.Name}\n");
        text.AppendJoin(',', view.Entity.Keys.Select(static key => $"{key.DefinedName}:{(int)key.Type}")).Append('\n');
        text.AppendJoin(',', view.StoredColumns.Select(static column => $"{column.Name}:{(int)column.Type}")).Append('\n');
        var ids = hasIntegerEventId ? "int64" : "16";
        text.Append(view is not WindowedView windowed ? "row" : windowed.Precision == WindowPrecision.Exact ? $"window:{ids}" : DescribeTiles(windowed, ids));
        if (view.Source.Filter is { } filter)
        {
            // Rows by another filter are other rows, as if it were another view.
            text.Append(CultureInfo.InvariantCulture, $"\nwhere {filter.Canonical}\n");
            text.AppendJoin(',', filter.Columns.Select(static column => $"{column.Name}:{(int)column.Type}"));
        }

        return new StorageField(view, SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())), width);
    }

    /// <summary>What decides the bytes of tiles: their sizes, and what they keep of each column.</summary>
    private static string DescribeTiles(WindowedView view, string ids)
    {
        var sizes = string.Join(',', new HopLevels(view).Sizes);
        var plans = SummaryPlan.Of(view, view.StoredColumns)
            .Select(static plan => string.Create(CultureInfo.InvariantCulture, $"{(int)plan!.Needs}.{plan.OldestMax}.{plan.NewestMax}"));
        return $"hop:{ids}\n{sizes}\n{string.Join(',', plans)}";
    }
}
