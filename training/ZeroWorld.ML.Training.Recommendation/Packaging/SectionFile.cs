using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Named arrays in one file (docs/formats/recommender.md): float32, int32 and texts, little-endian.</summary>
/// <remarks>Not thread safe while it is filled.</remarks>
internal sealed class SectionFile
{
    internal const int Version = 1;
    private const int SectionsMax = 1024;
    private static readonly byte[] Magic = "ZWRECOM\0"u8.ToArray();
    private readonly SortedDictionary<string, Array> _sections;
    private readonly string _prefix;

    internal SectionFile()
        : this(new SortedDictionary<string, Array>(StringComparer.Ordinal), "")
    {
    }

    private SectionFile(SortedDictionary<string, Array> sections, string prefix)
    {
        (_sections, _prefix) = (sections, prefix);
    }

    /// <summary>The sections of a part, which this file holds as <c>PART/NAME</c>.</summary>
    internal SectionFile Within(string part) => new(_sections, $"{_prefix}{part}/");

    internal void Add(string name, ReadOnlySpan<float> values) => _sections.Add(_prefix + name, values.ToArray());

    internal void Add(string name, ReadOnlySpan<int> values) => _sections.Add(_prefix + name, values.ToArray());

    internal void Add(string name, IEnumerable<string> values) => _sections.Add(_prefix + name, values.ToArray());

    internal bool Has(string name) => _sections.ContainsKey(_prefix + name);

    internal float[] Floats(string name) => Get<float>(name);

    internal int[] Integers(string name) => Get<int>(name);

    internal string[] Texts(string name) => Get<string>(name);

    internal void Write(string path)
    {
        using var stream = File.Create(path);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(_sections.Count);
        foreach (var (name, values) in _sections)
        {
            writer.Write(name);
            writer.Write((byte)(values is float[] ? 1 : values is int[] ? 2 : 3));
            writer.Write(values.Length);
            switch (values)
            {
                case float[] floats:
                    writer.Write(MemoryMarshal.AsBytes<float>(floats));
                    break;
                case int[] integers:
                    writer.Write(MemoryMarshal.AsBytes<int>(integers));
                    break;
                default:
                    foreach (var text in (string[])values)
                    {
                        writer.Write(text);
                    }

                    break;
            }
        }
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.UnsuitableData"/>: not such a file, of another version, or cut off.</exception>
    internal static SectionFile Read(string path)
    {
        using var stream = File.OpenRead(path);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic))
            {
                throw Corrupt(path, "it does not begin as one");
            }

            var version = reader.ReadInt32();
            if (version != Version)
            {
                throw Corrupt(path, $"it is of version {version}, and this build reads {Version}");
            }

            var file = new SectionFile();
            var count = reader.ReadInt32();
            if (count is < 0 or > SectionsMax)
            {
                throw Corrupt(path, $"it declares {count} sections");
            }

            for (var section = 0; section < count; section++)
            {
                var name = reader.ReadString();
                var (kind, length) = (reader.ReadByte(), reader.ReadInt32());

                // Nothing is taken before it is known to be there: a text has at least its length byte.
                if (length < 0 || (long)length * (kind == 3 ? 1 : 4) > stream.Length - stream.Position || file.Has(name))
                {
                    throw Corrupt(path, $"the section '{name}' does not fit into it");
                }

                file._sections.Add(name, ReadSection(reader, kind, length, path));
            }

            return file;
        }
        catch (Exception exception) when (exception is EndOfStreamException or FormatException or DecoderFallbackException)
        {
            throw Corrupt(path, exception.Message);
        }
    }

    private static Array ReadSection(BinaryReader reader, byte kind, int length, string path)
    {
        switch (kind)
        {
            case 1:
                var floats = new float[length];
                reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(floats.AsSpan()));
                return floats;
            case 2:
                var integers = new int[length];
                reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(integers.AsSpan()));
                return integers;
            case 3:
                var texts = new string[length];
                for (var index = 0; index < length; index++)
                {
                    texts[index] = reader.ReadString();
                }

                return texts;
            default:
                throw Corrupt(path, $"a section is of the unknown kind {kind}");
        }
    }

    private static TrainingException Corrupt(string path, string reason) =>
        new(TrainingError.UnsuitableData, $"The recommender file '{Path.GetFileName(path)}' cannot be read: {reason}.");

    private T[] Get<T>(string name) => _sections.TryGetValue(_prefix + name, out var values) && values is T[] typed
        ? typed
        : throw new TrainingException(TrainingError.UnsuitableData, $"The recommender file has no section '{_prefix}{name}' of {typeof(T).Name}; expected one.");
}
