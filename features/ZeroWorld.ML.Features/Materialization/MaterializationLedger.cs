using System.Text.Json;

namespace ZeroWorld.ML.Features;

/// <summary>What of a view was brought online, partition by partition, and who is at it (docs/formats/materialization-ledger.md).</summary>
/// <remarks>Immutable; every member is a pure function. A store replaces the text of the old one with that of the new one, if nobody else did.</remarks>
public sealed record MaterializationLedger
{
    /// <summary>Partitions of every view: an entity is of one of them, by its key. So many shards may share the work at most.</summary>
    public const int PartitionCount = 64;

    private const int CurrentFormat = 1;
    private const int ShutOutMax = 64;

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <value>A ledger of nothing.</value>
    public static MaterializationLedger Empty { get; } = new();

    public int Format { get; init; } = CurrentFormat;

    /// <value>Which import of the table the partitions are of; <see langword="null"/>: none was begun.</value>
    public string? Generation { get; init; }

    /// <value>The writer that clears the store of an older import; <see langword="null"/>: nobody does.</value>
    public long? Clearing { get; init; }

    /// <value>The greatest token that was given out.</value>
    public long Token { get; init; }

    public IReadOnlyDictionary<long, LedgerWriter> Writers { get; init; } = new Dictionary<long, LedgerWriter>();

    public IReadOnlyDictionary<int, LedgerPartition> Partitions { get; init; } = new Dictionary<int, LedgerPartition>();

    /// <value>The newest writers that were shut out, by their token, and who came in their place.</value>
    public IReadOnlyDictionary<long, LedgerSuccessor> ShutOut { get; init; } = new Dictionary<long, LedgerSuccessor>();

    /// <value>Where the servers are marked that the partitions are on.</value>
    public IReadOnlyList<int> Places { get; init; } = [];

    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: the text is no ledger of this format.</exception>
    public static MaterializationLedger Parse(string? text)
    {
        if (text is null)
        {
            return Empty;
        }

        try
        {
            return JsonSerializer.Deserialize<MaterializationLedger>(text, Options) is { Format: CurrentFormat, Writers: not null, Partitions: not null, Places: not null, ShutOut: not null } ledger
                ? ledger
                : throw new JsonException("it is of another format");
        }
        catch (JsonException exception)
        {
            throw new FeatureException(
                FeatureError.CorruptData,
                $"The ledger of a materialization in the online store is '{YamlScalar.Shorten(text)}', which is no ledger of format {CurrentFormat} ({exception.Message}). Delete it to materialize everything again.",
                exception);
        }
    }

    public string ToText() => JsonSerializer.Serialize(this, Options);

    /// <summary>Lets a writer in, and shuts out those in whose place it comes: of the same partitions, of another import, and those whose lease is over.</summary>
    /// <param name="generation">The import that it brings.</param>
    /// <param name="shard">Which partitions: those that leave this remainder.</param>
    /// <param name="shards">By this divisor.</param>
    /// <param name="writerName">Who it is, for people.</param>
    /// <param name="now">The store's clock, microseconds.</param>
    /// <param name="lease">Microseconds for which its writes are good.</param>
    /// <param name="waitUntil">When no write of a shut-out writer can do harm any more.</param>
    public MaterializationLedger Take(string generation, int shard, int shards, string writerName, long now, long lease, out long token, out long waitUntil)
    {
        token = Token + 1;
        waitUntil = now;
        var writers = new Dictionary<long, LedgerWriter>();
        foreach (var (number, writer) in Writers)
        {
            if (writer.Generation != generation)
            {
                // What it writes now is of another import. Of the same import a late write does no harm: it writes what is there.
                waitUntil = Math.Max(waitUntil, writer.Until);
            }
            else if (writer.Until > now && !Overlap(writer.Shard, writer.Shards, shard, shards))
            {
                writers.Add(number, writer);
            }
        }

        writers.Add(token, new LedgerWriter(generation, shard, shards, now + lease));
        var shutOut = new Dictionary<long, LedgerSuccessor>(ShutOut);
        foreach (var number in Writers.Keys.Except(writers.Keys))
        {
            shutOut[number] = new LedgerSuccessor(token, writerName, now);
        }

        var isNew = Generation != generation;
        return this with
        {
            Token = token,
            Writers = writers,
            ShutOut = shutOut.OrderByDescending(static item => item.Key).Take(ShutOutMax).ToDictionary(),
            Generation = generation,
            Partitions = isNew ? new Dictionary<int, LedgerPartition>() : Partitions,
            Clearing = isNew || (Clearing is { } clearing && !writers.ContainsKey(clearing)) ? token : Clearing,
        };
    }

