namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>A version; never changed after it was written.</summary>
internal sealed class VersionRow
{
    public required string Project { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }

    public required string Digest { get; init; }

    /// <summary>The bytes of manifest.json: their SHA-256 is the digest.</summary>
    public required byte[] Manifest { get; init; }

    /// <summary>Microseconds since the epoch, as every time in this database.</summary>
    public required long CreatedTime { get; init; }

    public string? ServiceProject { get; init; }

    public string? ServiceName { get; init; }

    public string? ServiceFingerprint { get; init; }
}

/// <summary>A version that is out of use; the row goes when it is restored.</summary>
internal sealed class RetirementRow
{
    public required string Project { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }

    public required long RetiredTime { get; init; }
}

/// <summary>What is left of a version that was deleted: its number, which no other one gets, and the digest that predictions were logged with.</summary>
internal sealed class DeletionRow
{
    public required string Project { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }

    public required string Digest { get; init; }

    public required long DeletedTime { get; init; }
}

internal sealed class AliasRow
{
    public required string Project { get; init; }

    public required string Name { get; init; }

    public required string Alias { get; init; }

    public required long Version { get; set; }

    public required long UpdatedTime { get; set; }
}

internal sealed class AuditRow
{
    public required long Revision { get; init; }

    public required long Time { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public required string Project { get; init; }

    public required string Name { get; init; }

    public required long Version { get; init; }

    public string? Alias { get; init; }

    public long? PreviousVersion { get; init; }
}

/// <summary>The only row of its table. Every change takes its lock first, so that changes have one order in every database.</summary>
internal sealed class StateRow
{
    public const int OnlyId = 1;

    public required int Id { get; init; }

    /// <summary>Version of the schema.</summary>
    public required int Schema { get; init; }

    /// <summary>One more with every change.</summary>
    public required long Revision { get; init; }
}
