using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>The deletions of one project at one moment.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class Erasures
{
    private readonly string _project;
    private readonly byte[] _secret;
    private readonly Dictionary<(string Entity, string Token), long> _until;
    private readonly HashSet<string> _entities;

    internal Erasures(string project, Dictionary<(string Entity, string Token), long> until, byte[] secret)
    {
        _project = project;
        _until = until;
        _secret = secret;
        _entities = [.. until.Keys.Select(static key => key.Entity)];
    }

    public static Erasures None { get; } = new(string.Empty, [], []);

    /// <summary>Whether any of an entity's kind was deleted: if not, no key needs to be looked up.</summary>
    public bool Has(string entity) => _entities.Contains(entity);

    /// <summary>Until when an entity was deleted: events at or before that time (microseconds) do not exist.</summary>
    /// <param name="entity">Name of the entity, not of an alias.</param>
    /// <param name="key">As <see cref="EntityKeyCodec"/> writes it.</param>
    /// <returns><see cref="long.MinValue"/> when it was not; no event has that time.</returns>
    public long UntilOf(string entity, string key) =>
        Has(entity) ? _until.GetValueOrDefault((entity, TokenOf(_secret, new EntityId(_project, entity, key))), long.MinValue) : long.MinValue;

    internal static string TokenOf(byte[] secret, EntityId entity) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{entity.Project}/{entity.Entity}/{entity.Key}")));
}