    /// <summary>Lengthens a writer's lease.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>: another writer came in its place.</exception>
    public MaterializationLedger Renew(long token, long now, long lease)
    {
        var writer = WriterOf(token);
        return this with { Writers = new Dictionary<long, LedgerWriter>(Writers) { [token] = writer with { Until = now + lease } } };
    }

    /// <summary>Takes out the partitions of which a server may have lost rows: it lacks their mark, or has an older one.</summary>
    /// <param name="marks">By partition, on the servers that are marked at <see cref="Places"/>; read after the ledger.</param>
    public MaterializationLedger WithoutLost(IReadOnlyList<long> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        return this with { Partitions = Partitions.Where(item => marks[item.Key] >= item.Value.Mark).ToDictionary() };
    }

    /// <summary>The store holds nothing of an older import any more.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>.</exception>
    public MaterializationLedger EndClearing(long token)
    {
        WriterOf(token);
        return this with { Clearing = Clearing == token ? null : Clearing };
    }

    /// <summary>A partition is online as far as the entry says.</summary>
    /// <param name="places">Where the servers are marked that it is on.</param>
    /// <exception cref="FeatureException"><see cref="FeatureError.Superseded"/>.</exception>
    public MaterializationLedger Mark(long token, IEnumerable<int> partitions, LedgerPartition entry, IEnumerable<int> places)
    {
        WriterOf(token);
        var marked = new Dictionary<int, LedgerPartition>(Partitions);
        foreach (var partition in partitions)
        {
            marked[partition] = entry;
        }

        return this with { Partitions = marked, Places = [.. Places.Union(places).Order()] };
    }

    /// <summary>The writer has ended.</summary>
    public MaterializationLedger Leave(long token)
    {
        var writers = new Dictionary<long, LedgerWriter>(Writers);
        writers.Remove(token);
        return this with { Writers = writers };
    }

    /// <summary>What the store may answer: nothing, until every partition was brought once.</summary>
    public ViewCoverage? Coverage => Generation is null || Clearing is not null || Partitions.Count < PartitionCount
        ? null
        : new ViewCoverage(Partitions.Values.Max(static entry => entry.Trim), Partitions.Values.Min(static entry => entry.ArrivedUntil), Generation);

    /// <summary>Who came in the place of a writer, and when, as a whole sentence.</summary>
    /// <returns><see langword="null"/>: as far as is known, nobody.</returns>
    public string? DescribeSuccessor(long token) => ShutOut.TryGetValue(token, out var other)
        ? $"Another materialization ({other.Writer}; number {other.Token}) took the place of this one (number {token}) at {UnixMicroseconds.ToText(other.Since)} by the clock of the online store: it brings the same, or this one had stood still for longer than its turn. This one stops and writes nothing any more; run it again if its part is missing when the other has ended."
        : null;

    private static bool Overlap(int shard, int shards, int other, int others)
    {
        for (var partition = shard; partition < PartitionCount; partition += shards)
        {
            if (partition % others == other)
            {
                return true;
            }
        }

        return false;
    }

    private LedgerWriter WriterOf(long token) => Writers.TryGetValue(token, out var writer)
        ? writer
        : throw new FeatureException(FeatureError.Superseded, DescribeSuccessor(token) ?? $"This materialization (number {token}) is not in the ledger of the online store any more, which tells nothing of it: the store was replaced or wiped. It stops; run it again.");
}

/// <param name="Generation">Which import it brings.</param>
/// <param name="Shard">Its partitions are those that leave this remainder.</param>
/// <param name="Shards">By this divisor.</param>
/// <param name="Until">Until when its writes are good, microseconds by the store's clock.</param>
public sealed record LedgerWriter(string Generation, int Shard, int Shards, long Until);

/// <param name="Token">Of the writer that came.</param>
/// <param name="Writer">Who it is, for people: its host and process.</param>
/// <param name="Since">When it came, microseconds by the store's clock.</param>
public sealed record LedgerSuccessor(long Token, string Writer, long Since);

/// <param name="Cursor">Every file of the table that was stored until then (microseconds), and was there, is in.</param>
/// <param name="Files">Digest of the names of all those files: where it is the same, nothing is to be done.</param>
/// <param name="ArrivedUntil">Rows and events that arrived until then are in.</param>
/// <param name="Trim">Events at or before this event time were left out.</param>
/// <param name="Mark">The mark that each server got behind its rows of the partition.</param>
public sealed record LedgerPartition(long Cursor, string Files, long ArrivedUntil, long Trim, long Mark = long.MinValue)
{
    /// <value>Digest of the names and times of the files that were stored at the cursor less the lateness, or before; <see langword="null"/>: it is not known (a ledger of an older build).</value>
    public string? Behind { get; init; }

    /// <value>How far behind the newest event the view kept its events, microseconds; <see langword="null"/>: it is not known (a ledger of an older build), or no windowed view.</value>
    public long? Retention { get; init; }
}
