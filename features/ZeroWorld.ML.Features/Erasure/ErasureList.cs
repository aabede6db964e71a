using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features;

/// <summary>Which entities were deleted, and until when: what keeps their history out of training sets, of materializations and of pushes.</summary>
/// <remarks>
/// The list lies in <c>erasure</c> of the data directory (docs/formats/erasure.md). It holds no key of an entity, only its HMAC-SHA-256 under a secret that
/// lies beside it, so that whoever reads the list alone cannot try out keys. Servers that share an online store share this folder.
/// <para>Thread safe; several processes may read while one writes: the list is replaced whole.</para>
/// </remarks>
public sealed class ErasureList
{
    private const int SecretBytes = 32;
    private const string SecretFile = "secret";
    private static readonly UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTime Stamp, Erasures Known)> _projects = new(StringComparer.Ordinal);
    private byte[]? _secret;

    /// <param name="dataDirectory">The data directory; nothing is made in it before the first deletion.</param>
    public ErasureList(string dataDirectory)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataDirectory);
        _folder = Path.Combine(dataDirectory, "erasure");
    }

    /// <summary>The deletions of a project as they are now.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.CorruptData"/>: the list is damaged, or its secret is gone. Nothing is read past it.</exception>
    public Erasures Of(string project)
    {
        ArgumentException.ThrowIfNullOrEmpty(project);
        lock (_lock)
        {
            var file = new FileInfo(PathOf(project));
            if (!file.Exists)
            {
                return Erasures.None;
            }

            if (!_projects.TryGetValue(project, out var known) || known.Stamp != file.LastWriteTimeUtc)
            {
                known = (file.LastWriteTimeUtc, new Erasures(project, Read(file.FullName), Secret(mayMake: false)));
                _projects[project] = known;
            }

            return known.Known;
        }
    }

    /// <summary>Adds a deletion, durably; an earlier one of the same entity is replaced unless it reaches further.</summary>
    /// <param name="until">Event time, microseconds since the epoch, inclusive.</param>
    /// <returns>The HMAC that stands for the entity, 64 characters of lower-case hex.</returns>
    public string Add(EntityId entity, long until)
    {
        lock (_lock)
        {
            Directory.CreateDirectory(_folder);
            var path = PathOf(entity.Project);
            var entries = File.Exists(path) ? Read(path) : [];
            var token = Erasures.TokenOf(Secret(mayMake: true), entity);
            entries[(entity.Entity, token)] = Math.Max(until, entries.GetValueOrDefault((entity.Entity, token), long.MinValue));
            var text = new StringBuilder("erasures 1\n");
            foreach (var ((name, mac), moment) in entries.OrderBy(static entry => entry.Key.Item1, StringComparer.Ordinal).ThenBy(static entry => entry.Key.Item2, StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $"{name} {mac} {moment}\n");
            }

            WriteWhole(path, Encoding.UTF8.GetBytes(text.ToString()));
            _projects.Remove(entity.Project);
            return token;
        }
    }

    private string PathOf(string project) => Path.Combine(_folder, $"{project}.list");

    private byte[] Secret(bool mayMake)
    {
        if (_secret is not null)
        {
            return _secret;
        }

        var path = Path.Combine(_folder, SecretFile);
        if (!File.Exists(path))
        {
            // Another secret would forget every deletion there is.
            if (!mayMake || Directory.EnumerateFiles(_folder, "*.list").Any())
            {
                throw new FeatureException(FeatureError.CorruptData, $"There are deletions in '{_folder}' but not their secret, the file '{SecretFile}'; expected both. Restore it.");
            }

            WriteWhole(path, RandomNumberGenerator.GetBytes(SecretBytes));
        }

        var secret = File.ReadAllBytes(path);
        return _secret = secret.Length == SecretBytes
            ? secret
            : throw new FeatureException(FeatureError.CorruptData, $"'{path}' has {secret.Length} bytes; expected {SecretBytes}.");
    }

    private static Dictionary<(string Entity, string Token), long> Read(string path)
    {
        var lines = File.ReadAllLines(path);
        var entries = new Dictionary<(string, string), long>();
        for (var index = 1; index < lines.Length; index++)
        {
            if (lines[index].Split(' ') is not [var entity, { Length: 64 } token, var text] || !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var until))
            {
                throw new FeatureException(FeatureError.CorruptData, $"'{path}', line {index + 1}: expected ENTITY, 64 characters of hex and a time in microseconds.");
            }

            entries[(entity, token)] = until;
        }

        return lines.Length > 0 && lines[0] == "erasures 1"
            ? entries
            : throw new FeatureException(FeatureError.CorruptData, $"'{path}' is no list of deletions of format 1.");
    }

    private static void WriteWhole(string path, byte[] bytes)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
