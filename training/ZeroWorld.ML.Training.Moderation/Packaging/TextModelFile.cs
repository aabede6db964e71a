using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>A text model as a file (docs/formats/text-model.md, versions 1 to 5): what scores content without a tensor in between.</summary>
public static class TextModelFile
{
    /// <summary>Its name in a package.</summary>
    public const string Name = "text-model.bin";

    private const uint Magic = 0x4D54_575A;
    private const int Version = 1;
    private const int CompactVersion = 2;
    private const int LexiconVersion = 3;
    private const int PriorsVersion = 4;
    private const int ChatVersion = 5;
    private const int HeaderBytesMax = 16 << 20;
    private const int DenseFloatsMax = 16 << 20;
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Writes the file; an existing one is replaced.</summary>
    /// <param name="isCompact">Weights of 16 bits, deflated (version 2): for models of many labels, a small part of the size. Scores differ from the fitted ones by what is rounded off.</param>
    /// <exception cref="ArgumentException">The model has a lexicon and the file would be compact, or it has priors and the file would not.</exception>
    public static void Write(string path, TextModel model, bool isCompact = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (isCompact && model.Lexicon is not null)
        {
            throw new ArgumentException("A model with a lexicon has no compact form; expected one or the other.", nameof(isCompact));
        }

        if (!isCompact && model.Priors is not null)
        {
            throw new ArgumentException("A model with priors has a compact form alone.", nameof(isCompact));
        }

        var weights = model.Weights;
        var header = new Header(
            model.Featurizer.Settings, model.Featurizer.Settings.Fingerprint, [.. model.Labels], model.IsExclusive, weights.Bias[..weights.Labels], [.. model.Calibration.Scales], [.. model.Calibration.Offsets],
            model.Priors is null ? null : new Priors([.. model.Priors.Logs], model.Priors.Whole, model.Priors.Gone));
        var text = JsonSerializer.SerializeToUtf8Bytes(header, Json);
        using var stream = File.Create(path);
        WriteNumbers(stream, Magic, (uint)VersionOf(model, isCompact), (uint)text.Length);
        stream.Write(text);
        if (model.Lexicon is not null)
        {
            LexiconFile.Write(stream, model.Lexicon);
        }

        var used = Enumerable.Range(0, weights.Size).Where(id => weights.HasRow(id) && weights.RowOf(id).ContainsAnyExcept(0f)).ToArray();
        WriteNumbers(stream, (uint)used.Length);
        if (isCompact)
        {
            CompactRows.Write(stream, weights, used);
            return;
        }

        foreach (var id in used)
        {
            WriteNumbers(stream, (uint)id);
            stream.Write(MemoryMarshal.AsBytes(weights.RowOf(id)));
        }
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the file is no text model of this version, or not whole; the message says where.</exception>
    public static TextModel Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw Invalid(path, "it does not exist");
        }

        try
        {
            using var stream = File.OpenRead(path);
            return Read(stream, path);
        }
        catch (EndOfStreamException exception)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"text model '{path}': it ends early; expected the whole file.", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"text model '{path}': it is damaged: {exception.Message}", exception);
        }
        catch (JsonException exception)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"text model '{path}': its header is no JSON of version {Version}: {JsonFault.Of(exception)}.", exception);
        }
    }

    private static TextModel Read(Stream stream, string path)
    {
        var (magic, version) = (ReadNumber(stream), ReadNumber(stream));
        if (magic != Magic || version is not (>= Version and <= ChatVersion))
        {
            throw Invalid(path, $"it does not begin as a text model of version {Version} to {ChatVersion}");
        }

        var length = ReadNumber(stream);
        if (length > HeaderBytesMax)
        {
            throw Invalid(path, $"its header has {length} bytes; expected at most {HeaderBytesMax}");
        }

        var text = new byte[length];
        stream.ReadExactly(text);
        var header = JsonSerializer.Deserialize<Header>(text, Json) ?? throw Invalid(path, "its header is null");
        var featurizer = new TextFeaturizer(header.Features);
        if (featurizer.Settings.Fingerprint != header.Fingerprint)
        {
            throw Invalid(path, $"its features are {header.Fingerprint}, this build makes {featurizer.Settings.Fingerprint} of the same settings: an operator has another version");
        }

        var columns = header.Bias.Length;
        if (header.Scales.Length != columns || header.Offsets.Length != columns || columns != (header.IsExclusive && header.Labels.Length == 2 ? 1 : header.Labels.Length) || columns == 0)
        {
            throw Invalid(path, $"it has {header.Labels.Length} labels, {columns} biases, {header.Scales.Length} scales and {header.Offsets.Length} offsets");
        }

        if ((header.Priors is not null) != (version == PriorsVersion) || (header.Priors is { } priors && !(priors.Logs.Length == columns && priors.Whole < priors.Gone)))
        {
            throw Invalid(path, $"it is of version {version} and has {header.Priors?.Logs.Length ?? 0} priors of {columns} labels, from {header.Priors?.Whole} to {header.Priors?.Gone}");
        }

        var lexicon = version is LexiconVersion or ChatVersion ? LexiconFile.Read(stream, version == ChatVersion) : null;
        var weights = ReadWeights(stream, path, featurizer.Size, columns, version is CompactVersion or PriorsVersion);
        header.Bias.CopyTo(weights.Bias, 0);
        return new TextModel(featurizer, header.Labels, header.IsExclusive, weights, new Calibration(header.Scales, header.Offsets)) 
        {
            Lexicon = lexicon,
            Priors = header.Priors is { } expected ? new TextPriors(expected.Logs, expected.Whole, expected.Gone) : null,
        };
    }

    private static LinearWeights ReadWeights(Stream stream, string path, int size, int columns, bool isCompact)
    {
        var rows = ReadNumber(stream);
        var rowBytes = sizeof(uint) + (columns * sizeof(float));
        var left = stream.Length - stream.Position;
        if (rows > size || (isCompact ? !CompactRows.CanHold(left, rows, columns) : rows * (long)rowBytes > left))
        {
            throw Invalid(path, $"it says {rows} rows of {rowBytes} bytes and has {left} bytes of them; expected at most {size} rows, all there");
        }

        // A large table of which few ids are used keeps no room for the others.
        var weights = rows < size / 2 && (long)size * columns > DenseFloatsMax ? new LinearWeights(size, columns, (int)rows) : new LinearWeights(size, columns);
        var last = -1L;
        Span<float> RowOf(long row, uint id)
        {
            if (id >= size || id <= last)
            {
                throw Invalid(path, $"row {row} is of the id {id}; expected less than {size}, and more than the id of the row before");
            }

            last = id;
            return weights.AddRow((int)id);
        }

        if (isCompact)
        {
            CompactRows.Read(stream, rows, columns, RowOf);
            return weights;
        }

        for (var row = 0L; row < rows; row++)
        {
            var id = ReadNumber(stream);
            stream.ReadExactly(MemoryMarshal.AsBytes(RowOf(row, id)));
        }

        return weights;
    }

    private static int VersionOf(TextModel model, bool isCompact) => model.Priors is not null ? PriorsVersion : isCompact ? CompactVersion
        : model.Lexicon is null ? Version : model.Lexicon.ReadsChat ? ChatVersion : LexiconVersion;

    private static void WriteNumbers(Stream stream, params ReadOnlySpan<uint> numbers)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (var number in numbers)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
            stream.Write(bytes);
        }
    }

    private static uint ReadNumber(Stream stream)
    {
        Span<byte> bytes = stackalloc byte[4];
        stream.ReadExactly(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    private static TrainingException Invalid(string path, string what) => new(TrainingError.InvalidInput, $"text model '{path}': {what}.");

    private sealed record Header(TextFeaturizerSettings Features, string Fingerprint, string[] Labels, bool IsExclusive, float[] Bias, float[] Scales, float[] Offsets, Priors? Priors = null);

    private sealed record Priors(float[] Logs, float Whole, float Gone);
}
